/* The image's owners as records of root emulation. */
#ifndef LICHEN_TRAP_OWNED_H
#define LICHEN_TRAP_OWNED_H

#include "launch.h"

/* Opens the side table of the plan's tree, root.table in the container directory, which is made where it is missing, and keeps the owners that are not kept yet: before anything is
   copied out of the tree. */
void owners_keep(const struct plan *plan);

/* What this program copies up in a union keeps its owner: `indexes` are those of the layers. */
void owners_kept_above(struct union_config *tree, const char *const *indexes);

#endif
