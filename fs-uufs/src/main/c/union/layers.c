/* Single layers and binds: where a guest path is on the host, and which layers have it. */
#include "inner.h"

/* Appends guest[from, to) to a path of the host, each name as an aufs layer has it. 0: no room. */
static size_t put_escaped(char *host, size_t at, size_t room, const char *guest, size_t from, size_t to) {
    char disk[DISK_NAME];
    while (from < to) {
        size_t end = from + 1;
        while (end < to && guest[end] != '/') end++;
        size_t size = name_on_disk(UNION_AUFS, guest + from + 1, end - from - 1, disk);
        if (at + size + 2 > room) return 0;
        host[at++] = '/';
        bytes_copy(host + at, disk, size);
        at += size;
        from = end;
    }
    return at;
}

long spot_open(const struct union_config *u, struct union_place *place, int layer, size_t size, const char *extra, struct spot *spot) {
    const int index = layer < 0 ? bind_of(u, place->guest, size) : NOWHERE;
    if (layer < 0 && index < 0) return -ENOENT; /* it has gone meanwhile */
    const struct union_bind *bind = index >= 0 ? &u->binds[index] : NULL;
    const char *prefix = bind ? bind->host : u->layers[layer].host;
    size_t prefix_size = bind ? bind->host_size : u->layers[layer].size, from = bind ? bind->guest_size : 0, at = prefix_size;
    const size_t room = sizeof place->host;
    if (prefix_size + size - from + NAME_MAX + 2 > room) return -ENAMETOOLONG;
    bytes_copy(place->host, prefix, prefix_size);
    if (!bind && u->layers[layer].encoding == UNION_AUFS) {
        at = put_escaped(place->host, at, room - NAME_MAX - 2, place->guest, from, size);
        if (!at && size > from) return -ENAMETOOLONG;
    } else {
        bytes_copy(place->host + at, place->guest + from, size - from);
        at += size - from;
    }
    if (extra) {
        place->host[at++] = '/';
        at += (size_t)(put_text(place->host + at, extra) - (place->host + at));
    }
    if (!at) place->host[at++] = '/';
    place->host[at] = 0;
    *spot = (struct spot){AT_FDCWD, place->host};
    if (at < PATH_MAX) return 0;
    char *below = place->host + prefix_size;
    *below = 0; /* was the slash: the prefix alone is short enough */
    long dir = sys_openat(AT_FDCWD, prefix_size ? place->host : "/", OPEN_PATH | O_DIRECTORY, 0);
    *below = '/';
    if (dir < 0) return dir;
    *spot = (struct spot){(int)dir, below + 1};
    return 0;
}

void spot_close(const struct spot *spot) { sys_close(spot->dir); }

long spot_getxattr(const struct spot *spot, const char *name, void *value, size_t size) {
    if (spot->dir == AT_FDCWD) return SYS(lgetxattr, spot->path, name, value, size);
    char path[UNION_FD_NAME];
    long fd = sys_openat(spot->dir, spot->path, OPEN_PATH, 0);
    if (fd < 0) return fd;
    union_name_of_fd((int)fd, path);
    long result = SYS(getxattr, path, name, value, size);
    sys_close(fd);
    return result;
}

int bind_of(const struct union_config *u, const char *guest, size_t size) {
    int best = NOWHERE;
    const unsigned count = bind_count(u);
    for (unsigned i = 0; i < count; i++) {
        const struct union_bind *bind = &u->binds[i];
        if (!bind->gone && is_within(guest, size, bind->guest, bind->guest_size) && (best < 0 || bind->guest_size >= u->binds[best].guest_size)) best = (int)i;
    }
    return best;
}

bool bind_is_below(const struct union_config *u, const char *guest, size_t size) {
    const unsigned count = bind_count(u);
    for (unsigned i = 0; i < count; i++)
        if (!u->binds[i].gone && is_within(u->binds[i].guest, u->binds[i].guest_size, guest, size)) return true;
    return false;
}

static long look_in_bind(const struct union_config *u, struct union_place *place) {
    struct spot spot;
    long result = spot_open(u, place, NOWHERE, place->size, NULL, &spot);
    if (result < 0) return result;
    result = sys_stat(spot.dir, spot.path, &place->status, AT_SYMLINK_NOFOLLOW);
    spot_close(&spot);
    place->found = result == 0;
    return result == -ENOENT ? 0 : result;
}

long look_for(const struct union_config *u, struct union_place *place, const struct union_mask *in) {
    struct union_status status;
    place->found = false;
    place->looked = true;
    place->layer = NOWHERE;
    place->self = (struct union_mask){{0, 0}};
    if (!in) return look_in_bind(u, place);
    for (int layer = mask_first(in), next; layer >= 0; layer = next) {
        next = mask_next(in, layer);
        long look = look_in(u, place, layer, next >= 0, &status);
        if (look < 0) return look;
        if (look == LOOK_ABSENT) continue;
        if (look == LOOK_WHITEOUT) break;
        if (!place->found) {
            place->found = true;
            place->layer = layer;
            place->status = status;
        } else if (look == LOOK_OTHER) {
            break; /* a file below a directory ends it */
        }
        if (look == LOOK_OTHER) break;
        mask_add(&place->self, layer);
        if (look == LOOK_OPAQUE) break;
    }
    return 0;
}

long layers_of(const struct union_config *u, struct union_place *place, size_t size, struct union_mask *mask) {
    const size_t whole = place->size;
    uint64_t generation = cache_generation(u), hash = HASH_START;
    struct union_mask here = {{0, 0}};
    long result = 0;
    for (unsigned i = 0; i < u->layer_count; i++) mask_add(&here, (int)i);
    for (size_t from = 0, to; from < size && result == 0; from = to) {
        for (to = from + 1; to < size && place->guest[to] != '/';) to++;
        hash = hash_add(hash, place->guest + from, to - from);
        if (cache_get(u, generation, hash, &here)) continue;
        place->size = to;
        result = look_for(u, place, &here);
        if (result == 0 && !place->found) result = -ENOENT;
        if (result == 0 && !is_directory(&place->status)) result = -ENOTDIR;
        if (result < 0) break;
        here = place->self;
        cache_put(u, generation, hash, &here);
    }
    place->size = whole;
    *mask = here;
    return result;
}

/* For kernels without openat2: one name after the other. */
static long enter_slowly(const struct union_config *u, const struct union_place *place, int bind, size_t size) {
    char disk[DISK_NAME];
    const char *base = bind < 0 ? u->layers[UPPER].host : u->binds[bind].host;
    const enum union_encoding encoding = bind < 0 ? u->layers[UPPER].encoding : UNION_PLAIN;
    long dir = sys_openat(AT_FDCWD, *base ? base : "/", OPEN_PATH | O_DIRECTORY, 0);
    for (size_t from = bind < 0 ? 0 : u->binds[bind].guest_size, to; from < size && dir >= 0; from = to) {
        for (to = from + 1; to < size && place->guest[to] != '/';) to++;
        name_on_disk(encoding, place->guest + from + 1, to - from - 1, disk);
        long next = sys_openat((int)dir, disk, OPEN_PATH | O_DIRECTORY, 0);
        sys_close(dir);
        dir = next;
    }
    return dir;
}

long enter(const struct union_config *u, struct union_place *place, size_t size) {
    const int bind = bind_of(u, place->guest, size);
    struct spot spot;
    struct open_how how = {.flags = OPEN_PATH | O_DIRECTORY, .resolve = RESOLVE_NO_SYMLINKS};
    long result = spot_open(u, place, bind < 0 ? UPPER : NOWHERE, size, NULL, &spot);
    if (result < 0) return result;
    result = SYS(openat2, spot.dir, spot.path, &how, sizeof how);
    spot_close(&spot);
    if (result == -ENOSYS || result == -EPERM) result = enter_slowly(u, place, bind, size);
    return result == -ELOOP ? -ENOTDIR : result;
}

void last_on_disk(const struct union_config *u, const struct union_place *place, char disk[DISK_NAME]) {
    name_on_disk(place->parent_bind >= 0 ? UNION_PLAIN : u->layers[UPPER].encoding, place->guest + place->name, place->size - place->name, disk);
}
