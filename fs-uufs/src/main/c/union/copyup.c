/* Copy-up: what a lower has appears in the upper, whole and at once, under its own name.
 *
 * The copy is filled in the work directory without any lock, then published under the lock: renamed into place if nothing has come there meanwhile. Of two processes that copy
 * the same thing one finds the other's copy, and uses it. Who is killed leaves a file in the work directory, which nobody looks at.
 */
#include "inner.h"

/* Where a copy is being made. */
struct copy {
    struct temporary temporary;
    int from, to; /* descriptors or -1; `to` is what the hook gets */
};

enum { TRIES = 100 };

/* Makes the temporary of the right kind, still empty. */
static long make(struct union_place *place, struct copy *copy, const struct spot *spot) {
    const uint32_t mode = place->status.mode;
    const int work = copy->temporary.work;
    const char *name = copy->temporary.name;
    if (is_file(&place->status)) return sys_openat(work, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (is_directory(&place->status)) return SYS(mkdirat, work, name, 0700);
    if (!is_link(&place->status)) return SYS(mknodat, work, name, mode, place->status.rdev);
    long size = SYS(readlinkat, spot->dir, spot->path, place->rest, UNION_PATH);
    if (size < 0) return size;
    place->rest[size] = 0;
    return SYS(symlinkat, place->rest, work, name);
}

static long make_new(const struct union_config *u, struct union_place *place, struct copy *copy) {
    struct spot spot;
    long result = spot_open(u, place, place->layer, place->size, NULL, &spot);
    if (result < 0) return result;
    for (int tries = 0; (result = make(place, copy, &spot)) == -EEXIST && tries < TRIES; tries++) temporary_next(&copy->temporary);
    if (result >= 0 && (is_file(&place->status) || is_directory(&place->status))) {
        const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (is_directory(&place->status) ? O_DIRECTORY : 0);
        long from = sys_open_quietly(spot.dir, spot.path, flags);
        copy->from = (int)from;
        if (from < 0 && is_file(&place->status)) sys_close(result);
        if (from < 0) temporary_remove(u, &copy->temporary);
        if (from < 0) result = from;
    }
    spot_close(&spot);
    if (result < 0) return result;
    if (is_directory(&place->status)) {
        SYS(fchmodat, copy->temporary.work, copy->temporary.name, 0700); /* whatever the umask is */
        result = sys_openat(copy->temporary.work, copy->temporary.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    } else if (!is_file(&place->status)) {
        result = sys_openat(copy->temporary.work, copy->temporary.name, OPEN_PATH, 0);
    }
    copy->to = (int)result;
    if (result < 0) temporary_remove(u, &copy->temporary);
    return result < 0 ? result : 0;
}

static long record_origin(const struct union_place *place, int to) {
    struct union_status status;
    long result = sys_fstat(to, &status);
    if (result < 0) return result;
    const struct origin origin = {status.ino, place->status.ino, place->status.nlink};
    SYS(fsetxattr, to, ORIGIN, &origin, sizeof origin, 0); /* the number will change where there are no user attributes */
    return 0;
}

/* Content before mode, since the mode may forbid to write; then the hook, which may know of another mode; times last. */
static long fill(const struct union_config *u, struct union_place *place, const struct copy *copy, bool empty) {
    const struct union_status *status = &place->status;
    const struct temporary *temporary = &copy->temporary;
    const bool file = is_file(status), open = file || is_directory(status);
    struct union_status now;
    long result = 0;
    if (file && !empty) result = content_copy(copy->from, copy->to, status->size);
    if (open && result == 0) result = attributes_copy(copy->from, copy->to);
    if (file && result == 0) result = record_origin(place, copy->to);
    if (result < 0) return result;
    result = sys_fstat(copy->to, &now);
    if (result == 0 && (now.uid != status->uid || now.gid != status->gid)) /* for who may: else it belongs to the user, as everything on disk */
        SYS(fchownat, temporary->work, temporary->name, status->uid, status->gid, AT_SYMLINK_NOFOLLOW);
    if (result == 0 && !is_link(status)) result = SYS(fchmodat, temporary->work, temporary->name, status->mode & 07777);
    if (result == 0 && u->copied) result = u->copied(u->data, (unsigned)place->layer, place->guest, copy->to);
    if (result == 0) result = SYS(utimensat, temporary->work, temporary->name, &status->access, AT_SYMLINK_NOFOLLOW);
    if (result == 0 && file && u->sync) result = SYS(fsync, copy->to);
    return result;
}

void mark_impure(const struct union_config *u, struct union_place *place) {
    char disk[DISK_NAME], name[UNION_FD_NAME];
    struct origin origin;
    if (u->layer_count == 1) return;
    long parent = enter(u, place, place->name - 1);
    if (parent < 0) return;
    last_on_disk(u, place, disk);
    long fd = sys_openat((int)parent, disk, OPEN_PATH, 0);
    if (fd >= 0) union_name_of_fd((int)fd, name);
    if (fd >= 0 && SYS(getxattr, name, ORIGIN, &origin, sizeof origin) > 0) {
        union_name_of_fd((int)parent, name);
        SYS(setxattr, name, IMPURE, "y", 1, 0);
    }
    sys_close(fd);
    sys_close(parent);
}

/* Renames the copy into its place; the directory above keeps its times, as if nothing had been made in it. */
static long appear(const struct union_config *u, struct union_place *place, const struct temporary *temporary) {
    char disk[DISK_NAME], name[UNION_FD_NAME];
    struct union_status above;
    long parent = enter(u, place, place->name - 1);
    if (parent < 0) return parent;
    union_name_of_fd((int)parent, name);
    last_on_disk(u, place, disk);
    long result = sys_fstat((int)parent, &above);
    if (result == 0 && is_file(&place->status)) SYS(setxattr, name, IMPURE, "y", 1, 0);
    if (result == 0 && u->layers[UPPER].encoding == UNION_AUFS && name_is_escaped(place->guest + place->name, place->size - place->name))
        result = name_note(u, (int)parent, place->guest + place->name, place->size - place->name);
    if (result == 0) result = SYS(renameat, temporary->work, temporary->name, parent, disk);
    if (result == 0) SYS(utimensat, AT_FDCWD, name, &above.access, 0);
    sys_close(parent);
    return result;
}

/* 1: another process was faster, the temporary is left. */
static long publish(const struct union_config *u, struct union_place *place, const struct temporary *temporary) {
    const uint32_t type = place->status.mode & S_IFMT;
    const bool directory = is_directory(&place->status);
    const long held = lock_take(u, place);
    if (held < 0) return held;
    long result = layers_of(u, place, place->name - 1, &place->parent);
    if (result == 0) result = look_for(u, place, &place->parent);
    if (result == 0 && (!place->found || (place->status.mode & S_IFMT) != type)) result = -EMOVED;
    if (result == 0 && place->layer == UPPER) {
        result = 1;
    } else if (result == 0) {
        if (directory) cache_begin(u);
        result = appear(u, place, temporary);
        if (directory) cache_end(u);
        if (result == 0) result = look_for(u, place, &place->parent);
    }
    if (!held) lock_drop(place);
    return result == -ENOENT || result == -ENOTDIR ? -EMOVED : result;
}

/* Copies place, whose parents are in the upper. */
static long copy_one(const struct union_config *u, struct union_place *place, bool empty) {
    struct copy copy = {.from = -1, .to = -1};
    long result = temporary_open(u, &copy.temporary);
    if (result < 0) return result;
    result = make_new(u, place, &copy);
    if (result == 0) {
        result = fill(u, place, &copy, empty);
        if (result == 0) result = publish(u, place, &copy.temporary);
        if (result != 0) temporary_remove(u, &copy.temporary);
    }
    sys_close(copy.from);
    sys_close(copy.to);
    temporary_close(&copy.temporary);
    return result < 0 ? result : 0;
}

/* Makes place a directory above what it is. */
static long stand_at(const struct union_config *u, struct union_place *place, size_t size) {
    place->size = place->name = size;
    while (place->guest[place->name - 1] != '/') place->name--;
    long result = layers_of(u, place, place->name - 1, &place->parent);
    if (result == 0) result = look_for(u, place, &place->parent);
    return result < 0 ? result : !place->found ? -ENOENT : is_directory(&place->status) ? 0 : -ENOTDIR;
}

long copy_up_parents(const struct union_config *u, struct union_place *place) {
    if (mask_has(&place->parent, UPPER)) return 0;
    const size_t size = place->size, name = place->name;
    const int bind = place->bind;
    long result = 0;
    for (size_t at = 1; at < name && result == 0; at++) {
        if (place->guest[at] != '/') continue;
        place->guest[at] = 0;
        result = stand_at(u, place, at);
        if (result == 0 && place->layer != UPPER) result = copy_one(u, place, false);
        place->guest[at] = '/';
    }
    place->size = size;
    place->name = name;
    place->bind = bind;
    if (result == 0) result = layers_of(u, place, name - 1, &place->parent);
    if (result == 0) result = look_for(u, place, bind < 0 ? &place->parent : NULL);
    place->guest[size] = 0;
    return result == -ENOENT || result == -ENOTDIR ? -EMOVED : result;
}

long copy_up(const struct union_config *u, struct union_place *place, bool empty) {
    if (place->bind >= 0 || place->layer == UPPER) return 0;
    if (!u->writable) return -EROFS;
    const uint32_t type = place->status.mode & S_IFMT;
    long result = copy_up_parents(u, place);
    if (result < 0) return result;
    if (!place->found || (place->status.mode & S_IFMT) != type) return -EMOVED;
    return place->layer == UPPER ? 0 : copy_one(u, place, empty);
}
