/* A union as the root file system: layers that are only read, and one directory for what the container writes. */
#ifndef LICHEN_USERNS_UNION_H
#define LICHEN_USERNS_UNION_H

#include "plan.h"

/* What serves a union where the kernel cannot. */
#define UNION_SERVER "fuse-overlayfs"

/* The directories of a union, opened: by a descriptor the kernel is given any number of them, whatever is in their names. */
struct parts {
    int *lowers; /* highest first */
    size_t lower_count;
    int upper, work;
};

/* Mounts the plan's union over its upper directory, which is made if it is missing: by the kernel, or where that cannot, by fuse-overlayfs. An O_PATH descriptor of its
   root. In user and mount namespaces of our own (what serves through FUSE keeps that mount namespace, and we get another one), but still among the host's processes: there it stays, out
   of the guest's reach. */
int union_mount(const struct plan *plan);

/* The options that mount these parts; they hold where /proc/self/fd is the working directory. For mounting, and for tests. */
char *union_options(const struct parts *parts, const char *more);
/* Mounts on the directory `target`; false: errno, or for fuse-overlayfs that it has failed, and told why on stderr. */
bool union_by_kernel(const struct parts *parts, int target, bool once);
bool union_by_fuse(const struct parts *parts, int target, bool once);

#endif
