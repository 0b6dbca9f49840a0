/* What a guest path means. */
#include "inner.h"

/* One resolution under way. `rest`, in place->rest, is what is still to be walked; it lies at the end of its buffer, and targets of links are put before it. */
struct walk {
    const struct union_config *u;
    struct union_place *place;
    const char *rest;
    uint64_t generation, hash; /* the hash of place->guest[0, size) */
    struct union_mask here;    /* the layers of the directory that was reached */
    unsigned flags, links;
};

enum { MOST_LINKS = 40, MOST_TRIES = 4 };

/* Makes the directory place->guest[0, size) the one that was reached. */
static long stand(struct walk *walk) {
    struct union_place *place = walk->place;
    place->bind = bind_of(walk->u, place->guest, place->size);
    walk->hash = hash_add(HASH_START, place->guest, place->size);
    return place->bind >= 0 ? 0 : layers_of(walk->u, place, place->size, &walk->here);
}

static long go_up(struct walk *walk) {
    struct union_place *place = walk->place;
    if (place->size == 0) return 0;
    while (place->guest[--place->size] != '/') {}
    return stand(walk);
}

/* procfs has links that the kernel resolves by other means than their text: descriptors, executables, directories of processes. Its other links are relative. */
static bool is_magic(const char *target, size_t size) {
    for (size_t i = 0; i < size && *target != '/'; i++)
        if (target[i] == ':') return true; /* pipe:[1], anon_inode:[eventfd] */
    return *target == '/';
}

/* Whether what such a link tells is the name of a file that has none any more, or never had one: memory, which procfs shows as one in the root. */
static bool is_nameless(const struct spot *spot, const char *target, size_t size) {
    static const char deleted[] = " (deleted)";
    const size_t tail = sizeof deleted - 1;
    struct union_status status;
    return size > tail && bytes_equal(target + size - tail, deleted, tail) && sys_stat(spot->dir, spot->path, &status, 0) == 0 && status.nlink == 0 && !is_directory(&status);
}

/* Such a link to something in the container is followed there, so that no lower is opened for writing by this way. */
static long follow_magic(struct walk *walk, size_t size, bool last) {
    struct union_place *place = walk->place;
    const char *target = walk->rest, *after = target + size;
    const bool root = is_text(target, size, "/"); /* that of a process of this container is the container's */
    walk->rest = after;
    if (root) place->size = 0;
    else if (*target != '/' || union_detranslate(walk->u, place, target, size) < 0) return last ? 1 : -EACCES;
    if (place->size + 1 > (size_t)(after - place->rest)) return -ENAMETOOLONG;
    char *guest = place->rest + (after - place->rest) - place->size;
    bytes_copy(guest, place->guest, place->size);
    walk->rest = guest;
    place->size = 0;
    return stand(walk);
}

/* Puts the target of the link just found before the rest, and goes back to where it counts from. 1: leave it to the kernel. */
static long follow(struct walk *walk, bool last) {
    struct union_place *place = walk->place;
    struct spot spot;
    if (++walk->links > MOST_LINKS) return -ELOOP;
    long result = spot_open(walk->u, place, place->layer, place->size, NULL, &spot);
    if (result < 0) return result;
    const size_t room = (size_t)(walk->rest - place->rest);
    long size = SYS(readlinkat, spot.dir, spot.path, place->rest, room);
    const bool magic = place->bind >= 0 && walk->u->binds[place->bind].magic, nameless = magic && last && size > 0 && is_nameless(&spot, place->rest, (size_t)size);
    spot_close(&spot);
    if (nameless) return 1;
    if (size <= 0) return size ? size : -ENOENT;
    if ((size_t)size >= room) return -ENAMETOOLONG;
    char *target = place->rest + (room - (size_t)size);
    bytes_move(target, place->rest, (size_t)size);
    walk->rest = target;
    if (magic && is_magic(target, (size_t)size)) return follow_magic(walk, (size_t)size, last);
    place->size = *target == '/' ? 0 : place->name - 1;
    return stand(walk);
}

/* The path ended at a directory that was walked through, or at the root. */
static long end_at_directory(struct walk *walk, enum union_last last) {
    struct union_place *place = walk->place;
    place->last = last;
    place->self = walk->here;
    place->parent_bind = place->bind;
    place->layer = place->bind < 0 ? mask_first(&walk->here) : NOWHERE;
    place->found = place->looked = true;
    place->name = place->size;
    struct spot spot;
    long result = spot_open(walk->u, place, place->layer, place->size, NULL, &spot);
    if (result < 0) return result;
    result = sys_stat(spot.dir, spot.path, &place->status, 0);
    spot_close(&spot);
    if (place->size) { /* what is above it, for those who change its attributes */
        while (place->guest[place->name - 1] != '/') place->name--;
        struct union_mask self = place->self;
        struct union_status status = place->status;
        const int layer = place->layer;
        place->parent_bind = bind_of(walk->u, place->guest, place->name - 1);
        if (result == 0 && place->parent_bind < 0) result = layers_of(walk->u, place, place->name - 1, &place->parent);
        place->self = self;
        place->status = status;
        place->layer = layer;
        place->found = true;
    }
    return result;
}

/* Whether the last name may be left to the caller's own system call. */
static bool is_left(const struct walk *walk) {
    const struct union_place *place = walk->place;
    if (!(walk->flags & UNION_LAZY) || walk->flags & UNION_DIRECTORY || place->slash) return false;
    if (place->bind >= 0) return !walk->u->binds[place->bind].magic;
    return mask_single(&walk->here) && walk->u->layers[mask_first(&walk->here)].encoding == UNION_PLAIN;
}

/* Deals with the last name, which has just been added. 1: it was a link; go on. */
static long arrive(struct walk *walk) {
    struct union_place *place = walk->place;
    place->last = UNION_NAME;
    if (is_left(walk)) {
        place->found = true;
        place->looked = false;
        place->layer = place->bind < 0 ? mask_first(&walk->here) : NOWHERE;
        return 0;
    }
    long result = look_for(walk->u, place, place->bind < 0 ? &walk->here : NULL);
    if (result < 0) return result;
    if (walk->flags & UNION_PARENT) return 0;
    if (walk->flags & UNION_CREATE && place->slash) return -EISDIR;
    if (!place->found) return walk->flags & UNION_CREATE ? 0 : -ENOENT;
    if (is_link(&place->status) && (place->slash || !(walk->flags & UNION_NOFOLLOW))) {
        result = follow(walk, true);
        place->magic = result == 1;
        return result < 0 ? result : !place->magic;
    }
    if ((place->slash || walk->flags & UNION_DIRECTORY) && !is_directory(&place->status)) return -ENOTDIR;
    return 0;
}

/* Goes through a name that is not the last. */
static long pass(struct walk *walk) {
    struct union_place *place = walk->place;
    if (place->bind < 0 && cache_get(walk->u, walk->generation, walk->hash, &walk->here)) return 0;
    long result = look_for(walk->u, place, place->bind < 0 ? &walk->here : NULL);
    if (result < 0) return result;
    if (!place->found) return -ENOENT;
    if (is_link(&place->status)) return follow(walk, false);
    if (!is_directory(&place->status)) return -ENOTDIR;
    if (place->bind >= 0) return 0;
    walk->here = place->self;
    cache_put(walk->u, walk->generation, walk->hash, &walk->here);
    return 0;
}

/* Adds a name to place->guest. */
static long add(struct walk *walk, const char *name, size_t size) {
    struct union_place *place = walk->place;
    if (size > NAME_MAX || place->size + 1 + size >= sizeof place->guest) return -ENAMETOOLONG;
    place->parent = walk->here;
    place->parent_bind = place->bind;
    place->name = place->size + 1;
    place->guest[place->size] = '/';
    bytes_copy(place->guest + place->name, name, size);
    walk->hash = hash_add(walk->hash, place->guest + place->size, size + 1);
    place->size += size + 1;
    if (bind_count(walk->u)) place->bind = bind_of(walk->u, place->guest, place->size);
    return 0;
}

static long go(struct walk *walk) {
    enum union_last last = UNION_ROOT;
    for (;;) {
        while (*walk->rest == '/') walk->rest++;
        if (!*walk->rest) return end_at_directory(walk, last);
        const char *name = walk->rest;
        size_t size = 0;
        while (name[size] && name[size] != '/') size++;
        walk->rest += size;
        long result = 0;
        if (is_text(name, size, ".")) {
            last = UNION_DOT;
        } else if (is_text(name, size, "..")) {
            last = UNION_DOTDOT;
            result = go_up(walk);
        } else {
            const char *next = walk->rest;
            while (*next == '/') next++;
            result = add(walk, name, size);
            if (result < 0) return result;
            if (!*next) {
                walk->place->slash = *walk->rest == '/';
                result = arrive(walk);
                if (result <= 0) return result;
                result = 0;
                last = UNION_ROOT; /* if the target is no more than "/" */
            } else {
                result = pass(walk);
            }
        }
        if (result < 0) return result;
    }
}

/* Where a relative path counts from. A directory of a lower that was removed, and maybe made anew, is not there any more. */
static long start(struct walk *walk, int dir) {
    struct union_place *place = walk->place;
    long result = stands_for(walk->u, place, dir);
    if (result == 0) {
        const int layer = place->layer;
        result = stand(walk);
        if (result == 0 && place->bind < 0 && !mask_has(&walk->here, layer)) result = -ENOENT;
    }
    return result == -ENOENT && !is_directory_fd(dir) ? -ENOTDIR : result;
}

long locate(const struct union_config *u, struct union_place *place) {
    struct spot spot;
    int layer = place->layer;
    if (!place->found && place->bind < 0) layer = mask_first(&place->parent);
    long result = spot_open(u, place, layer, place->size, NULL, &spot);
    place->guest[place->size] = 0;
    place->dir = result < 0 ? AT_FDCWD : spot.dir;
    place->path = spot.path;
    return result;
}

long walk_once(const struct union_config *u, struct union_place *place, int dir, const char *path, size_t size, unsigned flags) {
    struct walk walk = {.u = u, .place = place, .flags = flags, .hash = HASH_START};
    char *rest = place->rest + sizeof place->rest - size - 1;
    long result;
    place->size = place->name = 0;
    place->slash = place->magic = false;
    place->parent = place->self = walk.here;
    walk.generation = cache_generation(u);
    if (*path == '/') {
        result = stand(&walk);
    } else {
        result = start(&walk, dir);
    }
    bytes_copy(rest, path, size + 1);
    walk.rest = rest;
    if (result == 0) result = go(&walk);
    return result < 0 ? result : locate(u, place);
}

long resolve(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned flags) {
    const size_t size = text_size(path);
    long result;
    if (!size && flags & UNION_EMPTY) return dir == AT_FDCWD ? resolve(u, place, dir, ".", flags) : resolve_fd(u, place, dir);
    if (!size) return -ENOENT;
    if (size >= PATH_MAX) return -ENAMETOOLONG;
    /* A directory that was renamed or copied up while we walked may have shown us half of each. Under the lock nobody else does that where lowers matter. */
    for (int tries = 0;; tries++) {
        const uint64_t before = cache_generation(u);
        result = walk_once(u, place, dir, path, size, flags);
        if (place->lock >= 0 || tries == MOST_TRIES || cache_generation(u) == before) break;
        union_release(place);
    }
    if (result < 0 || !u->hidden || !u->hidden(place)) return result;
    union_release(place);
    return -EACCES;
}

long union_resolve(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned flags) {
    place->lock = -1;
    place->dir = AT_FDCWD;
    return resolve(u, place, dir, path, flags);
}

void union_release(struct union_place *place) {
    if (place->dir != AT_FDCWD) sys_close(place->dir);
    place->dir = AT_FDCWD;
}
