/* Files with several names: which have been copied already. */
#ifndef LICHEN_LINKS_H
#define LICHEN_LINKS_H

#include "base.h"

/* Makes the file `name` of `directory`, which is `path` in the new tree, for inode `inode` of layer number `layer`.
 * Its first name is made as a new empty file, whose descriptor is returned for the content; any other becomes a link to it: -1. -2: errno.
 * Safe from several threads. */
int links_make(int root, size_t layer, uint64_t inode, int directory, const char *name, const char *path, mode_t mode);

#endif
