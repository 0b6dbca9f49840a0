/* Changing and reading attributes. */
#include "inner.h"

/* A descriptor is changed itself, unless it is a lower's. */
static long change_fd(const struct union_config *u, struct union_place *place, int fd) {
    long result = stands_for(u, place, fd);
    if (result < 0 && result != -ENOENT && result != -EXDEV) return result;
    const bool known = result == 0;
    if (known && (place->bind >= 0 ? u->binds[place->bind].read_only : !u->writable)) return -EROFS;
    if (!known || place->bind >= 0 || place->layer == UPPER) return SYS(fcntl, fd, F_DUPFD_CLOEXEC, 0);
    result = resolve_fd(u, place, fd);
    if (result == -ENOENT) return -ESTALE;
    if (result == 0) result = copy_up(u, place, false);
    return result < 0 ? result : open_object(u, place, OPEN_PATH);
}

static long change_path(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags) {
    long result = resolve(u, place, dir, path, (flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U));
    if (result < 0) return result;
    if (place->magic) return sys_openat(place->dir, place->path, O_PATH | O_CLOEXEC, 0);
    if (place->bind >= 0 ? u->binds[place->bind].read_only : !u->writable) return -EROFS;
    result = copy_up(u, place, false);
    return result < 0 ? result : open_object(u, place, OPEN_PATH);
}

long union_change(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags) {
    long result;
    int tries = 0;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    do {
        place->dir = AT_FDCWD;
        place->lock = -1;
        result = flags & AT_EMPTY_PATH && !*path && dir != AT_FDCWD ? change_fd(u, place, dir) : change_path(u, place, dir, path, flags);
        union_release(place);
    } while (is_moved(&result, &tries));
    return result;
}

/* As union_change(), but with the descriptor's name. What changes a file that is hidden changes nothing that could be seen. 1: such a file. */
static long change(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, char name[UNION_FD_NAME], long *fd) {
    *fd = union_change(u, place, dir, path, flags);
    if (*fd == -ESTALE) return 1;
    if (*fd < 0) return *fd;
    union_name_of_fd((int)*fd, name);
    return 0;
}

static long finish(long result, long fd) {
    sys_close(fd);
    return result == 1 ? 0 : result;
}

long union_chmod(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode, int flags) {
    char name[UNION_FD_NAME];
    long fd, result = change(u, place, dir, path, flags, name, &fd);
    if (result == 0) result = SYS(fchmodat, AT_FDCWD, name, mode);
    return finish(result, fd);
}

long union_utimens(const struct union_config *u, struct union_place *place, int dir, const char *path, const struct union_time times[2], int flags) {
    char name[UNION_FD_NAME];
    long fd, result = change(u, place, dir, path, flags, name, &fd);
    if (result == 0) result = SYS(utimensat, AT_FDCWD, name, times, 0);
    return finish(result, fd);
}

long union_truncate(const struct union_config *u, struct union_place *place, int dir, const char *path, int64_t size) {
    char name[UNION_FD_NAME];
    long fd = -1, result;
    if (size < 0) return -EINVAL;
    result = union_resolve(u, place, dir, path, 0);
    union_release(place);
    if (result == 0 && !is_file(&place->status)) result = is_directory(&place->status) ? -EISDIR : -EINVAL;
    if (result == 0) result = change(u, place, dir, path, 0, name, &fd);
    if (result == 0) result = SYS(truncate, name, size);
    return finish(result, fd);
}

enum { ATTRIBUTE_NAME = XATTR_NAME_MAX + 1 };
#define OWN "user.overlay."
#define ESCAPE "overlay."
#define HIDDEN "user.lichen."

/* As overlayfs does since Linux 6.7: a guest's user.overlay.NAME is user.overlay.overlay.NAME on disk. A single plain tree has no such names of its own. */
static long attribute_on_disk(const struct union_config *u, const char *name, char disk[ATTRIBUTE_NAME]) {
    const size_t size = text_size(name), skip = sizeof OWN - 1, extra = sizeof ESCAPE - 1;
    if (size == 0 || size > XATTR_NAME_MAX) return -ERANGE;
    if (begins(name, size, HIDDEN)) return -EPERM;
    const bool own = begins(name, size, OWN) && u->layers[UPPER].encoding != UNION_PLAIN;
    if (own && size + extra > XATTR_NAME_MAX) return -EOPNOTSUPP;
    char *end = own ? put_text(put_text(disk, OWN), ESCAPE) : disk;
    put_text(end, own ? name + skip : name);
    return 0;
}

long union_setxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, const void *value, size_t size, int how, int flags) {
    char disk[ATTRIBUTE_NAME], fd_name[UNION_FD_NAME];
    long fd, result = attribute_on_disk(u, name, disk);
    if (result < 0) return result;
    result = change(u, place, dir, path, flags, fd_name, &fd);
    if (result == 0) result = SYS(setxattr, fd_name, disk, value, size, how);
    return finish(result, fd);
}

long union_removexattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, int flags) {
    char disk[ATTRIBUTE_NAME], fd_name[UNION_FD_NAME];
    long fd, result = attribute_on_disk(u, name, disk);
    if (result == 0 || result == -EPERM) result = union_getxattr(u, place, dir, path, name, NULL, 0, flags); /* nothing is copied up for what is not there */
    if (result == -ENODATA && begins(name, text_size(name), "user.") && !is_file(&place->status) && !is_directory(&place->status)) return -EPERM; /* as the kernel */
    if (result < 0) return result;
    result = change(u, place, dir, path, flags, fd_name, &fd);
    if (result == 0) result = SYS(removexattr, fd_name, disk);
    return finish(result, fd);
}

/* Where attributes are read: at the path, or, where no path leads to a descriptor any more, at the descriptor, whose name goes to `name`. */
static long find_readable(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, char name[UNION_FD_NAME], struct spot *spot) {
    long result = union_resolve(u, place, dir, path, (flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U));
    *spot = (struct spot){place->dir, place->path};
    if (!(flags & AT_EMPTY_PATH) || *path || (result != -ENOENT && result != -EXDEV)) return result;
    union_name_of_fd(dir, name);
    *spot = (struct spot){AT_FDCWD, name};
    place->magic = true;
    return 0;
}

long union_getxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, void *value, size_t size, int flags) {
    char disk[ATTRIBUTE_NAME], fd_name[UNION_FD_NAME];
    struct spot spot;
    long result = attribute_on_disk(u, name, disk);
    const bool hidden = result == -EPERM;
    if (result < 0 && !hidden) return result;
    result = find_readable(u, place, dir, path, flags, fd_name, &spot);
    if (result == 0 && hidden) result = -ENODATA;
    if (result == 0) result = place->magic && spot.dir == AT_FDCWD ? SYS(getxattr, spot.path, disk, value, size) : spot_getxattr(&spot, disk, value, size);
    union_release(place);
    return result;
}

/* Takes what is hidden out of a list of names, and escapes off. */
static long shown_names(const struct union_config *u, char *names, long size) {
    const bool plain = u->layers[UPPER].encoding == UNION_PLAIN;
    const size_t skip = sizeof OWN - 1, extra = sizeof ESCAPE - 1;
    long out = 0;
    for (long at = 0, next; at < size; at = next) {
        char *name = names + at;
        size_t length = text_size(name);
        next = at + (long)length + 1;
        if (begins(name, length, HIDDEN)) continue;
        if (!plain && begins(name, length, OWN)) {
            if (!begins(name, length, OWN ESCAPE)) continue;
            bytes_move(name + skip, name + skip + extra, length + 1 - skip - extra);
            length -= extra;
        }
        bytes_move(names + out, name, length + 1);
        out += (long)length + 1;
    }
    return out;
}

static long list_names(const struct spot *spot, bool magic, char *names, size_t size) {
    char name[UNION_FD_NAME];
    if (spot->dir == AT_FDCWD) return magic ? SYS(listxattr, spot->path, names, size) : SYS(llistxattr, spot->path, names, size);
    long fd = sys_openat(spot->dir, spot->path, OPEN_PATH, 0);
    if (fd < 0) return fd;
    union_name_of_fd((int)fd, name);
    long result = SYS(listxattr, name, names, size);
    sys_close(fd);
    return result;
}

long union_listxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, char *names, size_t size, int flags) {
    char fd_name[UNION_FD_NAME], *all = place->rest;
    struct spot spot;
    long mapped = -1, result = find_readable(u, place, dir, path, flags, fd_name, &spot);
    if (result == 0) result = list_names(&spot, place->magic, all, sizeof place->rest);
    if (result == -ERANGE) {
        mapped = SYS(mmap, 0, XATTR_LIST_MAX, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
        all = (char *)mapped;
        result = mapped < 0 ? mapped : list_names(&spot, place->magic, all, XATTR_LIST_MAX);
    }
    union_release(place);
    if (result > 0) result = shown_names(u, all, result);
    if (result > 0 && size && (size_t)result > size) result = -ERANGE;
    if (result > 0 && size) bytes_copy(names, all, (size_t)result);
    if (mapped >= 0) SYS(munmap, mapped, XATTR_LIST_MAX);
    return result;
}

long union_readlink(const struct union_config *u, struct union_place *place, int dir, const char *path, char *buffer, size_t size) {
    if (!*path && dir != AT_FDCWD) return SYS(readlinkat, dir, "", buffer, size);
    long result = union_resolve(u, place, dir, path, UNION_NOFOLLOW);
    if (result == 0) result = SYS(readlinkat, place->dir, place->path, buffer, size);
    union_release(place);
    return result;
}
