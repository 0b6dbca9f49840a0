/* File systems that a program of the host serves through /dev/fuse. */
#ifndef LICHEN_USERNS_FUSE_H
#define LICHEN_USERNS_FUSE_H

#include "base.h"

/* Is the program there, and the device it needs? */
bool fuse_present(const char *program);
/* Runs argv[0] in the directory `where`, with the descriptors `kept` (ends with -1) under their numbers, until a file system of its own lies on the directory `target`; NULL, or why it has ended,
   to be freed. It stays among the host's processes, in the mount namespace that we have now, and ends with our parent. */
char *fuse_mount(char *const *argv, const char *where, const int *kept, int target);

#endif
