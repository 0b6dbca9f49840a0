/* Real owners of a merged root file system, with identity `ranges`. */
#ifndef LICHEN_USERNS_OWNERS_H
#define LICHEN_USERNS_OWNERS_H

#include "base.h"

/* Applies a list of `UID GID MODE(octal) PATH NUL` entries to the tree below `root`, once: the list is renamed to LIST.applied afterwards. A list that is not there has been
   applied. Links are never followed. As root of the user namespace, in the container directory. */
void owners_apply(int root, const char *list);

#endif
