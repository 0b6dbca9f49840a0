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

struct root_file file_of(const struct union_place *place) { return (struct root_file){place->dir, place->path}; }

static struct root_host host_of(const struct union_status *status) {
    return (struct root_host){status->mode, status->uid, status->gid, (uint32_t)status->nlink, status->ino};
}

/* Of a process's node in /proc, who that process is. */
static void node_of_process(const struct union_place *place, struct root_node *node) {
    struct root_credentials credentials;
    char text[ROOT_TEXT];
    const struct union_bind *bind = &engine.tree.binds[place->bind];
    long pid = 0;
    for (const char *at = place->guest + bind->guest_size + 1; *at >= '0' && *at <= '9' && pid < 100000000; at++) pid = pid * 10 + *at - '0';
    if (!pid || root_book_who(engine.config->book, (int)pid, &credentials, text) < 0) return;
    node->uid = credentials.user.effective;
    node->gid = credentials.group.effective;
}

long node_as(const struct union_place *place, const struct root_host *host, struct root_node *node) {
    const struct root_file file = file_of(place);
    const bool process = place->bind >= 0 && engine.tree.binds[place->bind].magic;
    if (!place->magic && !process) return root_look(&engine.place, &file, host, node);
    *node = root_plain(&engine.place, host);
    if (process && host->uid == engine.config->host_uid) node_of_process(place, node);
    return 0;
}

long node_of(const struct union_place *place, struct root_node *node) {
    const struct root_host host = host_of(&place->status);
    return node_as(place, &host, node);
}

static long look_at(const char *path, struct root_node *node) {
    const struct root_file file = {AT_FDCWD, path};
    struct root_host host;
    int error = root_host(&file, &host);
    return error ? error : root_look(&engine.place, &file, &host, node);
}

/* Above a place whose path is too long for the kernel, nobody is asked. */
static long directory_of(const struct union_place *place, char *room) {
    if (place->dir != AT_FDCWD || *place->path != '/') return -ENAMETOOLONG;
    size_t size = text_size(place->path);
    while (size && place->path[size - 1] == '/') size--;
    while (size && place->path[size - 1] != '/') size--;
    bytes_copy(room, place->path, size);
    room[size > 1 ? size - 1 : size] = 0;
    return 0;
}

long parent_of(struct call *call, const struct union_place *place, struct root_node *node) {
    char *path = scratch_of(call)->text;
    if (directory_of(place, path) < 0) {
        *node = (struct root_node){.mode = S_IFDIR | 0755};
        return 0;
    }
    return look_at(path, node);
}

/* Only for guests that are not root: each directory costs two system calls. */
long may_search(const struct caller *caller, struct call *call, const struct union_place *place, bool real) {
    const struct root_who *who = real ? &caller->real : &caller->who;
    char *path = scratch_of(call)->text;
    if (!caller->emulated || root_almighty(who) || directory_of(place, path) < 0) return 0;
    const size_t top = place->bind >= 0 ? engine.tree.binds[place->bind].host_size : engine.tree.layers[place->layer < 0 ? 0 : place->layer].size;
    for (;;) {
        struct root_node node;
        size_t size = text_size(path);
        long result = look_at(path, &node);
        if (result == 0) result = root_may(who, &node, ROOT_EXECUTE);
        if (result < 0 || size <= top) return result;
        while (size && path[size - 1] != '/') size--;
        if (size) path[size - 1] = 0;
        if (size <= 1) return 0;
    }
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
static long settle_new(const struct caller *caller, const struct root_node *parent, const struct root_file *file, uint32_t mode, uint64_t device) {
    struct root_host host;
    struct root_node node;
    int error = root_host(file, &host);
    if (error) return error;
    const uint32_t asked = S_ISLNK(mode) ? mode : (mode & ~0777u) | (host.mode & 0777);
    error = root_new_node(&caller->who, parent, asked, 0, device, &node);
    if (error) return error;
    const struct root_node plain = root_plain(&engine.place, &host);
    if (root_same(&plain, &node) && root_disk_mode(host.mode, &node) == host.mode) return 0;
    return root_made(&engine.place, file, &node);
}

long made(struct call *call, const struct caller *caller, int dir, const char *path, uint32_t mode, uint64_t device) {
    struct union_place *place = &scratch_of(call)->place;
    struct root_node parent;
    if (!caller->emulated) return 0;
    long result = union_resolve(&engine.tree, place, dir, path, UNION_NOFOLLOW);
    if (result == 0) result = parent_of(call, place, &parent);
    const struct root_file file = file_of(place);
    if (result == 0) result = settle_new(caller, &parent, &file, mode, device);
    union_release(place);
    return result;
}

long made_open(const struct caller *caller, const struct root_node *parent, int fd, uint32_t mode) {
    const struct root_file file = {fd, NULL};
    return settle_new(caller, parent, &file, mode, 0);
}
