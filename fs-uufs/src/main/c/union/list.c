/* Reading directories.
 *
 * A merged list is a table of chains at the end of the caller's memory (found by hash, linked through `next`) and records from its front; both meet when there is too little.
 * While it is made, a record of inode number 0 is a whiteout. At last whiteouts are taken out, and `next` becomes the position that a guest sees: the number of the record.
 */
#include "inner.h"

enum { OPEN_QUESTION = 0x80 }; /* in the `type` of an upper's directory: no lower's entry of that name was met so far */
enum { RECORD_HEAD = 19, NO_RECORD = 0, WORST_RECORD = RECORD_HEAD + NAME_MAX + 1 + 8 };

struct listing {
    const struct union_config *u;
    struct union_place *place;
    struct union_list *list;
    uint32_t *heads; /* offset of a chain's first record, plus one */
    size_t head_count, room;
    int layer, fd;
    bool impure; /* the upper's directory has copies */
};

static struct sys_entry *record_at(const struct listing *listing, uint64_t offset) { return (struct sys_entry *)(void *)(listing->list->memory + offset - 1); }

static struct sys_entry *find(const struct listing *listing, const char *name, size_t size, uint32_t **head) {
    *head = &listing->heads[hash_add(HASH_START, name, size) % listing->head_count];
    for (uint64_t at = **head; at != NO_RECORD;) {
        struct sys_entry *record = record_at(listing, at);
        if (is_text(record->name, text_size(record->name), name)) return record;
        at = (uint64_t)record->next;
    }
    return NULL;
}

/* The inode number that stat tells for something of the upper's, in a directory that is marked as having copies: see identity.c. */
static uint64_t number_of_copy(int fd, const struct sys_entry *entry) {
    struct origin origin;
    char path[UNION_FD_NAME + DISK_NAME];
    if (entry->type != SYS_DT_REG && entry->type != 0) return entry->ino;
    union_name_of_fd(fd, path);
    put_text(put_text(path + text_size(path), "/"), entry->name);
    const struct spot spot = {AT_FDCWD, path};
    return origin_get(&spot, entry->ino, &origin) && origin.links == 1 ? origin.origin : entry->ino;
}

/* A directory of the upper's that is merged with one of a lower's is known by the number of the latter. */
static void adopt_number(struct listing *listing, struct sys_entry *record, const struct sys_entry *entry) {
    struct union_place *place = listing->place;
    const size_t size = place->size, length = text_size(record->name);
    struct union_status status;
    if (entry->type != SYS_DT_DIR || size + 1 + length >= sizeof place->guest) return;
    place->guest[size] = '/';
    bytes_copy(place->guest + size + 1, record->name, length);
    place->size = size + 1 + length;
    if (look_in(listing->u, place, UPPER, true, &status) == LOOK_DIRECTORY && status.ino == record->ino) record->ino = entry->ino;
    place->size = size;
}

static bool is_whiteout_entry(int fd, const struct sys_entry *entry) {
    struct union_status status;
    if (entry->type != SYS_DT_CHR && entry->type != 0) return false;
    return sys_stat(fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.mode) && status.rdev == 0;
}

/* A name that an upper layer has as well: the first such tells whether that one's directory is merged. */
static void meet(struct listing *listing, struct sys_entry *record, const struct sys_entry *entry, enum entry_kind kind) {
    if (!(record->type & OPEN_QUESTION)) return;
    record->type &= (uint8_t)~OPEN_QUESTION;
    if (kind == ENTRY_FILE) adopt_number(listing, record, entry);
}

static struct sys_entry *append(struct listing *listing, uint32_t *head, const char *name, size_t size) {
    struct union_list *list = listing->list;
    if (list->used + WORST_RECORD > listing->room) return NULL;
    struct sys_entry *record = (struct sys_entry *)(void *)(list->memory + list->used);
    record->next = *head;
    record->size = (uint16_t)((RECORD_HEAD + size + 1 + 7) & ~(size_t)7);
    bytes_copy(record->name, name, size);
    bytes_zero(record->name + size, record->size - RECORD_HEAD - size);
    *head = (uint32_t)(list->used + 1);
    list->used += record->size;
    return record;
}

static long add(struct listing *listing, const struct sys_entry *entry) {
    const enum union_encoding encoding = listing->u->layers[listing->layer].encoding;
    const bool upper = listing->layer == UPPER;
    char decoded[DISK_NAME];
    const char *name = entry->name;
    size_t size = text_size(name);
    enum entry_kind kind = ENTRY_FILE;
    uint32_t *head;
    if (encoding == UNION_AUFS && name_is_escaped(name, size)) {
        kind = name_from_disk(listing->fd, entry->name, decoded, &size);
        name = decoded;
    } else if (encoding == UNION_OVERLAY && is_whiteout_entry(listing->fd, entry)) {
        kind = ENTRY_WHITEOUT;
    }
    if (kind == ENTRY_NONE) return 0;
    struct sys_entry *record = find(listing, name, size, &head);
    /* In one layer of aufs a name may be both whited out and there, in any order. For a whiteout `type` is its layer, plus one. */
    const bool revived = record && record->ino == 0 && kind == ENTRY_FILE && record->type == listing->layer + 1;
    if (record && !revived) {
        meet(listing, record, entry, kind);
        return 0;
    }
    if (!record) record = append(listing, head, name, size);
    if (!record) return -ENOSPC;
    record->ino = kind == ENTRY_WHITEOUT ? 0 : upper && listing->impure ? number_of_copy(listing->fd, entry) : entry->ino;
    record->type = kind == ENTRY_WHITEOUT ? (uint8_t)(listing->layer + 1) : entry->type;
    if (upper && kind == ENTRY_FILE && entry->type == SYS_DT_DIR) record->type |= OPEN_QUESTION;
    return 0;
}

static long add_layer(struct listing *listing) {
    char *buffer = listing->place->rest;
    struct spot spot;
    char value[2];
    long got, result = spot_open(listing->u, listing->place, listing->layer, listing->place->size, NULL, &spot);
    if (result < 0) return result;
    listing->impure = listing->layer == UPPER && spot_getxattr(&spot, IMPURE, value, sizeof value) > 0;
    long fd = sys_open_quietly(spot.dir, spot.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    spot_close(&spot);
    if (fd < 0) return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd; /* removed meanwhile */
    listing->fd = (int)fd;
    do {
        got = SYS(getdents64, fd, buffer, sizeof listing->place->rest);
        for (long at = 0; at < got && result == 0;) {
            const struct sys_entry *entry = (const struct sys_entry *)(void *)(buffer + at);
            at += entry->size;
            result = add(listing, entry);
        }
    } while (got > 0 && result == 0);
    sys_close(fd);
    return result < 0 ? result : got;
}

/* `.` and `..` as stat tells them. */
static void name_self(struct listing *listing, uint64_t self, uint64_t parent) {
    uint32_t *head;
    struct sys_entry *record = find(listing, ".", 1, &head);
    if (record) record->ino = self;
    record = find(listing, "..", 2, &head);
    if (record) record->ino = parent;
}

static void finish(struct union_list *list) {
    size_t out = 0;
    int64_t number = 0;
    for (size_t at = 0, next; at < list->used; at = next) {
        struct sys_entry *record = (struct sys_entry *)(void *)(list->memory + at);
        next = at + record->size;
        if (!record->ino) continue;
        record->next = ++number;
        record->type &= (uint8_t)~OPEN_QUESTION;
        const size_t size = record->size;
        bytes_move(list->memory + out, list->memory + at, size);
        out += size;
    }
    list->used = out;
}

/* The number of the directory above; place is the latter then. */
static uint64_t number_above(const struct union_config *u, struct union_place *place) {
    struct spot spot;
    if (place->size == 0) return place->status.ino;
    place->size = place->name - 1;
    place->self = place->parent;
    place->bind = place->parent_bind;
    place->layer = place->bind < 0 ? mask_first(&place->self) : NOWHERE;
    if (spot_open(u, place, place->layer, place->size, NULL, &spot) < 0) return place->status.ino;
    sys_stat(spot.dir, spot.path, &place->status, AT_SYMLINK_NOFOLLOW);
    spot_close(&spot);
    identify(u, place);
    return place->status.ino;
}

long union_list(const struct union_config *u, struct union_place *place, int fd, struct union_list *list) {
    struct listing listing = {.u = u, .place = place, .list = list};
    long result = union_behind(u, place, fd);
    union_release(place);
    if (result < 0) return result;
    if (!is_directory(&place->status)) return -ENOTDIR;
    listing.head_count = list->size / 128;
    listing.room = (list->size - listing.head_count * sizeof *listing.heads) & ~(size_t)7;
    if (listing.head_count == 0 || list->size >= UINT32_MAX) return -ENOSPC;
    listing.heads = (uint32_t *)(void *)(list->memory + listing.room);
    bytes_zero(listing.heads, listing.head_count * sizeof *listing.heads);
    list->used = 0;
    const struct union_mask self = place->self;
    for (listing.layer = mask_first(&self); listing.layer >= 0 && result == 0; listing.layer = mask_next(&self, listing.layer)) result = add_layer(&listing);
    if (result < 0) return result;
    identify(u, place);
    const uint64_t number = place->status.ino;
    name_self(&listing, number, number_above(u, place));
    finish(list);
    return 0;
}

long union_list_read(const struct union_list *list, uint64_t position, void *buffer, size_t size) {
    size_t at = 0, out = 0;
    for (uint64_t skip = position; skip && at < list->used; skip--) at += ((const struct sys_entry *)(const void *)(list->memory + at))->size;
    while (at < list->used) {
        const struct sys_entry *record = (const struct sys_entry *)(const void *)(list->memory + at);
        if (out + record->size > size) return out ? (long)out : -EINVAL;
        bytes_copy((char *)buffer + out, record, record->size);
        out += record->size;
        at += record->size;
    }
    return (long)out;
}

long union_merged(const struct union_config *u, struct union_place *place, int fd) {
    long result = union_behind(u, place, fd);
    union_release(place);
    if (result == -EXDEV) return 0;
    if (result < 0) return is_directory_fd(fd) ? result : -ENOTDIR;
    if (place->bind >= 0 || mask_empty(&place->self)) return 0;
    return !mask_single(&place->self) || (mask_has(&place->self, UPPER) && u->layers[UPPER].encoding == UNION_AUFS);
}

long union_filter(const struct union_config *u, struct union_place *place, int fd, void *buffer, size_t size) {
    char *memory = buffer, value[2];
    size_t out = 0;
    long result = stands_for(u, place, fd);
    if (result < 0 || place->bind >= 0 || u->layers[place->layer].encoding == UNION_PLAIN) return (long)size;
    const enum union_encoding encoding = u->layers[place->layer].encoding;
    const bool impure = place->layer == UPPER && SYS(fgetxattr, fd, IMPURE, value, sizeof value) > 0;
    for (size_t at = 0, next; at < size; at = next) {
        struct sys_entry *entry = (struct sys_entry *)(void *)(memory + at);
        next = at + entry->size;
        if (encoding == UNION_AUFS ? name_is_escaped(entry->name, text_size(entry->name)) : is_whiteout_entry(fd, entry)) continue;
        if (impure) entry->ino = number_of_copy(fd, entry);
        bytes_move(memory + out, memory + at, next - at);
        out += next - at;
    }
    return (long)out;
}
