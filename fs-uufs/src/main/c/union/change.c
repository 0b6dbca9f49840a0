/* What changes begin with: finding out whether lowers matter, and if so keeping others out meanwhile.
 *
 * Where the directory above is the upper's alone (or a bind's), a change of a name is one system call, as atomic as the kernel makes it. Where lowers show through, it may take
 * several: then the lock of the union is held, and the path was resolved under it.
 */
#include "inner.h"

bool is_pure(const struct union_config *u, const struct union_place *place) {
    (void)u;
    return place->parent_bind >= 0 || (mask_has(&place->parent, UPPER) && mask_single(&place->parent));
}

bool is_read_only(const struct union_config *u, const struct union_place *place) {
    return place->parent_bind >= 0 ? u->binds[place->parent_bind].read_only : !u->writable;
}

bool is_mount_point(const struct union_config *u, const struct union_place *place) { return place->bind >= 0 && u->binds[place->bind].guest_size == place->size; }

long resolve_change(const struct union_config *u, struct union_place *place, int dir, const char *path) {
    place->lock = -1;
    place->dir = AT_FDCWD;
    long result = resolve(u, place, dir, path, UNION_PARENT);
    if (result < 0 || place->last != UNION_NAME || is_pure(u, place) || is_read_only(u, place)) return result; /* what is no name is refused */
    union_release(place);
    result = lock_take(u, place);
    return result < 0 ? result : resolve(u, place, dir, path, UNION_PARENT);
}

void release_change(struct union_place *place) {
    lock_drop(place);
    union_release(place);
}

/* What place found, to be put back after it was used to look elsewhere. */
struct finding {
    size_t size;
    struct union_mask self;
    struct union_status status;
    int layer;
    bool found;
};

static void keep(const struct union_place *place, struct finding *finding) {
    *finding = (struct finding){place->size, place->self, place->status, place->layer, place->found};
}

static void put_back(struct union_place *place, const struct finding *finding) {
    place->size = finding->size;
    place->self = finding->self;
    place->status = finding->status;
    place->layer = finding->layer;
    place->found = finding->found;
    place->guest[place->size] = 0;
}

long is_below(const struct union_config *u, struct union_place *place) {
    if (place->parent_bind >= 0) return 0;
    struct finding finding;
    struct union_mask lowers = place->parent;
    keep(place, &finding);
    mask_drop(&lowers, UPPER);
    long result = look_for(u, place, &lowers);
    if (result == 0) result = place->found;
    put_back(place, &finding);
    return result;
}

/* Whether an entry of one layer of the directory place->guest[0, size) shows in the union. */
static long is_shown(const struct union_config *u, struct union_place *place, const struct union_mask *self, enum union_encoding encoding, int fd, const char *disk) {
    char name[DISK_NAME];
    const size_t at = place->size;
    size_t size = text_size(disk);
    if (is_text(disk, size, ".") || is_text(disk, size, "..")) return 0;
    if (encoding == UNION_AUFS && name_from_disk(fd, disk, name, &size) != ENTRY_FILE) return 0;
    if (encoding != UNION_AUFS) bytes_copy(name, disk, size + 1);
    if (at + size + 2 > sizeof place->guest) return 1; /* cannot be looked at, but is there */
    place->guest[at] = '/';
    bytes_copy(place->guest + at + 1, name, size);
    place->size = at + 1 + size;
    long result = look_for(u, place, self);
    place->size = at;
    return result < 0 ? result : place->found;
}

static long shows(const struct union_config *u, struct union_place *place, const struct union_mask *self, int layer) {
    char buffer[512] __attribute__((aligned(8)));
    struct spot spot;
    long result = spot_open(u, place, layer, place->size, NULL, &spot), got;
    if (result < 0) return result;
    long fd = sys_open_quietly(spot.dir, spot.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    spot_close(&spot);
    if (fd < 0) return fd;
    result = 0;
    do {
        got = SYS(getdents64, fd, buffer, sizeof buffer);
        if (got < 0) result = got;
        for (long at = 0; at < got && result == 0;) {
            const struct sys_entry *entry = (const struct sys_entry *)(buffer + at);
            at += entry->size;
            result = is_shown(u, place, self, u->layers[layer].encoding, (int)fd, entry->name);
        }
    } while (got > 0 && result == 0);
    sys_close(fd);
    return result;
}

long is_empty(const struct union_config *u, struct union_place *place) {
    struct finding finding;
    long result = 0;
    keep(place, &finding);
    for (int layer = mask_first(&finding.self); layer >= 0 && result == 0; layer = mask_next(&finding.self, layer)) result = shows(u, place, &finding.self, layer);
    put_back(place, &finding);
    return result < 0 ? result : !result;
}

long enter_parent(const struct union_config *u, struct union_place *place, char disk[DISK_NAME]) {
    const char *name = place->guest + place->name;
    const size_t size = place->size - place->name;
    long result = place->parent_bind < 0 ? copy_up_parents(u, place) : 0;
    if (result < 0) return result;
    result = enter(u, place, place->name - 1);
    if (result < 0) return result;
    last_on_disk(u, place, disk);
    if (place->parent_bind < 0 && u->layers[UPPER].encoding == UNION_AUFS && name_is_escaped(name, size)) {
        long noted = name_note(u, (int)result, name, size);
        if (noted < 0) {
            sys_close(result);
            return noted;
        }
    }
    return result;
}

long open_object(const struct union_config *u, struct union_place *place, int flags) {
    char disk[DISK_NAME];
    if (is_mount_point(u, place)) return sys_openat(place->dir, place->path, flags | O_NOFOLLOW, 0);
    long parent = enter(u, place, place->size ? place->name - 1 : 0), result;
    if (parent < 0) return parent == -ENOENT || parent == -ENOTDIR ? -EMOVED : parent;
    if (!place->size) put_text(disk, ".");
    else last_on_disk(u, place, disk);
    result = sys_openat((int)parent, disk, (flags & ~(O_CREAT | O_EXCL)) | O_NOFOLLOW, 0);
    sys_close(parent);
    return result == -ENOENT || (result == -ELOOP && !is_link(&place->status)) ? -EMOVED : result;
}
