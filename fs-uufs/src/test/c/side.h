/* One of the two sides of the model test: the guest's system calls, on the kernel's overlayfs or on the core. All answer >= 0 or -errno. */
#ifndef LICHEN_SIDE_H
#define LICHEN_SIDE_H

#include "tree.h"

struct side {
    long (*open)(int dir, const char *path, int flags, mode_t mode);
    long (*close)(int fd);
    long (*stat)(int dir, const char *path, struct stat *status, int flags);
    long (*mkdir)(int dir, const char *path, mode_t mode);
    long (*mknod)(int dir, const char *path, mode_t mode, dev_t device);
    long (*symlink)(const char *target, int dir, const char *path);
    long (*link)(int old_dir, const char *old, int new_dir, const char *new, int flags);
    long (*unlink)(int dir, const char *path, int flags);
    long (*rename)(int old_dir, const char *old, int new_dir, const char *new, unsigned flags);
    long (*readlink)(int dir, const char *path, char *buffer, size_t size);
    long (*chmod)(int dir, const char *path, mode_t mode); /* an empty path: of the descriptor; so below */
    long (*utimens)(int dir, const char *path, const struct timespec times[2], int flags);
    long (*truncate)(const char *path, off_t size);
    long (*setxattr)(int dir, const char *path, const char *name, const void *value, size_t size, int how);
    long (*removexattr)(int dir, const char *path, const char *name);
    long (*getxattr)(int dir, const char *path, const char *name, void *value, size_t size);
    long (*listxattr)(int dir, const char *path, char *names, size_t size);
    long (*getdents)(int fd, void *buffer, size_t size);
    void (*rewind)(int fd);
    /* A descriptor of a lower file that is not what its path shows any more. COPIED: reading shows the lower, DIFFERENCES 1; GONE: a change is lost as well, 2. */
    enum staleness { FRESH, COPIED, GONE } (*staleness)(int fd);
};

struct side *kernel_side(void); /* in a process whose root is the mounted overlay */
struct side *core_side(const struct union_config *u);

#endif
