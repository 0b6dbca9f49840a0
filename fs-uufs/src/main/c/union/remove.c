/* unlink and rmdir. */
#include "inner.h"

/* Whether the name may be removed; the kernel's order of errors. */
static long may_remove(const struct union_config *u, const struct union_place *place, bool directory) {
    if (place->last != UNION_NAME) {
        if (!directory) return -EISDIR;
        return place->last == UNION_DOT ? -EINVAL : place->last == UNION_DOTDOT ? -ENOTEMPTY : -EBUSY;
    }
    if (is_read_only(u, place)) return -EROFS;
    if (!place->found) return -ENOENT;
    if (!directory && is_directory(&place->status)) return -EISDIR;
    if (!is_directory(&place->status) && (directory || place->slash)) return -ENOTDIR;
    if (is_mount_point(u, place)) return -EBUSY;
    return directory && bind_is_below(u, place->guest, place->size) ? -EBUSY : 0;
}

/* Where the upper has a directory of that name in which there may be whiteouts. */
static long remove_directory(const struct union_config *u, int parent, const char *disk) {
    long result = SYS(unlinkat, parent, disk, AT_REMOVEDIR);
    if ((result != -ENOTEMPTY && result != -EEXIST) || u->layers[UPPER].encoding == UNION_PLAIN) return result;
    long fd = sys_openat(parent, disk, OPEN_PATH | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    result = whiteouts_clear(u, (int)fd);
    sys_close(fd);
    return result < 0 ? result : SYS(unlinkat, parent, disk, AT_REMOVEDIR);
}

/* Puts a whiteout where something is. A directory changes places with it and is removed aside; if somebody has just put something into it, it goes back. */
static long cover(const struct union_config *u, int parent, const char *disk, bool directory) {
    struct temporary temporary;
    long result = temporary_open(u, &temporary);
    if (result < 0) return result;
    for (int tries = 0; (result = whiteout_make(temporary.work, temporary.name)) == -EEXIST && tries < 100; tries++) temporary_next(&temporary);
    if (result == 0) result = SYS(renameat2, temporary.work, temporary.name, parent, disk, directory ? RENAME_EXCHANGE : 0);
    if (result == 0 && directory) {
        result = remove_directory(u, temporary.work, temporary.name);
        if (result < 0) SYS(renameat2, temporary.work, temporary.name, parent, disk, RENAME_EXCHANGE);
    }
    if (result < 0) temporary_remove(u, &temporary);
    temporary_close(&temporary);
    return result;
}

static long remove_shown(const struct union_config *u, struct union_place *place, int parent, const char *disk, bool directory, bool below) {
    const bool upper = place->parent_bind >= 0 || place->layer == UPPER, aufs = place->parent_bind < 0 && u->layers[UPPER].encoding == UNION_AUFS;
    long result = 0;
    if (below && aufs) result = whiteout_beside(u, parent, place->guest + place->name, place->size - place->name);
    if (below && !aufs) return upper ? cover(u, parent, disk, directory) : whiteout_make(parent, disk);
    if (result < 0 || !upper) return result;
    if (!directory) return SYS(unlinkat, parent, disk, 0);
    return place->parent_bind >= 0 ? SYS(unlinkat, parent, disk, AT_REMOVEDIR) : remove_directory(u, parent, disk);
}

static long remove_now(const struct union_config *u, struct union_place *place, bool directory) {
    char disk[DISK_NAME];
    long below = is_pure(u, place) ? 0 : is_below(u, place), empty = 1;
    if (below < 0) return below;
    if (directory && !is_pure(u, place)) empty = is_empty(u, place);
    if (empty <= 0) return empty < 0 ? empty : -ENOTEMPTY;
    long parent = enter_parent(u, place, disk);
    if (parent < 0) return parent;
    if (directory) cache_begin(u);
    long result = remove_shown(u, place, (int)parent, disk, directory, below);
    if (directory) cache_end(u);
    sys_close(parent);
    return result;
}

long union_unlink(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags) {
    const bool directory = flags & AT_REMOVEDIR;
    long result;
    int tries = 0;
    if (flags & ~AT_REMOVEDIR) return -EINVAL;
    do {
        result = resolve_change(u, place, dir, path);
        if (result == 0) result = may_remove(u, place, directory);
        if (result == 0) result = remove_now(u, place, directory);
        release_change(place);
    } while (is_moved(&result, &tries));
    return result;
}
