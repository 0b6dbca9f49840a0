/* Descriptors of the host as guests have them, back to guest paths. */
#include "inner.h"

/* Not /proc/self: a thread may have descriptors of its own, and the main thread may be gone. */
void union_name_of_fd(int fd, char name[UNION_FD_NAME]) {
    char *end = put_decimal(put_text(name, "/proc/self/task/"), (uint64_t)SYS(gettid, 0));
    put_decimal(put_text(end, "/fd/"), (uint64_t)fd);
}

/* Names of an aufs layer that are escaped become the guest's again. place->guest[0, size) is decoded as far as it goes. */
static long decode(const struct union_config *u, struct union_place *place, const char *host, size_t size) {
    char disk[DISK_NAME], name[DISK_NAME];
    size_t name_size;
    for (size_t from = 0, to; from < size; from = to) {
        for (to = from + 1; to < size && host[to] != '/';) to++;
        if (to - from - 1 > NAME_MAX) return -ENAMETOOLONG;
        bytes_copy(disk, host + from + 1, to - from - 1);
        disk[to - from - 1] = 0;
        bytes_copy(name, disk, to - from);
        name_size = to - from - 1;
        if (name_is_escaped(disk, name_size)) {
            struct spot spot;
            long parent = spot_open(u, place, place->layer, place->size, NULL, &spot);
            if (parent < 0) return parent;
            parent = sys_openat(spot.dir, spot.path, OPEN_PATH | O_DIRECTORY, 0);
            spot_close(&spot);
            if (parent < 0) return parent;
            enum entry_kind kind = name_from_disk((int)parent, disk, name, &name_size);
            sys_close(parent);
            if (kind != ENTRY_FILE) return -ENOENT;
        }
        if (place->size + name_size + 2 > sizeof place->guest) return -ENAMETOOLONG;
        place->guest[place->size] = '/';
        bytes_copy(place->guest + place->size + 1, name, name_size);
        place->size += name_size + 1;
    }
    return 0;
}

long union_detranslate(const struct union_config *u, struct union_place *place, const char *host, size_t size) {
    int layer = NOWHERE, bind = NOWHERE;
    size_t longest = 0;
    if (size == 1) size = 0; /* "/" */
    for (unsigned i = 0; i < u->layer_count; i++) {
        if (!is_within(host, size, u->layers[i].host, u->layers[i].size) || (layer >= 0 && u->layers[i].size <= longest)) continue;
        layer = (int)i;
        longest = u->layers[i].size;
    }
    for (unsigned i = 0; i < bind_count(u); i++) {
        if (u->binds[i].gone || !is_within(host, size, u->binds[i].host, u->binds[i].host_size) || ((layer >= 0 || bind >= 0) && u->binds[i].host_size < longest)) continue;
        bind = (int)i;
        longest = u->binds[i].host_size;
    }
    if (layer < 0 && bind < 0) return -EXDEV;
    const size_t before = bind >= 0 ? u->binds[bind].guest_size : 0;
    if (before + size - longest >= sizeof place->guest) return -ENAMETOOLONG;
    place->bind = bind;
    place->layer = bind >= 0 ? NOWHERE : layer;
    place->size = 0;
    if (bind < 0 && u->layers[layer].encoding == UNION_AUFS) return decode(u, place, host + longest, size - longest);
    if (bind >= 0) bytes_copy(place->guest, u->binds[bind].guest, before);
    bytes_copy(place->guest + before, host + longest, size - longest);
    place->size = before + size - longest;
    return 0;
}

/* What procfs says of a name that was removed. The file may have other names, or this may be its very name: then it is looked for, unless no name can be so long. */
static bool is_removed(int fd, const char *host, size_t size) {
    static const char deleted[] = " (deleted)";
    const size_t tail = sizeof deleted - 1;
    struct union_status status;
    size_t name = 0;
    if (size <= tail || !bytes_equal(host + size - tail, deleted, tail)) return false;
    while (name < size && host[size - name - 1] != '/') name++;
    return name > NAME_MAX || (sys_fstat(fd, &status) == 0 && status.nlink == 0);
}

long stands_for(const struct union_config *u, struct union_place *place, int fd) {
    char *host = place->host + UNION_PATH; /* decoding needs the first half */
    char name[UNION_FD_NAME];
    long size;
    if (fd == AT_FDCWD) {
        size = SYS(getcwd, host, UNION_PATH) - 1; /* with its zero */
        if (size < 0) return size + 1;
    } else {
        if (fd < 0) return -EBADF;
        union_name_of_fd(fd, name);
        size = SYS(readlinkat, AT_FDCWD, name, host, UNION_PATH);
        if (size < 0) return size == -ENOENT ? -EBADF : size;
        if (is_removed(fd, host, (size_t)size)) return -ENOENT;
    }
    if (size >= UNION_PATH) return -ENAMETOOLONG;
    return *host == '/' ? union_detranslate(u, place, host, (size_t)size) : -EXDEV;
}

long resolve_fd(const struct union_config *u, struct union_place *place, int fd) {
    struct union_status status;
    struct origin origin;
    struct spot spot;
    long result = stands_for(u, place, fd);
    if (result < 0) return result;
    const int layer = place->layer;
    place->guest[place->size] = 0;
    result = walk_once(u, place, AT_FDCWD, place->size ? place->guest : "/", place->size ? place->size : 1, UNION_NOFOLLOW);
    if (result == -ENOTDIR) result = -ENOENT;
    if (result < 0) return result;
    result = sys_fstat(fd, &status);
    if (result < 0 || place->bind >= 0) return result;
    if (is_directory(&place->status)) return mask_has(&place->self, layer) && is_directory(&status) ? 0 : -ENOENT;
    if (place->layer == layer) return status.ino == place->status.ino ? 0 : -ENOENT;
    if (layer == UPPER || place->layer != UPPER || spot_open(u, place, UPPER, place->size, NULL, &spot) < 0) return -ENOENT;
    bool same = origin_get(&spot, place->status.ino, &origin) && origin.origin == status.ino;
    spot_close(&spot);
    return same ? locate(u, place) : -ENOENT;
}

long union_behind(const struct union_config *u, struct union_place *place, int fd) {
    place->lock = -1;
    place->dir = AT_FDCWD;
    return resolve_fd(u, place, fd);
}
