/* open */
#include "create.h"

/* Looking at a file of a lower is not to change its access time. */
static long open_to_read(const struct union_place *place, int flags) {
    const int how = (flags & ~(O_CREAT | O_EXCL)) | (place->magic ? 0 : O_NOFOLLOW);
    if (place->layer <= UPPER || flags & O_PATH || !(is_file(&place->status) || is_directory(&place->status))) return sys_openat(place->dir, place->path, how, 0);
    return sys_open_quietly(place->dir, place->path, how);
}

static bool wants_to_write(int flags) { return !(flags & O_PATH) && ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC); }

static long open_unnamed(const struct union_config *u, struct union_place *place, int flags, unsigned mode) {
    if (!is_directory(&place->status)) return -ENOTDIR;
    if (place->bind >= 0 ? u->binds[place->bind].read_only : !u->writable) return -EROFS;
    long result = copy_up(u, place, false);
    if (result < 0) return result;
    long dir = enter(u, place, place->size);
    if (dir < 0) return dir;
    result = sys_openat((int)dir, ".", flags, mode);
    sys_close(dir);
    return result;
}

static long open_found(const struct union_config *u, struct union_place *place, int flags, unsigned mode) {
    const bool write = wants_to_write(flags);
    if (place->magic) return sys_openat(place->dir, place->path, flags & ~(O_CREAT | O_EXCL), 0);
    if ((flags & O_CREAT) && (flags & O_EXCL)) return -EEXIST;
    if ((flags & O_CREAT) && is_directory(&place->status)) return -EISDIR;
    if ((flags & O_TMPFILE) == O_TMPFILE) return open_unnamed(u, place, flags, mode);
    if ((flags & O_DIRECTORY) && !is_directory(&place->status)) return -ENOTDIR;
    if (is_link(&place->status) && !(flags & O_PATH)) return -ELOOP;
    if (write && is_directory(&place->status)) return -EISDIR;
    if (write && is_file(&place->status) && (place->bind >= 0 ? u->binds[place->bind].read_only : !u->writable)) return -EROFS;
    const bool fifo = S_ISFIFO(place->status.mode) && !(flags & O_PATH);
    if (!(write && is_file(&place->status)) && !fifo) return open_to_read(place, flags);
    if (place->layer > UPPER && u->writable) {
        long result = write ? SYS(faccessat, place->dir, place->path, 2 /* W_OK */) : 0;
        if (result == 0) result = copy_up(u, place, flags & O_TRUNC);
        if (result < 0) return result;
    }
    if (!u->writable && place->bind < 0) return open_to_read(place, flags);
    if (place->lock >= 0) lock_drop(place); /* opening a FIFO can take long */
    return open_object(u, place, flags);
}

static long open_new(const struct union_config *u, struct union_place *place, int flags, unsigned mode) {
    const struct thing thing = {.kind = THING_FILE, .mode = mode, .flags = flags};
    if (is_read_only(u, place)) return -EROFS;
    long result = create_thing(u, place, &thing);
    return result == -ELOOP || (result == -EEXIST && !(flags & O_EXCL)) ? -EMOVED : result;
}

static long open_once(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, unsigned mode) {
    const bool create = flags & O_CREAT, exclusive = create && flags & O_EXCL;
    const unsigned how = (create ? UNION_CREATE : 0U) | (exclusive || flags & O_NOFOLLOW ? UNION_NOFOLLOW : 0U);
    long result = union_resolve(u, place, dir, path, how);
    if (result == 0 && !place->found && !is_pure(u, place) && !is_read_only(u, place)) {
        union_release(place);
        result = lock_take(u, place);
        if (result == 0) result = resolve(u, place, dir, path, how);
    }
    if (result == 0) result = place->found ? open_found(u, place, flags, mode) : open_new(u, place, flags, mode);
    release_change(place);
    return result;
}

long union_open(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, unsigned mode) {
    long result;
    int tries = 0;
    if (flags & O_PATH) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) return -EINVAL;
    if ((flags & O_TMPFILE) == O_TMPFILE && (flags & O_ACCMODE) == O_RDONLY) return -EINVAL;
    do result = open_once(u, place, dir, path, flags, mode);
    while (is_moved(&result, &tries));
    return result;
}
