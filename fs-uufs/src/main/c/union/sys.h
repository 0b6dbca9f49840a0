/* System calls, and what the headers of the C library would tell about them. */
#ifndef LICHEN_UNION_SYS_H
#define LICHEN_UNION_SYS_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <linux/stat.h>

#include "syscalls.h"
#include "union.h"

/* From headers of the C library's, which cannot be had here. */
enum { SYS_LOCK_EX = 2, SYS_LOCK_UN = 8, SYS_CLOCK_MONOTONIC = 1, SYS_PROT_RW = 3, SYS_MAP_SCRATCH = 0x22, SYS_DT_CHR = 2, SYS_DT_DIR = 4, SYS_DT_REG = 8 };

/* A record of getdents64. */
struct sys_entry {
    uint64_t ino;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

static inline bool is_directory(const struct union_status *status) { return S_ISDIR(status->mode); }
static inline bool is_link(const struct union_status *status) { return S_ISLNK(status->mode); }
static inline bool is_file(const struct union_status *status) { return S_ISREG(status->mode); }

static inline long sys_stat(int dir, const char *path, struct union_status *status, int flags) { return SYS(newfstatat, dir, path, status, flags); }
static inline long sys_fstat(int fd, struct union_status *status) { return SYS(fstat, fd, status); }
/* Also of a directory that is no more. */
static inline bool is_directory_fd(int fd) {
    struct union_status status;
    return fd == AT_FDCWD || (sys_fstat(fd, &status) == 0 && is_directory(&status));
}
static inline long sys_openat(int dir, const char *path, int flags, unsigned mode) { return SYS(openat, dir, path, flags | O_LARGEFILE, mode); }
/* To read something of a layer without changing its access time. Only its owner may ask for that. */
static inline long sys_open_quietly(int dir, const char *path, int flags) {
    const long fd = sys_openat(dir, path, flags | O_NOATIME, 0);
    return fd == -EPERM ? sys_openat(dir, path, flags, 0) : fd;
}
static inline void sys_close(long fd) {
    if (fd >= 0) SYS(close, fd);
}

#endif
