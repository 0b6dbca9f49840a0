/* What every process of the guest knows of its container. */
#include "engine.h"

struct engine engine;

static long map_shared(const char *path, uint64_t address, uint64_t size, int protection) {
    enum { SHARED = 1, FIXED = 0x10 };
    const long fd = sys_openat(AT_FDCWD, path, (protection & 2 ? O_RDWR : O_RDONLY) | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    struct union_status status;
    long result = sys_fstat((int)fd, &status);
    if (result == 0 && !size) size = (uint64_t)status.size;
    if (result == 0 && (!size || (uint64_t)status.size < size)) result = -EINVAL;
    if (result == 0) result = SYS(mmap, address, size, protection, SHARED | FIXED, fd, 0);
    SYS(close, fd);
    return result < 0 ? result : 0;
}

long engine_open(const char *path) {
    const struct engine_config *config = (const struct engine_config *)ENGINE_CONFIG;
    long result = map_shared(path, ENGINE_CONFIG, 0, 1);
    if (result < 0) return result;
    if (!bytes_equal(config->magic, ENGINE_MAGIC, sizeof config->magic)) return -EINVAL;
    engine.config = config;
    engine.tree = config->tree;
    live_open();
    engine.full = config->identity == ENGINE_FULL;
    if (engine.full) emulate_copying();
    if (config->cache && map_shared(config->cache, ENGINE_CACHE, sizeof(struct union_cache) + config->tree.cache_slots * sizeof(struct union_slot), 3) == 0)
        engine.tree.cache = (struct union_cache *)ENGINE_CACHE;
    engine.place = (struct root_place){.host_uid = config->host_uid, .attributes = true};
    engine.own = engine.place;
    engine.volume = (struct root_place){.host_uid = config->host_uid, .uid = config->first_uid, .gid = config->first_gid, .attributes = true};
    if (engine.full && config->table && root_table_open(&engine.table, config->table, config->upper_inode) == 0) engine.place.table = &engine.table;
    return 0;
}
