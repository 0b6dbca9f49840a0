#include "block.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHE_SLOTS = 8192, PAGE = 4096, MORE_BINDS = 256, ROOM = 1 << 20 /* for changes */ };

/* Texts come behind the structures; addresses are those that they will have where the block is mapped. */
static const char *put(struct bytes *block, const char *text) {
    const size_t at = block->size;
    bytes_add(block, text, strlen(text) + 1);
    return (const char *)(ENGINE_CONFIG + at);
}

static void make_cache(const char *path) {
    unlink(path);
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)(sizeof(struct union_cache) + CACHE_SLOTS * sizeof(struct union_slot))) != 0)
        die(STATUS_LICHEN, "cannot make a file in the run directory (%s): %s", path, strerror(errno));
}

void block_write(struct launch *launch) {
    const struct tree *tree = &launch->tree;
    const unsigned binds = tree->bind_count, bind_room = binds + MORE_BINDS;
    const unsigned layers = tree->config.layer_count;
    const size_t layers_at = sizeof(struct engine_config), binds_at = layers_at + layers * sizeof(struct union_layer), indexes_at = binds_at + bind_room * sizeof(struct union_bind),
                 fixed = indexes_at + (tree->indexes ? layers * sizeof(char *) : 0);
    const char *root = *tree->layers[0].host ? tree->layers[0].host : "/";
    struct stat status;
    if (stat(root, &status) != 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", root, strerror(errno));
    struct bytes block = {0};
    AUTO_FREE unsigned char *nothing = must_alloc(fixed);
    memset(nothing, 0, fixed);
    bytes_add(&block, nothing, fixed);
    AUTO_FREE struct union_layer *layered = must_alloc(layers * sizeof *layered);
    AUTO_FREE const char **indexes = must_alloc(layers * sizeof *indexes);
    for (unsigned i = 0; i < layers; i++) {
        layered[i] = tree->layers[i];
        layered[i].host = put(&block, layered[i].host);
        indexes[i] = tree->indexes && tree->indexes[i] ? put(&block, tree->indexes[i]) : NULL;
    }
    AUTO_FREE struct union_bind *placed = must_alloc((binds + 1) * sizeof *placed);
    for (unsigned i = 0; i < binds; i++) {
        placed[i] = tree->binds[i];
        placed[i].guest = put(&block, placed[i].guest);
        placed[i].host = put(&block, placed[i].host);
        if (placed[i].name) placed[i].name = put(&block, placed[i].name);
    }
    const bool full = launch->plan.identity == IDENTITY_FULL;
    AUTO_FREE char *cache = must_format("%s/cache", tree->run);
    char *path = must_format("%s/engine", tree->run);
    struct engine_config config = {.tree = {.layers = (const struct union_layer *)(ENGINE_CONFIG + layers_at),
                                            .layer_count = layers,
                                            .writable = tree->config.writable,
                                            .sync = tree->config.sync,
                                            .device = tree->config.device,
                                            .binds = (const struct union_bind *)(ENGINE_CONFIG + binds_at),
                                            .bind_count = (const uint32_t *)(ENGINE_CONFIG + offsetof(struct engine_config, live.bind_count)),
                                            .cache_slots = CACHE_SLOTS},
                                   .upper_inode = status.st_ino,
                                   .upper_device = status.st_dev,
                                   .identity = full ? ENGINE_FULL : ENGINE_SINGLE,
                                   .host_uid = geteuid(),
                                   .host_gid = getegid(),
                                   .first_uid = launch->uid,
                                   .first_gid = launch->gid,
                                   .live = {.bind_count = binds, .bind_room = bind_room},
                                   .own = put(&block, tree->run)};
    memcpy(config.magic, ENGINE_MAGIC, sizeof config.magic);
    config.path = put(&block, path);
    if (tree->config.work) config.tree.work = put(&block, tree->config.work);
    if (tree->indexes) config.indexes = (const char *const *)(ENGINE_CONFIG + indexes_at);
    config.stage = put(&block, launch->stage);
    config.cache = put(&block, cache);
    if (launch->images) config.images = put(&block, launch->images);
    if (launch->preload) config.preload = put(&block, launch->preload);
    if (full) {
        config.book = put(&block, launch->book);
        config.table = put(&block, launch->table);
    }
    config.live.used = block.size;
    config.size = (block.size + ROOM + PAGE - 1) / PAGE * PAGE;
    memcpy(block.data, &config, sizeof config);
    memcpy(block.data + layers_at, layered, layers * sizeof *layered);
    memcpy(block.data + binds_at, placed, binds * sizeof *placed);
    if (tree->indexes) memcpy(block.data + indexes_at, indexes, layers * sizeof *indexes);
    make_cache(cache);
    if (!replace_file(AT_FDCWD, path, block.data, block.size, 0600) || truncate(path, (off_t)config.size) != 0)
        die(STATUS_LICHEN, "cannot write the engine's configuration (%s): %s", path, strerror(errno));
    bytes_clear(&block);
    launch->block = path;
    if (launch->plan.rule_count) block_change(launch);
}

/* Its pointers hold where processes of the guest map it; here that place can be taken, by the engine of a container that we are in ourselves. */
#define MOVE(pointer, by)                                                 \
    do {                                                                  \
        if (pointer) (pointer) = (void *)((uintptr_t)(pointer) + (by)); \
    } while (0)
static void move(struct engine_config *config, uintptr_t by) {
    MOVE(config->tree.layers, by);
    MOVE(config->tree.binds, by);
    MOVE(config->tree.bind_count, by);
    MOVE(config->tree.work, by);
    MOVE(config->path, by);
    MOVE(config->stage, by);
    MOVE(config->cache, by);
    MOVE(config->images, by);
    MOVE(config->preload, by);
    MOVE(config->book, by);
    MOVE(config->table, by);
    MOVE(config->own, by);
    MOVE(config->indexes, by);
    struct union_layer *layers = (struct union_layer *)(uintptr_t)config->tree.layers;
    struct union_bind *binds = (struct union_bind *)(uintptr_t)config->tree.binds;
    const char **indexes = (const char **)(uintptr_t)config->indexes;
    for (unsigned i = 0; layers && i < config->tree.layer_count; i++) {
        MOVE(layers[i].host, by);
        if (indexes) MOVE(indexes[i], by);
    }
    for (unsigned i = 0; binds && i < config->live.bind_count; i++) {
        MOVE(binds[i].guest, by);
        MOVE(binds[i].host, by);
        MOVE(binds[i].name, by);
    }
}

void block_read(struct launch *launch, const char *from) {
    char path[PATH_MAX];
    struct stat status;
    AUTO_CLOSE int fd = realpath(from, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    struct engine_config *config = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size >= (off_t)sizeof *config) config = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (config == MAP_FAILED) die(STATUS_LICHEN, "cannot read the engine's configuration (%s): %s", from, strerror(errno));
    if (memcmp(config->magic, ENGINE_MAGIC, sizeof config->magic) != 0) die(STATUS_LICHEN, "cannot read the engine's configuration (%s): it is of another version", path);
    move(config, (uintptr_t)config - ENGINE_CONFIG);
    launch->block = must_copy(path);
    launch->stage = config->stage;
    launch->preload = config->preload;
    launch->book = config->book;
    launch->tree.config = config->tree;
    launch->tree.binds = (struct union_bind *)(uintptr_t)config->tree.binds;
    launch->tree.config.cache = NULL;
    launch->tree.run = must_format("%.*s", (int)(strrchr(path, '/') - path), path);
    launch->plan.identity = config->identity == ENGINE_FULL ? IDENTITY_FULL : IDENTITY_SINGLE;
}
