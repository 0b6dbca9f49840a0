/* Identity `full`: namespaces isolate, and ids and owners are emulated by an engine in the guest's own processes. It comes with a program that is not ours; docs/FORMATS.md, 4, says how it
   is called. */
#ifndef LICHEN_USERNS_EMULATION_H
#define LICHEN_USERNS_EMULATION_H

#include "guest.h"
#include "mounts.h"

/* Before any namespace is made: the image's owners become records in the container directory. */
void emulation_keep(const struct launch *launch);
/* In the new root, when all else is mounted: the programs, and the table of records, at a place that they have for themselves. */
void emulation_place(struct tree *tree);
/* The last step, in the place of the guest's program, which it executes. */
_Noreturn void emulation_run(const struct launch *launch);

/* In the container: tells it what has been mounted, or is not any more. false: it has told why it cannot be. */
bool emulation_changed(const struct launch *launch);

#endif
