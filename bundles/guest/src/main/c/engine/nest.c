#include "nest.h"

enum { BLOCK_MOST = 1 << 20, MARK_LIMIT = 10, MARK_BITS = 0x1c8f };

static uint64_t mark;

void nest_mark(uint64_t limit) {
    if (limit >> 48 == MARK_BITS) mark = limit;
}

/* The inner block as it lies in memory, and the new one; both with pointers that hold at ENGINE_CONFIG. */
struct copy {
    struct call *call;
    const char *from;
    uint64_t from_size;
    char *to;
    uint64_t used;
    long error;
};

static const void *inner(struct copy *copy, const void *pointer, uint64_t size) {
    const uint64_t at = (uint64_t)pointer - ENGINE_CONFIG;
    if (at < copy->from_size && size <= copy->from_size - at) return copy->from + at;
    copy->error = -EINVAL;
    return copy->from;
}

static void *make(struct copy *copy, uint64_t size) {
    void *at = copy->to + copy->used;
    copy->used += (size + 7) & ~7ull;
    if (copy->used <= BLOCK_MOST) return at;
    copy->error = -E2BIG;
    copy->used = 0;
    return copy->to;
}

static const void *outer(const struct copy *copy, const void *at) { return (const void *)(ENGINE_CONFIG + (uint64_t)((const char *)at - copy->to)); }

/* A path of the guest's as one of the host's. What does not exist yet is in a directory that does. */
static const char *path(struct copy *copy, const char *pointer, size_t *size) {
    struct union_place *place = &scratch_of(copy->call)->other;
    if (!pointer) return NULL;
    const char *text = inner(copy, pointer, 1);
    if (copy->error < 0) return NULL;
    const long result = union_resolve(&engine.tree, place, AT_FDCWD, *text ? text : "/", UNION_CREATE);
    if (result < 0 || place->dir != AT_FDCWD) {
        copy->error = result < 0 ? result : -ENAMETOOLONG;
        return NULL;
    }
    const size_t length = text_size(place->path);
    char *to = make(copy, length + 1);
    if (copy->error == 0) bytes_copy(to, place->path, length + 1);
    union_release(place);
    if (size) *size = length;
    return outer(copy, to);
}

static const char *text(struct copy *copy, const char *pointer, size_t size) {
    char *to = make(copy, size + 1);
    if (copy->error == 0) bytes_copy(to, inner(copy, pointer, size + 1), size + 1);
    return outer(copy, to);
}

/* What the engine that is here knows itself. */
static const char *known(struct copy *copy, const char *text) {
    if (!text) return NULL;
    const size_t size = text_size(text) + 1;
    char *to = make(copy, size);
    if (copy->error == 0) bytes_copy(to, text, size);
    return outer(copy, to);
}

static const struct live_rules *rules(struct copy *copy, const struct live_rules *pointer) {
    if (!pointer) return NULL;
    const struct live_rules *old = inner(copy, pointer, sizeof *old);
    old = inner(copy, pointer, sizeof *old + old->count * sizeof *old->list);
    if (copy->error < 0) return NULL;
    struct live_rules *new = make(copy, sizeof *new + old->count * sizeof *new->list);
    new->count = old->count;
    for (uint64_t i = 0; i < old->count && copy->error == 0; i++) {
        new->list[i] = old->list[i];
        new->list[i].program = text(copy, old->list[i].program, old->list[i].program_size);
        new->list[i].path = text(copy, old->list[i].path, old->list[i].path_size);
    }
    return outer(copy, new);
}

static void translate(struct copy *copy, const char *own_path) {
    const struct engine_config *old = (const struct engine_config *)copy->from;
    struct engine_config *new = make(copy, sizeof *new);
    *new = *old;
    struct union_layer *layers = make(copy, old->tree.layer_count * sizeof *layers);
    const struct union_layer *old_layers = inner(copy, old->tree.layers, old->tree.layer_count * sizeof *layers);
    for (unsigned i = 0; i < old->tree.layer_count && copy->error == 0; i++) {
        layers[i].encoding = old_layers[i].encoding;
        layers[i].host = path(copy, old_layers[i].host, &layers[i].size);
    }
    if (old->indexes) {
        const char **indexes = make(copy, old->tree.layer_count * sizeof *indexes);
        const char *const *old_indexes = inner(copy, old->indexes, old->tree.layer_count * sizeof *indexes);
        for (unsigned i = 0; i < old->tree.layer_count && copy->error == 0; i++) indexes[i] = path(copy, old_indexes[i], NULL);
        new->indexes = outer(copy, indexes);
    }
    struct union_bind *binds = make(copy, old->live.bind_count * sizeof *binds);
    const struct union_bind *old_binds = inner(copy, old->tree.binds, old->live.bind_count * sizeof *binds);
    for (unsigned i = 0; i < old->live.bind_count && copy->error == 0; i++) {
        binds[i] = old_binds[i];
        binds[i].name = NULL;
        if (binds[i].gone) continue;
        binds[i].guest = text(copy, old_binds[i].guest, old_binds[i].guest_size);
        binds[i].host = path(copy, old_binds[i].host, &binds[i].host_size);
    }
    new->tree.layers = outer(copy, layers);
    new->tree.binds = outer(copy, binds);
    /* As it is now: what changes the inner container changes the inner block. */
    new->live = (struct live){.bind_count = old->live.bind_count, .rules = rules(copy, old->live.rules)};
    new->tree.bind_count = outer(copy, &new->live.bind_count);
    new->tree.work = path(copy, old->tree.work, NULL);
    new->cache = path(copy, old->cache, NULL);
    new->book = path(copy, old->book, NULL);
    new->table = path(copy, old->table, NULL);
    new->own = path(copy, old->own, NULL);
    new->path = known(copy, own_path);
    new->stage = known(copy, engine.config->stage);
    new->images = known(copy, engine.config->images);
    new->preload = known(copy, engine.config->preload);
    new->host_uid = engine.config->host_uid;
    new->host_gid = engine.config->host_gid;
    new->size = copy->used;
}

static long write_block(const char *path_name, const void *data, uint64_t size) {
    char beside[PATH_ROOM + 16];
    if (text_size(path_name) + 16 > PATH_ROOM) return -ENAMETOOLONG;
    put_decimal(put_text(put_text(beside, path_name), "."), (uint64_t)SYS(gettid, 0));
    const long fd = sys_openat(AT_FDCWD, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fd;
    long result = SYS(write, fd, data, size);
    SYS(close, fd);
    if (result >= 0) result = result == (long)size ? SYS(rename, beside, path_name) : -EIO;
    if (result < 0) SYS(unlink, beside);
    return result;
}

/* `path_name`: of the guest; becomes the new block's, of the host. */
static long nest_config(struct call *call, char *path_name) {
    struct union_place *place = &scratch_of(call)->other;
    long result = union_resolve(&engine.tree, place, AT_FDCWD, path_name, 0);
    if (result < 0) return result;
    const long fd = place->dir == AT_FDCWD ? sys_openat(AT_FDCWD, place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0) : -ENAMETOOLONG;
    const size_t size = text_size(place->path);
    if (size + 8 < PATH_ROOM) put_text(put_text(path_name, place->path), ".outer");
    union_release(place);
    if (fd < 0 || size + 8 >= PATH_ROOM) {
        sys_close(fd);
        return fd < 0 ? fd : -ENAMETOOLONG;
    }
    const long memory = SYS(mmap, 0, 2 * BLOCK_MOST, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
    const long got = memory < 0 ? memory : SYS(pread64, fd, memory, BLOCK_MOST, 0);
    SYS(close, fd);
    if (got < 0) return got;
    struct copy copy = {.call = call, .from = (const char *)memory, .from_size = (uint64_t)got, .to = (char *)memory + BLOCK_MOST};
    if (got < (long)sizeof(struct engine_config) || !bytes_equal(copy.from, ENGINE_MAGIC, sizeof ENGINE_MAGIC)) copy.error = -EINVAL;
    else translate(&copy, path_name);
    result = copy.error < 0 ? copy.error : write_block(path_name, copy.to, copy.used);
    SYS(munmap, memory, 2 * BLOCK_MOST);
    return result;
}

long nest_state(struct call *call, char *state, size_t room) {
    char *const config = scratch_of(call)->path, *rest = state + sizeof ENGINE_STATE - 1;
    size_t size = 0;
    if (!begins(state, text_size(state), ENGINE_STATE)) return -EPERM;
    while (rest[size] && rest[size] != ENGINE_SEPARATOR && size < PATH_ROOM - 1) size++;
    bytes_copy(config, rest, size);
    config[size] = 0;
    rest += size;
    char flags[64]; /* what follows is but flags, for the first program has nothing else */
    if (text_size(rest) >= sizeof flags - 1 || *rest != ENGINE_SEPARATOR) return -EPERM;
    flags[0] = ENGINE_SEPARATOR, flags[1] = 'n';
    bytes_copy(flags + 2, rest + 1, text_size(rest));
    const long result = nest_config(call, config);
    if (result < 0) return result;
    if (text_size(config) + sizeof ENGINE_STATE + sizeof flags > room) return -ENAMETOOLONG;
    put_text(put_text(put_text(state, ENGINE_STATE), config), flags);
    if (mark) {
        uint64_t limit[2];
        if (SYS(prlimit64, 0, MARK_LIMIT, 0, limit) == 0) {
            limit[0] = mark;
            SYS(prlimit64, 0, MARK_LIMIT, limit, 0);
        }
    }
    return 0;
}
