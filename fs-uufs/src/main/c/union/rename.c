/* rename, which in a merged directory has to leave a whiteout behind and may have to step over one. */
#include "inner.h"

/* Both ends, resolved under the lock if one of them needs it. */
struct move {
    struct union_place *old, *new;
    int from, to; /* the directories above */
    char old_disk[DISK_NAME], new_disk[DISK_NAME];
    bool exchange;
    bool old_below, new_below; /* lowers have something of that name */
};

/* A directory that a lower has cannot be moved without copying all that is in it. */
static bool is_stuck(const struct union_place *place) {
    struct union_mask lowers = place->self;
    mask_drop(&lowers, UPPER);
    return is_directory(&place->status) && place->bind < 0 && !mask_empty(&lowers);
}

static bool is_above(const struct union_place *above, const struct union_place *below) {
    return below->size > above->size && bytes_equal(above->guest, below->guest, above->size) && below->guest[above->size] == '/';
}

/* The kernel's order of errors. 1: both are the same thing, nothing is to be done. */
static long may_rename(const struct union_config *u, const struct union_place *old, const struct union_place *new, unsigned flags) {
    const bool exchange = flags & RENAME_EXCHANGE;
    if (old->parent_bind != new->parent_bind) return -EXDEV;
    if (old->last != UNION_NAME) return -EBUSY;
    if (new->last != UNION_NAME) return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (is_read_only(u, old)) return -EROFS;
    if (!old->found) return -ENOENT;
    if ((flags & RENAME_NOREPLACE) && new->found) return -EEXIST;
    if (exchange && !new->found) return -ENOENT;
    if (exchange && !is_directory(&new->status) && new->slash) return -ENOTDIR;
    if (!is_directory(&old->status) && (old->slash || (!exchange && new->slash))) return -ENOTDIR;
    if (is_directory(&old->status) && is_above(old, new)) return -EINVAL;
    if (new->found && is_directory(&new->status) && is_above(new, old)) return exchange ? -EINVAL : -ENOTEMPTY;
    if (old->size == new->size && bytes_equal(old->guest, new->guest, old->size)) return 1;
    if (new->found && old->layer == new->layer && old->layer <= UPPER && old->status.ino == new->status.ino && old->status.dev == new->status.dev) return 1;
    if (new->found && !exchange && is_directory(&old->status) != is_directory(&new->status)) return is_directory(&old->status) ? -ENOTDIR : -EISDIR;
    if (bind_is_below(u, old->guest, old->size) || bind_is_below(u, new->guest, new->size)) return -EBUSY;
    return is_stuck(old) || (exchange && is_stuck(new)) ? -EXDEV : 0;
}

/* An empty directory of the upper's that is to be replaced may hold whiteouts. It shows nothing, and so it may as well hide all that is below. */
static long make_way(const struct union_config *u, const struct move *move) {
    const struct union_place *new = move->new;
    if (!new->found || !is_directory(&new->status) || new->layer != UPPER) return 0;
    /* Inside of the directory aufs's mark would be in the way as well. */
    long result = u->layers[UPPER].encoding == UNION_AUFS ? whiteout_beside(u, move->to, new->guest + new->name, new->size - new->name)
                                                          : make_opaque(u, move->to, move->new_disk);
    if (result < 0) return result;
    long fd = sys_openat(move->to, move->new_disk, OPEN_PATH | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    result = whiteouts_clear(u, (int)fd);
    sys_close(fd);
    return result;
}

static long rename_upper(const struct move *move, unsigned flags) { return SYS(renameat2, move->from, move->old_disk, move->to, move->new_disk, flags); }

/* Encoding overlay: a whiteout is a file in the place of what it hides, so that it can be left behind or changed for in one system call. */
static long move_overlay(const struct move *move) {
    struct union_status status;
    const bool whiteout = !(move->new->found && move->new->layer == UPPER) && sys_stat(move->to, move->new_disk, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (whiteout && (move->old_below || is_directory(&move->old->status))) {
        long result = rename_upper(move, RENAME_EXCHANGE);
        if (result == 0 && !move->old_below) SYS(unlinkat, move->from, move->old_disk, 0);
        return result;
    }
    if (!move->old_below) return rename_upper(move, 0);
    long result = rename_upper(move, RENAME_WHITEOUT);
    if (result != -EINVAL && result != -EPERM) return result;
    result = rename_upper(move, 0); /* this file system cannot: until the next step, what lowers have shows again */
    return result < 0 ? result : whiteout_make(move->from, move->old_disk);
}

static long move_aufs(const struct union_config *u, const struct move *move) {
    const struct union_place *old = move->old;
    long result = move->old_below ? whiteout_beside(u, move->from, old->guest + old->name, old->size - old->name) : 0;
    return result < 0 ? result : rename_upper(move, 0);
}

/* A directory that comes to where lowers have something must not be merged with that. */
static long move_upper(const struct union_config *u, const struct move *move) {
    long result = 0;
    if (move->new_below && is_directory(&move->old->status)) result = make_opaque(u, move->from, move->old_disk);
    if (result == 0 && move->exchange && move->old_below && is_directory(&move->new->status)) result = make_opaque(u, move->to, move->new_disk);
    if (result < 0) return result;
    if (move->exchange) return rename_upper(move, RENAME_EXCHANGE);
    result = make_way(u, move);
    if (result < 0) return result;
    return u->layers[UPPER].encoding == UNION_AUFS ? move_aufs(u, move) : move_overlay(move);
}

static long enter_both(const struct union_config *u, struct move *move) {
    long result = enter_parent(u, move->old, move->old_disk);
    move->from = (int)result;
    if (result >= 0) result = enter_parent(u, move->new, move->new_disk);
    move->to = (int)result;
    return result < 0 ? result : 0;
}

/* Where lowers matter, under the lock. */
static long rename_merged(const struct union_config *u, struct move *move) {
    struct union_place *old = move->old, *new = move->new;
    if (new->found && !move->exchange && is_directory(&new->status)) {
        long empty = is_empty(u, new);
        if (empty <= 0) return empty < 0 ? empty : -ENOTEMPTY;
    }
    long result = copy_up(u, old, false);
    if (result == 0 && move->exchange) result = copy_up(u, new, false);
    if (result == 0) result = enter_both(u, move);
    if (result < 0) return result;
    result = is_below(u, old);
    move->old_below = result == 1;
    if (result >= 0) result = is_below(u, new);
    move->new_below = result == 1;
    return result < 0 ? result : move_upper(u, move);
}

static long rename_now(const struct union_config *u, struct union_place *old, struct union_place *new, unsigned flags) {
    struct move move = {.old = old, .new = new, .from = -1, .to = -1, .exchange = flags & RENAME_EXCHANGE};
    long result = may_rename(u, old, new, flags);
    if (result != 0) return result < 0 ? result : 0;
    const bool directory = is_directory(&old->status) || (new->found && is_directory(&new->status));
    if (directory) cache_begin(u);
    if (!is_pure(u, old) || !is_pure(u, new)) {
        result = rename_merged(u, &move);
    } else {
        result = enter_both(u, &move);
        if (result == 0 && new->parent_bind < 0 && u->layers[UPPER].encoding != UNION_PLAIN && !move.exchange) result = make_way(u, &move);
        if (result == 0) result = rename_upper(&move, flags);
    }
    if (result == 0 && new->parent_bind < 0) mark_impure(u, new);
    if (result == 0 && new->parent_bind < 0 && move.exchange) mark_impure(u, old);
    if (directory) cache_end(u);
    sys_close(move.from);
    sys_close(move.to);
    return result;
}

/* Resolves both, under the lock if one needs it; a lower's file is copied without the lock. */
static long resolve_both(const struct union_config *u, struct union_place *old, int old_dir, const char *old_path, struct union_place *new, int new_dir,
                         const char *new_path, unsigned flags) {
    for (;;) {
        long result = resolve(u, old, old_dir, old_path, UNION_PARENT);
        if (result == 0) result = resolve(u, new, new_dir, new_path, UNION_PARENT);
        if (result < 0 || old->lock >= 0 || (is_pure(u, old) && is_pure(u, new)) || !u->writable) return result;
        if (old->found && old->layer > UPPER && is_file(&old->status) && may_rename(u, old, new, flags) == 0) result = copy_up(u, old, false);
        union_release(old);
        union_release(new);
        if (result == 0) result = lock_take(u, old);
        if (result < 0 && result != -EMOVED) return result;
        new->lock = old->lock;
    }
}

long union_rename(const struct union_config *u, struct union_place *old, int old_dir, const char *old_path, struct union_place *new, int new_dir, const char *new_path,
                  unsigned flags) {
    long result;
    int tries = 0;
    if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) return -EINVAL;
    do {
        old->dir = new->dir = AT_FDCWD;
        old->lock = new->lock = -1;
        result = resolve_both(u, old, old_dir, old_path, new, new_dir, new_path, flags);
        if (result == 0) result = rename_now(u, old, new, flags);
        new->lock = -1;
        union_release(new);
        release_change(old);
    } while (is_moved(&result, &tries));
    return result;
}
