/* The engine's configuration (config.h): a file in the container's run directory, which every process of the guest maps. */
#ifndef LICHEN_TRAP_BLOCK_H
#define LICHEN_TRAP_BLOCK_H

#include "launch.h"

/* Writes it, and what it names: an empty cache, the place of book and side table. In the container directory. */
void block_write(struct launch *launch);
/* Maps that of a running container. */
void block_read(struct launch *launch, const char *path);

/* Makes it in a running container's as the plan of a change says (docs/FORMATS.md, 4): mounts, rules, variables. */
void block_change(struct launch *launch);

#endif
