/* How a layer says that something below is hidden: telling, making and clearing it. */
#include "inner.h"

static bool is_whiteout(const struct union_status *status) { return S_ISCHR(status->mode) && status->rdev == 0; }

static long has_file(const struct union_config *u, struct union_place *place, int layer, size_t size, const char *name) {
    struct union_status status;
    struct spot spot;
    long result = spot_open(u, place, layer, size, name, &spot);
    if (result < 0) return result;
    result = sys_stat(spot.dir, spot.path, &status, AT_SYMLINK_NOFOLLOW);
    spot_close(&spot);
    return result == 0 ? 1 : result == -ENOENT || result == -ENAMETOOLONG ? 0 : result;
}

static long is_hidden_beside(const struct union_config *u, struct union_place *place, int layer) {
    char disk[DISK_NAME];
    size_t parent = place->size;
    while (place->guest[parent - 1] != '/') parent--;
    name_of_whiteout(place->guest + parent, place->size - parent, disk);
    return has_file(u, place, layer, parent - 1, disk);
}

static long is_opaque(const struct union_config *u, struct union_place *place, int layer, const struct spot *spot) {
    char value[2];
    if (u->layers[layer].encoding == UNION_OVERLAY) return spot_getxattr(spot, OPAQUE, value, sizeof value) == 1 && value[0] == 'y';
    long result = is_hidden_beside(u, place, layer);
    return result ? result : has_file(u, place, layer, place->size, OPAQUE_FILE);
}

long look_in(const struct union_config *u, struct union_place *place, int layer, bool below_matters, struct union_status *status) {
    const enum union_encoding encoding = u->layers[layer].encoding;
    struct spot spot;
    long result = spot_open(u, place, layer, place->size, NULL, &spot);
    if (result < 0) return result;
    result = sys_stat(spot.dir, spot.path, status, AT_SYMLINK_NOFOLLOW);
    if (result == -ENOENT && encoding == UNION_AUFS && below_matters) {
        result = is_hidden_beside(u, place, layer);
        if (result == 1) result = LOOK_WHITEOUT;
        else if (result == 0) result = LOOK_ABSENT;
    } else if (result == -ENOENT) {
        result = LOOK_ABSENT;
    } else if (result == 0 && encoding == UNION_OVERLAY && is_whiteout(status)) {
        result = LOOK_WHITEOUT;
    } else if (result == 0 && !is_directory(status)) {
        result = LOOK_OTHER;
    } else if (result == 0) {
        if (below_matters && encoding != UNION_PLAIN) result = is_opaque(u, place, layer, &spot);
        if (result >= 0) result = result ? LOOK_OPAQUE : LOOK_DIRECTORY;
    }
    spot_close(&spot);
    return result;
}

long whiteout_make(int dir, const char *name) { return SYS(mknodat, dir, name, S_IFCHR, 0); }

/* aufs: an empty file. */
static long make_mark(int dir, const char *disk) {
    long result = sys_openat(dir, disk, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sys_close(result);
    return result == -EEXIST || result >= 0 ? 0 : result;
}

long whiteout_beside(const struct union_config *u, int parent, const char *name, size_t size) {
    char disk[DISK_NAME];
    long result = name_whiteout_is_escaped(name, size) ? name_note(u, parent, name, size) : 0;
    if (result < 0) return result;
    name_of_whiteout(name, size, disk);
    return make_mark(parent, disk);
}

/* Whether or not the guest has taken the rights to a directory away from its owner, we are its owner. Answers the mode to restore. */
static long open_up(int fd, const char *path, uint32_t *mode) {
    struct union_status status;
    long result = sys_fstat(fd, &status);
    if (result < 0) return result;
    *mode = status.mode & 07777;
    return (*mode & 0700) == 0700 ? 0 : SYS(fchmodat, AT_FDCWD, path, *mode | 0700);
}

long make_opaque(const struct union_config *u, int parent, const char *disk) {
    char path[UNION_FD_NAME];
    uint32_t mode = 0700;
    long fd = sys_openat(parent, disk, OPEN_PATH | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    union_name_of_fd((int)fd, path);
    struct union_status before;
    long result = open_up((int)fd, path, &mode);
    if (result >= 0 && u->layers[UPPER].encoding == UNION_OVERLAY) {
        result = SYS(setxattr, path, OPAQUE, "y", 1, 0);
    } else if (result >= 0 && sys_fstat((int)fd, &before) == 0) {
        result = make_mark((int)fd, OPAQUE_FILE);
        SYS(utimensat, AT_FDCWD, path, &before.access, 0); /* the guest has put nothing into it */
    }
    if ((mode & 0700) != 0700) SYS(fchmodat, AT_FDCWD, path, mode);
    sys_close(fd);
    return result;
}

static long clear_entry(const struct union_config *u, int fd, const struct sys_entry *entry) {
    struct union_status status;
    if (is_text(entry->name, text_size(entry->name), ".") || is_text(entry->name, text_size(entry->name), "..")) return 0;
    if (u->layers[UPPER].encoding == UNION_AUFS) {
        if (!begins(entry->name, text_size(entry->name), ".wh.") || begins(entry->name, text_size(entry->name), ".wh..wh.file.")) return -ENOTEMPTY;
    } else {
        long result = sys_stat(fd, entry->name, &status, AT_SYMLINK_NOFOLLOW);
        if (result < 0) return result == -ENOENT ? 0 : result;
        if (!is_whiteout(&status)) return -ENOTEMPTY;
    }
    long result = SYS(unlinkat, fd, entry->name, 0);
    return result == -ENOENT ? 0 : result;
}

long whiteouts_clear(const struct union_config *u, int directory) {
    char path[UNION_FD_NAME], buffer[1024] __attribute__((aligned(8)));
    uint32_t mode;
    union_name_of_fd(directory, path);
    long result = open_up(directory, path, &mode);
    if (result < 0) return result;
    long fd = sys_openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), got;
    if (fd < 0) return fd;
    result = 0;
    do {
        got = SYS(getdents64, fd, buffer, sizeof buffer);
        for (long at = 0; at < got && result == 0;) {
            const struct sys_entry *entry = (const struct sys_entry *)(buffer + at);
            at += entry->size;
            result = clear_entry(u, (int)fd, entry);
        }
    } while (got > 0 && result == 0);
    sys_close(fd);
    if ((mode & 0700) != 0700) SYS(fchmodat, AT_FDCWD, path, mode);
    return result < 0 ? result : got;
}
