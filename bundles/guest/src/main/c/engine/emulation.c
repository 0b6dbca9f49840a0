#include "emulation.h"

#include "engine.h"

/* ---- credentials: sets have numbers and never change, so what was read once is kept. */

enum { KEPT = 16, FREE = 0, FILLING, READY };
static struct {
    uint8_t state;
    long number;
    struct root_credentials credentials;
} kept[KEPT];

static const struct root_credentials *recall(long number) {
    for (int i = 0; i < KEPT; i++)
        if (__atomic_load_n(&kept[i].state, __ATOMIC_ACQUIRE) == READY && kept[i].number == number) return &kept[i].credentials;
    return NULL;
}

static void keep(long number, const struct root_credentials *credentials) {
    for (int i = 0; i < KEPT; i++) {
        uint8_t state = FREE;
        if (!__atomic_compare_exchange_n(&kept[i].state, &state, FILLING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) continue;
        kept[i].number = number;
        kept[i].credentials = *credentials;
        __atomic_store_n(&kept[i].state, READY, __ATOMIC_RELEASE);
        return;
    }
}

void find_caller(struct call *call, struct caller *caller) {
    caller->emulated = engine.full;
    if (!caller->emulated) return;
    const long number = root_book_marked(0);
    caller->credentials = number >= 0 ? recall(number) : NULL;
    if (!caller->credentials) {
        if (number < 0 || root_book_get(engine.config->book, number, &caller->room, scratch_of(call)->text) < 0) root_first(&caller->room, 0, 0, NULL, 0, ROOT_ALL_CAPABILITIES);
        else keep(number, &caller->room);
        caller->credentials = &caller->room;
    }
    caller->who = root_who(caller->credentials);
    caller->real = root_who_real(caller->credentials);
    caller->almighty = root_almighty(&caller->who);
}

long become(struct call *call, const struct root_credentials *credentials) {
    const long number = root_book_add(engine.config->book, credentials, scratch_of(call)->text);
    return number < 0 ? number : root_book_mark(0, number);
}

/* ---- files */

/* What is bound has no part in the side table, whose keys are inodes of the tree's file system. */
const struct root_place *owners_at(const struct union_place *place) {
    if (place->bind < 0) return &engine.place;
    const struct union_bind *bind = &engine.tree.binds[place->bind];
    const char *own = engine.config->own;
    return bind->magic || (own && begins(bind->host, bind->host_size, own)) ? &engine.own : &engine.volume;
}

const struct root_place *owners_of(struct call *call, int fd) {
    struct union_place *place = &scratch_of(call)->other;
    if (union_behind(&engine.tree, place, fd) < 0) return &engine.place;
    union_release(place);
    return owners_at(place);
}

/* ---- lower layers, whose owners nobody changes: what their images say is mapped when it is first asked for. Two threads that do so at once map the same. */

static struct root_index indexes[UNION_LAYERS];
static struct root_lowers lowers;
static uint8_t lowers_ready;

static const struct root_lowers *lowers_of(void) {
    if (__atomic_load_n(&lowers_ready, __ATOMIC_ACQUIRE)) return &lowers;
    root_lowers_map(&lowers, indexes, engine.config->indexes + 1, engine.tree.layer_count - 1, &engine.place); /* without the upper */
    __atomic_store_n(&lowers_ready, 1, __ATOMIC_RELEASE);
    return &lowers;
}

static long copied_up(void *data, unsigned layer, const char *guest, int fd) {
    (void)data;
    struct root_union in = {.lowers = lowers_of(), .upper = &engine.place};
    return root_union_copied(&in, layer, guest, fd);
}

void emulate_copying(void) { engine.tree.copied = copied_up; }

static bool is_lower(const struct union_place *place) { return place->bind < 0 && place->layer > 0; }

static void look_lower(const struct union_place *place, const struct root_host *host, struct root_node *node) {
    char path[PATH_ROOM];
    const size_t skip = place->size ? 1 : 0; /* the slash */
    bytes_copy(path, place->guest + skip, place->size - skip);
    path[place->size - skip] = 0;
    *node = root_look_lower(lowers_of(), (unsigned)place->layer - 1, path, host);
}

/* On the tree's own device inode numbers are one of a kind, so the table of the tree is right for a volume there as well, unless what is unknown there belongs to somebody else. */
const struct root_place *owners_seen(struct call *call, int fd, uint64_t device) {
    const bool root = !engine.volume.uid && !engine.volume.gid;
    return root && device == engine.config->upper_device ? &engine.place : owners_of(call, fd);
}

long node_seen(struct call *call, int fd, uint64_t device, const struct root_host *host, struct root_node *node) {
    struct union_place *place = &scratch_of(call)->other;
    const struct root_file file = {fd, NULL};
    if (engine.tree.layer_count == 1) return root_look(owners_seen(call, fd, device), &file, host, node);
    if (union_behind(&engine.tree, place, fd) < 0) return root_look(&engine.place, &file, host, node);
    union_release(place);
    if (!is_lower(place)) return root_look(owners_at(place), &file, host, node);
    look_lower(place, host, node);
    return 0;
}

struct root_file file_of(const struct union_place *place) { return (struct root_file){place->dir, place->path}; }

struct root_host host_of(const struct union_status *status) {
    return (struct root_host){status->mode, status->uid, status->gid, (uint32_t)status->nlink, status->ino};
}

/* Of a process's node in /proc, who that process is. */
static void node_of_process(const struct union_place *place, struct root_node *node) {
    struct root_credentials credentials;
    char text[ROOT_TEXT];
    const long pid = process_at(place);
    if (pid <= 0 || root_book_who(engine.config->book, (int)pid, &credentials, text) < 0) return;
    node->uid = credentials.user.effective;
    node->gid = credentials.group.effective;
}

long node_as(const struct union_place *place, const struct root_host *host, struct root_node *node) {
    const struct root_file file = file_of(place);
    const bool process = place->bind >= 0 && engine.tree.binds[place->bind].magic;
    if (is_lower(place) && !place->magic) {
        look_lower(place, host, node);
        return 0;
    }
    if (!place->magic && !process) return root_look(owners_at(place), &file, host, node);
    *node = root_plain(&engine.place, host);
    if (process && host->uid == engine.config->host_uid) node_of_process(place, node);
    return 0;
}

long node_of(const struct union_place *place, struct root_node *node) {
    const struct root_host host = host_of(&place->status);
    return node_as(place, &host, node);
}

/* The directory guest[0, size) of a place, by a walk of its own: what is above a mount point is not above what is mounted. */
static long look_above(struct call *call, const struct union_place *place, size_t size, struct root_node *node) {
    struct union_place *above = (struct union_place *)scratch_of(call)->text;
    _Static_assert(sizeof *above <= sizeof((struct scratch *)0)->text, "there is room for a third place");
    char path[PATH_ROOM];
    bytes_copy(path, place->guest, size);
    path[size] = 0;
    long result = union_resolve(&engine.tree, above, AT_FDCWD, size ? path : "/", UNION_NOFOLLOW);
    if (result < 0) return result;
    result = node_of(above, node);
    union_release(above);
    return result;
}

static size_t above(const struct union_place *place, size_t size) {
    while (size && place->guest[--size] != '/') {}
    return size;
}

long parent_of(struct call *call, const struct union_place *place, struct root_node *node) { return look_above(call, place, above(place, place->size), node); }

/* Only for guests that are not root: each directory costs two system calls. */
long may_search(const struct caller *caller, struct call *call, const struct union_place *place, bool real) {
    const struct root_who *who = real ? &caller->real : &caller->who;
    if (!caller->emulated || root_almighty(who) || place->magic) return 0;
    for (size_t size = place->size; size;) {
        struct root_node node;
        size = above(place, size);
        long result = look_above(call, place, size, &node);
        if (result == 0) result = root_may(who, &node, ROOT_EXECUTE);
        if (result < 0) return result;
    }
    return 0;
}

long may(const struct caller *caller, struct call *call, const struct union_place *place, unsigned want, bool real) {
    struct root_node node;
    if (!caller->emulated) return 0;
    long result = node_of(place, &node);
    if (result == 0) result = may_search(caller, call, place, real);
    return result < 0 ? result : root_may(real ? &caller->real : &caller->who, &node, want);
}

long may_create(const struct caller *caller, struct call *call, const struct union_place *place) {
    struct root_node parent;
    if (!caller->emulated || caller->almighty) return 0;
    long result = may_search(caller, call, place, false);
    if (result == 0) result = parent_of(call, place, &parent);
    return result < 0 ? result : root_may_create(&caller->who, &parent);
}

long may_remove(const struct caller *caller, struct call *call, const struct union_place *place) {
    struct root_node parent, node;
    if (!caller->emulated || caller->almighty) return 0;
    long result = may_search(caller, call, place, false);
    if (result == 0) result = parent_of(call, place, &parent);
    if (result == 0) result = node_of(place, &node);
    return result < 0 ? result : root_may_remove(&caller->who, &parent, &node);
}

/* What umask took from the permissions is seen on what was made. Set-id bits and devices cannot be on disk. */
static long settle_new(const struct caller *caller, const struct root_place *owners, const struct root_node *parent, const struct root_file *file, uint32_t mode, uint64_t device) {
    struct root_host host;
    struct root_node node;
    int error = root_host(file, &host);
    if (error) return error;
    const uint32_t asked = S_ISLNK(mode) ? mode : (mode & ~0777u) | (host.mode & 0777);
    error = root_new_node(&caller->who, parent, asked, 0, device, &node);
    if (error) return error;
    const struct root_node plain = root_plain(owners, &host);
    if (root_same(&plain, &node) && root_disk_mode(host.mode, &node) == host.mode) return 0;
    return root_made(owners, file, &node);
}

long made(struct call *call, const struct caller *caller, int dir, const char *path, uint32_t mode, uint64_t device) {
    struct union_place *place = &scratch_of(call)->place;
    struct root_node parent;
    if (!caller->emulated) return 0;
    long result = union_resolve(&engine.tree, place, dir, path, UNION_NOFOLLOW);
    if (result == 0) result = parent_of(call, place, &parent);
    const struct root_file file = file_of(place);
    if (result == 0) result = settle_new(caller, owners_at(place), &parent, &file, mode, device);
    union_release(place);
    return result;
}

long made_open(const struct caller *caller, const struct root_place *owners, const struct root_node *parent, int fd, uint32_t mode) {
    const struct root_file file = {fd, NULL};
    return settle_new(caller, owners, parent, &file, mode, 0);
}
