/* fuzz DIRECTORY SEED COUNT: random system calls with random arguments, good and bad, in an empty directory. Prints one line for each: what was called and what came of it. Run on
   the kernel and in a container it says the same, and it never dies where the kernel returns an error. Nothing here waits, forks or ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static uint64_t state;
static unsigned below(unsigned limit) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (unsigned)((state >> 20) % limit);
}

static const char *root;
static char paths[8][8400], buffer[70000];
static int tracing; /* with a fourth argument: what was asked, on stderr */

/* Mostly a path of few names, that are met again and again. */
static long path(void) {
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", ".", "..", "l", "new", ""};
    static int turn;
    char *at = paths[turn = (turn + 1) % 8], *const begin = at;
    unsigned how = below(100);
    if (how == 0) return 0;
    if (how == 1) return 8;
    if (how == 2) return -1;
    if (how == 3) return (long)"";
    if (how == 4) return (long)memset(strcpy(at, "x"), 'n', 256);
    if (how == 5) {
        memset(at, '/', 5000);
        at[5000] = 0;
        return (long)at;
    }
    if (how == 6) { /* the end of a page with nothing behind it */
        char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(page + 4096, 4096);
        memset(page + 4090, 'a', 6);
        return (long)page + 4090;
    }
    if (how < 60) at += sprintf(at, "%s/", root);
    for (unsigned i = 0, depth = 1 + below(3); i < depth; i++) at += sprintf(at, "%s%s", i ? "/" : "", NAMES[below(i || how < 60 ? 10 : 9)]);
    if (below(12) == 0) strcpy(at, "/");
    if (!*begin) strcpy(begin, "a");
    /* Not out of the directory, where others live. */
    int level = 0;
    for (char *part = begin + (how < 60 ? strlen(root) : 0), *next; *part; part = next) {
        while (*part == '/') part++;
        for (next = part; *next && *next != '/';) next++;
        if (next - part == 2 && !memcmp(part, "..", 2))
            level--;
        else if (next > part && !(next - part == 1 && *part == '.'))
            level++;
        if (level < 0) memcpy(part, "aa", 2), level = 1;
    }
    if (tracing) fprintf(stderr, "  path %s\n", begin);
    return (long)begin;
}

static int descriptors[6] = {-1, -1, -1, -1, -1, -1};
static long fd_number(void) {
    unsigned how = below(40);
    return how == 0 ? -1 : how == 1 ? 9999 : how == 2 ? 12345678 : descriptors[below(6)];
}
static long fd(void) {
    long number = fd_number();
    if (tracing) fprintf(stderr, "  fd %ld\n", number);
    return number;
}
static long directory(void) { return below(4) ? AT_FDCWD : fd(); }
static long memory(void) {
    unsigned how = below(30);
    return how == 0 ? 0 : how == 1 ? 16 : how == 2 ? -4096 : (long)buffer;
}
static long flags(const long *from, unsigned count) {
    long all = 0;
    for (unsigned i = 0; i < count; i++)
        if (below(4) == 0) all |= from[i];
    if (!below(60)) all |= 1L << below(31);
    if (tracing) fprintf(stderr, "  flags %lo\n", all);
    return all;
}
static const long OPEN[] = {O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_DIRECTORY, O_PATH, O_CLOEXEC, O_NONBLOCK};
static const long AT[] = {AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH};
#define FLAGS(array) flags(array, sizeof array / sizeof *array)

static void show_stat(const struct stat *s) {
    printf(" mode %o links %lu size %ld", s->st_mode, S_ISDIR(s->st_mode) ? 0ul : (unsigned long)s->st_nlink, S_ISREG(s->st_mode) ? (long)s->st_size : 0l);
}

/* A link's text may hold the directory's name, which differs from place to place. */
static long link_text(char *at) {
    static const char *const TEXTS[] = {"a", "b/c", "../a", "l", "nowhere", ".", "d/..", "c/"};
    if (below(3) == 0)
        sprintf(at, "%s/%s", root, TEXTS[below(8)]);
    else
        strcpy(at, TEXTS[below(8)]);
    /* Never out of it. */
    if (!strncmp(at, "..", 2)) strcpy(at, "./a");
    return (long)at;
}

static long times(void) {
    static struct timespec at[2];
    for (int i = 0; i < 2; i++) at[i] = (struct timespec){below(2000000000), below(10) ? below(1000000000) : below(3) ? UTIME_OMIT : 2000000000};
    return below(12) ? (long)at : below(2) ? 0 : 5;
}

static void one(int index) {
    static const char *const ATTRIBUTES[] = {"user.a", "user.b", "bad", "", "user.long"};
    static char text[4200], name[300];
    struct stat *s = (struct stat *)buffer;
    long r, a = 0;
    const char *what = "";
#define CALL(name, ...) (what = #name, errno = 0, r = syscall(SYS_##name, __VA_ARGS__))
    switch (below(44)) {
        case 0:
        case 1:
        case 2:
        case 3: {
            int slot = (int)below(6);
            if (descriptors[slot] >= 0) close(descriptors[slot]), descriptors[slot] = -1;
            CALL(openat, directory(), path(), (a = FLAGS(OPEN) | O_NONBLOCK), below(01000) | 0600);
            if (r >= 0) { /* a number that does not depend on what was opened before */
                descriptors[slot] = fcntl((int)r, F_DUPFD, 100 + slot * 20);
                close((int)r);
                r = 0;
            }
            break;
        }
        case 4:
            CALL(open, path(), (a = O_PATH | O_CLOEXEC), 0);
            if (r >= 0) close((int)r), r = 0;
            break;
        case 5:
            CALL(stat, path(), memory());
            if (!r) show_stat(s);
            break;
        case 6:
            CALL(lstat, path(), buffer);
            if (!r) show_stat(s);
            break;
        case 7:
        case 8:
            CALL(newfstatat, directory(), path(), memory(), FLAGS(AT));
            if (!r) show_stat(s);
            break;
        case 9:
            CALL(fstat, fd(), memory());
            if (!r) show_stat(s);
            break;
        case 10: CALL(statx, directory(), path(), FLAGS(AT), 0x7ff, buffer); break;
        case 11: CALL(access, path(), below(9)); break;
        case 12: CALL(faccessat2, directory(), path(), below(8), below(3) ? 0 : FLAGS(AT)); break;
        case 13:
            CALL(readlink, path(), memory(), below(20) ? 4096 : 0);
            if (r > 0) r = 1;
            break;
        case 14: CALL(mkdir, path(), below(01000) | 0700); break;
        case 15:
        case 16: CALL(mkdirat, directory(), path(), below(01000) | 0700); break;
        case 17: CALL(rmdir, path()); break;
        case 18:
        case 19: CALL(unlinkat, directory(), path(), below(3) ? below(2) * AT_REMOVEDIR : (long)below(0x400)); break;
        case 20:
        case 21: CALL(renameat2, directory(), path(), directory(), path(), below(3) ? 0 : (long)below(4)); break;
        case 22:
        case 23: CALL(linkat, directory(), path(), directory(), path(), below(3) ? 0 : AT_SYMLINK_FOLLOW); break;
        case 24:
        case 25: CALL(symlinkat, below(10) ? link_text(text) : path(), directory(), path()); break;
        case 26: CALL(mknodat, directory(), path(), (below(2) ? S_IFIFO : below(2) ? S_IFREG : (unsigned)S_IFSOCK) | 0644, 0); break;
        case 27: CALL(chmod, path(), below(01000) | 0700); break;
        case 28: CALL(fchmod, fd(), below(01000) | 0700); break;
        case 29: CALL(fchmodat, directory(), path(), below(01000) | 0700); break;
        case 30: CALL(utimensat, directory(), path(), times(), below(4) ? 0 : FLAGS(AT)); break;
        case 31: CALL(truncate, path(), below(20) ? (long)below(100000) : -1); break;
        case 32: CALL(setxattr, path(), strcpy(name, ATTRIBUTES[below(5)]), memory(), below(10) ? below(100) : 100000, below(4)); break;
        case 33: CALL(lgetxattr, path(), strcpy(name, ATTRIBUTES[below(5)]), memory(), below(4) ? 65536 : below(50)); break;
        case 34: CALL(removexattr, path(), strcpy(name, ATTRIBUTES[below(5)])); break;
        case 35: CALL(chdir, below(3) ? (long)root : path()); break;
        case 36:
            CALL(getcwd, memory(), below(10) ? 4096 : 2);
            if (r > 0) r = 1;
            break;
        case 37:
            CALL(getdents64, fd(), buffer, 32768);
            if (r > 0) r = 1;
            break;
        case 38: CALL(write, fd(), buffer, below(1000)); break;
        case 39: CALL(lseek, fd(), below(100), below(3)); break;
        case 40: {
            struct open_how how = {.flags = (uint64_t)(FLAGS(OPEN) | O_NONBLOCK), .mode = below(3) ? 0 : 0644};
            CALL(openat2, directory(), path(), &how, below(8) ? sizeof how : 3);
            if (r >= 0) close((int)r), r = 0;
            break;
        }
        case 41: CALL(rt_sigaction, below(70), below(3) ? 0 : memory() == 0 ? 0 : 3, 0, below(5) ? 8 : 4); break;
        case 42: CALL(execve, path(), 7, 9); break;
        default: CALL(statfs, path(), memory()); break;
    }
    /* What is wrong in two ways may be told in either. */
    static const char TWO[] = "renameat2 linkat removexattr execve";
    if (r < 0 && strstr(TWO, what) &&
        (errno == ENAMETOOLONG || errno == EBUSY || errno == EISDIR || errno == ENOTDIR || errno == EINVAL || errno == EBADF || errno == EACCES || errno == ENODATA || errno == ENOENT || errno == EFAULT || errno == ETXTBSY ||
         errno == EOPNOTSUPP))
        errno = EREMOTE;
    if (tracing) fprintf(stderr, "%d %s %s\n", index, what, r < 0 ? strerrorname_np(errno) : "good");
    if (r < 0)
        printf("%d %s %s\n", index, what, strerrorname_np(errno));
    else
        printf("%d %s = %ld\n", index, what, r);
}

int main(int count, char **arguments) {
    if (count < 4) return 2;
    root = arguments[1];
    state = (strtoull(arguments[2], NULL, 10) + 1) * 0x9e3779b97f4a7c15u;
    tracing = count > 4;
    umask(022);
    /* Links and `..` may lead some levels up: into directories that are ours too. */
    static char deep[4096];
    strcpy(deep, root);
    for (int i = 0; i < 6; i++) strcat(deep, "/up"), mkdir(deep, 0700);
    root = deep;
    if (chdir(root)) return 3;
    for (int i = 0, n = atoi(arguments[3]); i < n; i++) one(i);
    return 0;
}
