/* Functions of libc that come to one system call. */
#include "library.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>

#define FORWARD(name, number)                                                       \
    long plain_##name(long a, long b, long c, long d, long e, long f) EXPORTED(#name); \
    long plain_##name(long a, long b, long c, long d, long e, long f) { return told(CALL(number, a, b, c, d, e, f)); }
#define CANCELLABLE(name, number)                                                   \
    long plain_##name(long a, long b, long c, long d, long e, long f) EXPORTED(#name); \
    long plain_##name(long a, long b, long c, long d, long e, long f) { return told(CALL_CANCELLABLE(number, a, b, c, d, e, f)); }
#include "symbols.def"

enum { EACCESS = 0x200 };
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 /* Linux 6.6 */
#endif

/* ---- before glibc 2.33 */

#define OLD_STAT(name, ...)                                             \
    int old_##name(int version, __VA_ARGS__) EXPORTED("__" #name); \
    ALSO(__##name##64, __##name);                                     \
    int old_##name(int version, __VA_ARGS__)
OLD_STAT(xstat, const char *path, struct stat *status) { return (void)version, (int)told(CALL(stat, path, status)); }
OLD_STAT(lxstat, const char *path, struct stat *status) { return (void)version, (int)told(CALL(lstat, path, status)); }
OLD_STAT(fxstat, int fd, struct stat *status) { return (void)version, (int)told(CALL(fstat, fd, status)); }
OLD_STAT(fxstatat, int dir, const char *path, struct stat *status, int flags) { return (void)version, (int)told(CALL(newfstatat, dir, path, status, flags)); }

int old_xmknod(int version, const char *path, mode_t mode, dev_t *device) EXPORTED("__xmknod");
int old_xmknod(int version, const char *path, mode_t mode, dev_t *device) { return (void)version, (int)told(CALL(mknod, path, mode, *device)); }
int old_xmknodat(int version, int dir, const char *path, mode_t mode, dev_t *device) EXPORTED("__xmknodat");
int old_xmknodat(int version, int dir, const char *path, mode_t mode, dev_t *device) { return (void)version, (int)told(CALL(mknodat, dir, path, mode, *device)); }

/* ---- */

int lib_mkfifo(const char *path, mode_t mode) EXPORTED("mkfifo");
int lib_mkfifo(const char *path, mode_t mode) { return (int)told(CALL(mknod, path, mode | S_IFIFO, 0)); }
int lib_mkfifoat(int dir, const char *path, mode_t mode) EXPORTED("mkfifoat");
int lib_mkfifoat(int dir, const char *path, mode_t mode) { return (int)told(CALL(mknodat, dir, path, mode | S_IFIFO, 0)); }

int lib_eaccess(const char *path, int mode) EXPORTED("eaccess");
ALSO(euidaccess, eaccess);
int lib_eaccess(const char *path, int mode) { return (int)told(CALL(faccessat2, AT_FDCWD, path, mode, EACCESS)); }

int lib_remove(const char *path) EXPORTED("remove");
int lib_remove(const char *path) {
    const long result = CALL(unlink, path);
    return (int)told(result == -EISDIR ? CALL(rmdir, path) : result);
}

int lib_lchmod(const char *path, mode_t mode) EXPORTED("lchmod");
int lib_lchmod(const char *path, mode_t mode) { return (int)told(CALL(fchmodat2, AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW)); }
int lib_fchmodat(int dir, const char *path, mode_t mode, int flags) EXPORTED("fchmodat");
int lib_fchmodat(int dir, const char *path, mode_t mode, int flags) { return (int)told(CALL(fchmodat2, dir, path, mode, flags)); }

static void times_of(struct timespec to[2], const struct timeval *from) {
    for (int i = 0; from && i < 2; i++) to[i] = (struct timespec){from[i].tv_sec, from[i].tv_usec * 1000};
}
int lib_lutimes(const char *path, const struct timeval *times) EXPORTED("lutimes");
int lib_lutimes(const char *path, const struct timeval *times) {
    struct timespec exact[2];
    times_of(exact, times);
    return (int)told(CALL(utimensat, AT_FDCWD, path, times ? exact : NULL, AT_SYMLINK_NOFOLLOW));
}
int lib_futimes(int fd, const struct timeval *times) EXPORTED("futimes");
int lib_futimes(int fd, const struct timeval *times) {
    struct timespec exact[2];
    times_of(exact, times);
    return (int)told(CALL(utimensat, fd, NULL, times ? exact : NULL, 0));
}
int lib_futimesat(int dir, const char *path, const struct timeval *times) EXPORTED("futimesat");
int lib_futimesat(int dir, const char *path, const struct timeval *times) {
    return (int)told(path ? CALL(futimesat, dir, path, times) : lib_futimes(dir, times));
}
int lib_futimens(int fd, const struct timespec *times) EXPORTED("futimens");
int lib_futimens(int fd, const struct timespec *times) { return (int)told(CALL(utimensat, fd, NULL, times, 0)); }

int lib_seteuid(uid_t uid) EXPORTED("seteuid");
int lib_seteuid(uid_t uid) { return (int)told(CALL(setresuid, -1, uid, -1)); }
int lib_setegid(gid_t gid) EXPORTED("setegid");
int lib_setegid(gid_t gid) { return (int)told(CALL(setresgid, -1, gid, -1)); }

long lib_recvfrom_chk(int fd, void *buffer, size_t size, size_t room, int flags, void *address, void *address_size) EXPORTED("__recvfrom_chk");
long lib_recvfrom_chk(int fd, void *buffer, size_t size, size_t room, int flags, void *address, void *address_size) {
    return told(CALL_CANCELLABLE(recvfrom, fd, buffer, size < room ? size : room, flags, address, address_size));
}

/* Each message by itself, for the kernel's own call would take their addresses as the host's. */
struct messages {
    struct message_head {
        void *name;
        uint32_t name_size;
        void *vectors;
        size_t vector_count;
        void *control;
        size_t control_size;
        int flags;
    } head;
    unsigned size;
};
int lib_sendmmsg(int fd, struct messages *messages, unsigned count, int flags) EXPORTED("sendmmsg");
int lib_sendmmsg(int fd, struct messages *messages, unsigned count, int flags) {
    for (unsigned i = 0; i < count; i++) {
        const long result = i ? CALL(sendmsg, fd, &messages[i].head, flags) : CALL_CANCELLABLE(sendmsg, fd, &messages[i].head, flags);
        if (result < 0) return i ? (int)i : (int)told(result);
        messages[i].size = (unsigned)result;
    }
    return (int)count;
}

/* ---- statvfs: as libc makes it of statfs */

static void make_statvfs(struct statvfs *to, const struct statfs *from) {
    bytes_zero(to, sizeof *to);
    to->f_bsize = (unsigned long)from->f_bsize;
    to->f_frsize = (unsigned long)(from->f_frsize ? from->f_frsize : from->f_bsize);
    to->f_blocks = from->f_blocks, to->f_bfree = from->f_bfree, to->f_bavail = from->f_bavail;
    to->f_files = from->f_files, to->f_ffree = to->f_favail = from->f_ffree;
    to->f_fsid = (unsigned long)(unsigned)from->f_fsid.__val[0] | (unsigned long)(unsigned)from->f_fsid.__val[1] << 32;
    to->f_flag = (unsigned long)from->f_flags & ~0x20ul; /* what says that the flags are valid */
    to->f_namemax = (unsigned long)from->f_namelen;
}
int lib_statvfs(const char *path, struct statvfs *to) EXPORTED("statvfs");
ALSO(statvfs64, statvfs);
int lib_statvfs(const char *path, struct statvfs *to) {
    struct statfs from;
    const int result = (int)told(CALL(statfs, path, &from));
    if (result == 0) make_statvfs(to, &from);
    return result;
}

typedef long pathconf_function(int fd, int name);
long lib_pathconf(const char *path, int name) EXPORTED("pathconf");
long lib_pathconf(const char *path, int name) {
    const long fd = told(CALL(open, path, O_PATH | O_CLOEXEC));
    if (fd < 0) return fd;
    const long result = LIBC(pathconf_function, fpathconf)((int)fd, name);
    SYS(close, fd);
    return result;
}
