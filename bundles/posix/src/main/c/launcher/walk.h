/* Paths inside the new root: no symbolic link, `..` or mount of an image leads outside. Used after the root is mounted, before pivot_root. */
#ifndef LICHEN_LAUNCHER_WALK_H
#define LICHEN_LAUNCHER_WALK_H

#include "base.h"

enum walk_make { WALK_EXISTING, WALK_MAKE_DIRECTORY, WALK_MAKE_FILE };

/* An O_PATH descriptor of `guest_path` as seen with `root` as the root directory, or -1 and errno. Final links are followed. What is missing is made, where asked:
   also the target of a dangling link. */
int walk_open(int root, const char *guest_path, enum walk_make make);

/* An O_PATH descriptor of the file itself, also when it is a link; what leads to it are directories of the tree and never links. -1: errno. */
int walk_plain(int root, const char *path);

/* The walk that is used where the kernel has no openat2 or something is to be made; for tests. */
int walk_slowly(int root, const char *guest_path, enum walk_make make);

#endif
