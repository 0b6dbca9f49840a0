/* The calls of a guest as a launcher would make them of the core's: it keeps the snapshot and the position of each open directory. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "side.h"

enum { MOST_FDS = 1024 };

static const struct union_config *u;
static struct union_place place, other;
static struct listing {
    struct union_list list;
    uint64_t position;
    bool merged;
} listings[MOST_FDS];

static void forget(int fd) {
    if (fd < 0 || fd >= MOST_FDS) return;
    free(listings[fd].list.memory);
    listings[fd] = (struct listing){0};
}

static long core_open(int dir, const char *path, int flags, mode_t mode) {
    long fd = union_open(u, &place, dir, path, flags, mode);
    forget((int)fd);
    return fd;
}
static long core_close(int fd) {
    forget(fd);
    return close(fd) < 0 ? -errno : 0;
}
static long core_stat(int dir, const char *path, struct stat *status, int flags) {
    struct union_status have;
    _Static_assert(sizeof have == sizeof *status, "the kernel's layout is the C library's");
    long result = union_stat(u, &place, dir, path, flags, &have);
    if (result == 0) memcpy(status, &have, sizeof have);
    return result;
}
static long core_mkdir(int dir, const char *path, mode_t mode) { return union_mkdir(u, &place, dir, path, mode); }
static long core_mknod(int dir, const char *path, mode_t mode, dev_t device) { return union_mknod(u, &place, dir, path, mode, device); }
static long core_symlink(const char *target, int dir, const char *path) { return union_symlink(u, &place, target, dir, path); }
static long core_link(int old_dir, const char *old, int new_dir, const char *new, int flags) { return union_link(u, &place, old_dir, old, &other, new_dir, new, flags); }
static long core_unlink(int dir, const char *path, int flags) { return union_unlink(u, &place, dir, path, flags); }
static long core_rename(int old_dir, const char *old, int new_dir, const char *new, unsigned flags) {
    return union_rename(u, &place, old_dir, old, &other, new_dir, new, flags);
}
static long core_readlink(int dir, const char *path, char *buffer, size_t size) { return union_readlink(u, &place, dir, path, buffer, size); }
static int empty(const char *path) { return *path ? 0 : AT_EMPTY_PATH; }
/* What calls on descriptors look at before all else, and whoever answers for the kernel with them. */
static bool is_path_only(int fd, const char *path) { return !*path && fcntl(fd, F_GETFL) & O_PATH; }
static long core_chmod(int dir, const char *path, mode_t mode) {
    if (is_path_only(dir, path)) return -EBADF;
    return union_chmod(u, &place, dir, path, mode, empty(path));
}
static long core_utimens(int dir, const char *path, const struct timespec times[2], int flags) {
    if (is_path_only(dir, path)) return -EBADF;
    const struct union_time have[2] = {{times[0].tv_sec, times[0].tv_nsec}, {times[1].tv_sec, times[1].tv_nsec}};
    return union_utimens(u, &place, dir, path, have, flags | empty(path));
}
static long core_truncate(const char *path, off_t size) { return union_truncate(u, &place, AT_FDCWD, path, size); }
static long core_setxattr(int dir, const char *path, const char *name, const void *value, size_t size, int how) {
    if (is_path_only(dir, path)) return -EBADF;
    return union_setxattr(u, &place, dir, path, name, value, size, how, AT_SYMLINK_NOFOLLOW | empty(path));
}
static long core_removexattr(int dir, const char *path, const char *name) {
    if (is_path_only(dir, path)) return -EBADF;
    return union_removexattr(u, &place, dir, path, name, AT_SYMLINK_NOFOLLOW | empty(path));
}
static long core_getxattr(int dir, const char *path, const char *name, void *value, size_t size) {
    if (is_path_only(dir, path)) return -EBADF;
    return union_getxattr(u, &place, dir, path, name, value, size, AT_SYMLINK_NOFOLLOW | empty(path));
}
static long core_listxattr(int dir, const char *path, char *names, size_t size) {
    if (is_path_only(dir, path)) return -EBADF;
    return union_listxattr(u, &place, dir, path, names, size, AT_SYMLINK_NOFOLLOW | empty(path));
}

static long list_again(int fd, struct listing *listing) {
    long result = union_merged(u, &place, fd);
    if (result < 0) return result;
    listing->merged = result;
    if (!listing->merged) return 0;
    do {
        listing->list.size = listing->list.size ? listing->list.size * 2 : 2048;
        free(listing->list.memory);
        CHECK((listing->list.memory = malloc(listing->list.size)));
        result = union_list(u, &place, fd, &listing->list);
    } while (result == -ENOSPC);
    return result;
}

static long core_getdents(int fd, void *buffer, size_t size) {
    struct listing *listing = &listings[fd];
    long result = is_path_only(fd, "") ? -EBADF : 0;
    if (result < 0) return result;
    if (listing->position == 0) result = list_again(fd, listing);
    if (result < 0) return result;
    if (!listing->merged) {
        do {
            long got = syscall(SYS_getdents64, fd, buffer, size);
            if (got <= 0) return got < 0 ? -errno : 0;
            listing->position = 1;
            result = union_filter(u, &place, fd, buffer, (size_t)got);
        } while (result == 0);
        return result;
    }
    result = union_list_read(&listing->list, listing->position, buffer, size);
    for (long at = 0; at < result;) {
        uint64_t next;
        uint16_t length;
        memcpy(&next, (char *)buffer + at + 8, sizeof next);
        memcpy(&length, (char *)buffer + at + 16, sizeof length);
        listing->position = next;
        at += length;
    }
    return result;
}
static void core_rewind(int fd) {
    lseek(fd, 0, SEEK_SET);
    forget(fd);
}

static enum staleness core_staleness(int fd) {
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) return FRESH;
    if (S_ISFIFO(status.st_mode) && status.st_nlink == 0) return GONE; /* 7: the kernel's may be a lower's */
    for (unsigned i = 1; i < u->layer_count; i++) {
        char name[64], target[9000];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(name, target, sizeof target);
        if (size > (ssize_t)u->layers[i].size && !memcmp(target, u->layers[i].host, u->layers[i].size) && target[u->layers[i].size] == '/') {
            long result = union_behind(u, &place, fd);
            union_release(&place);
            return result < 0 ? GONE : place.layer == 0 ? COPIED : FRESH;
        }
    }
    return FRESH;
}

struct side *core_side(const struct union_config *config) {
    static struct side side = {core_open,   core_close,  core_stat,     core_mkdir,   core_mknod,    core_symlink,    core_link,     core_unlink,   core_rename, core_readlink,
                               core_chmod,  core_utimens, core_truncate, core_setxattr, core_removexattr, core_getxattr, core_listxattr, core_getdents, core_rewind, core_staleness};
    u = config;
    for (int fd = 0; fd < MOST_FDS; fd++) forget(fd);
    return &side;
}
