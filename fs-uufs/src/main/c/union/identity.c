/* Inode and link numbers as a guest sees them.
 *
 * As in overlayfs, so that fts, find, tar and rm are content: a directory that a lower has keeps the number that it has in the uppermost of them, and has one link, which tells
 * find not to count subdirectories. A file keeps its lower's number by the record that copy-up leaves, unless the lower had more links: then other names still are that number.
 */
#include "inner.h"

bool origin_get(const struct spot *spot, uint64_t self, struct origin *origin) {
    return spot_getxattr(spot, ORIGIN, origin, sizeof *origin) == (long)sizeof *origin && origin->self == self;
}

/* On several file systems a number of one could be that of another thing on the other. */
static bool keeps_numbers(const struct union_config *u) { return u->layer_count > 1 && !u->device; }

static void identify_directory(const struct union_config *u, struct union_place *place) {
    struct union_mask lowers = place->self;
    struct union_status status;
    struct spot spot;
    if (u->device) place->status.dev = u->device;
    if (!mask_single(&lowers)) place->status.nlink = 1;
    mask_drop(&lowers, UPPER);
    if (u->layer_count == 1 || mask_empty(&lowers)) return;
    if (place->layer == UPPER && spot_open(u, place, mask_first(&lowers), place->size, NULL, &spot) == 0) {
        if (sys_stat(spot.dir, spot.path, &status, AT_SYMLINK_NOFOLLOW) == 0) place->status.ino = status.ino;
        spot_close(&spot);
    }
}

void identify(const struct union_config *u, struct union_place *place) {
    struct origin origin;
    struct spot spot;
    if (place->bind >= 0 || !place->found) return;
    if (is_directory(&place->status)) {
        identify_directory(u, place);
    } else if (keeps_numbers(u) && place->layer == UPPER && is_file(&place->status) && spot_open(u, place, UPPER, place->size, NULL, &spot) == 0) {
        if (origin_get(&spot, place->status.ino, &origin) && origin.links == 1) place->status.ino = origin.origin;
        spot_close(&spot);
    }
}

/* A file has its record with it; no path is needed. */
static void identify_file(int fd, struct union_status *status) {
    struct origin origin;
    char name[UNION_FD_NAME];
    union_name_of_fd(fd, name);
    if (SYS(getxattr, name, ORIGIN, &origin, sizeof origin) == (long)sizeof origin && origin.self == status->ino && origin.links == 1) status->ino = origin.origin;
}

long union_stat(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, struct union_status *status) {
    long result;
    place->dir = AT_FDCWD;
    place->lock = -1;
    if (flags & AT_EMPTY_PATH && !*path && dir != AT_FDCWD) {
        result = sys_fstat(dir, status);
        if (result < 0) return result;
        if (is_file(status) && keeps_numbers(u)) identify_file(dir, status);
        if (!is_directory(status) || u->layer_count == 1 || resolve_fd(u, place, dir) < 0) {
            union_release(place);
            return 0;
        }
    } else {
        unsigned how = (flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U);
        result = union_resolve(u, place, dir, path, how);
        if (result == 0 && place->magic) result = sys_stat(place->dir, place->path, &place->status, 0);
        if (result < 0) {
            union_release(place);
            return result;
        }
    }
    identify(u, place);
    *status = place->status;
    union_release(place);
    return 0;
}
