#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "side.h"

static long answer(long result) { return result < 0 ? -errno : result; }

static long kernel_open(int dir, const char *path, int flags, mode_t mode) { return answer(openat(dir, path, flags, mode)); }
static long kernel_close(int fd) { return answer(close(fd)); }
static long kernel_stat(int dir, const char *path, struct stat *status, int flags) { return answer(fstatat(dir, path, status, flags)); }
static long kernel_mkdir(int dir, const char *path, mode_t mode) { return answer(mkdirat(dir, path, mode)); }
static long kernel_mknod(int dir, const char *path, mode_t mode, dev_t device) { return answer(mknodat(dir, path, mode, device)); }
static long kernel_symlink(const char *target, int dir, const char *path) { return answer(symlinkat(target, dir, path)); }
static long kernel_link(int old_dir, const char *old, int new_dir, const char *new, int flags) { return answer(linkat(old_dir, old, new_dir, new, flags)); }
static long kernel_unlink(int dir, const char *path, int flags) { return answer(unlinkat(dir, path, flags)); }
static long kernel_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags) { return answer(renameat2(old_dir, old, new_dir, new, flags)); }
static long kernel_readlink(int dir, const char *path, char *buffer, size_t size) { return answer(readlinkat(dir, path, buffer, size)); }
static long kernel_chmod(int dir, const char *path, mode_t mode) { return answer(*path ? fchmodat(dir, path, mode, 0) : fchmod(dir, mode)); }
static long kernel_utimens(int dir, const char *path, const struct timespec times[2], int flags) {
    return answer(*path ? utimensat(dir, path, times, flags) : futimens(dir, times));
}
static long kernel_truncate(const char *path, off_t size) { return answer(truncate(path, size)); }
static long kernel_setxattr(int dir, const char *path, const char *name, const void *value, size_t size, int how) {
    return answer(*path ? lsetxattr(path, name, value, size, how) : fsetxattr(dir, name, value, size, how));
}
static long kernel_removexattr(int dir, const char *path, const char *name) { return answer(*path ? lremovexattr(path, name) : fremovexattr(dir, name)); }
static long kernel_getxattr(int dir, const char *path, const char *name, void *value, size_t size) {
    return answer(*path ? lgetxattr(path, name, value, size) : fgetxattr(dir, name, value, size));
}
/* Without what the core has left on its own upper, DIFFERENCES 8. */
static long kernel_listxattr(int dir, const char *path, char *names, size_t size) {
    long out = 0, got = answer(*path ? llistxattr(path, names, size) : flistxattr(dir, names, size));
    for (long at = 0; size && at < got;) {
        const size_t length = strlen(names + at) + 1;
        if (strncmp(names + at, "user.lichen.", 12) != 0) {
            memmove(names + out, names + at, length);
            out += (long)length;
        }
        at += (long)length;
    }
    return size && got > 0 ? out : got;
}
/* Without what DIFFERENCES 12 is about: no guest has character devices here, so they are whiteouts. */
static long kernel_getdents(int fd, void *buffer, size_t size) {
    long out, got;
    do {
        got = answer(syscall(SYS_getdents64, fd, buffer, size));
        out = 0;
        for (long at = 0; at < got;) {
            unsigned short length;
            char *entry = (char *)buffer + at;
            memcpy(&length, entry + 16, sizeof length);
            at += length;
            if (entry[18] == DT_CHR) continue;
            memmove((char *)buffer + out, entry, length);
            out += length;
        }
    } while (got > 0 && out == 0);
    return got < 0 ? got : out;
}
static void kernel_rewind(int fd) { lseek(fd, 0, SEEK_SET); }
static enum staleness kernel_staleness(int fd) { return (void)fd, FRESH; }

struct side *kernel_side(void) {
    static struct side side = {kernel_open,     kernel_close,    kernel_stat,     kernel_mkdir,       kernel_mknod,    kernel_symlink,   kernel_link,
                               kernel_unlink,   kernel_rename,   kernel_readlink, kernel_chmod,       kernel_utimens,  kernel_truncate,  kernel_setxattr,
                               kernel_removexattr, kernel_getxattr, kernel_listxattr, kernel_getdents, kernel_rewind, kernel_staleness};
    return &side;
}
