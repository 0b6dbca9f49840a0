/* Real owners of a merged root file system, with identity `ranges`. */
#ifndef LICHEN_USERNS_OWNERS_H
#define LICHEN_USERNS_OWNERS_H

#include "base.h"

/* Applies a list of owners (ownerlist.h) to the tree below `root`, for real: as root of the user namespace, in the container directory. */
void owners_apply(int root, const char *list);

#endif
