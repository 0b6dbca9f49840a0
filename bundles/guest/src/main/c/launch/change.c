/* Changes a container that is running. What its processes look at is the block that they all have mapped (struct live): new texts and tables come to its end, and one word that is written last
 * makes them count. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "given.h"

struct block {
    struct engine_config *config;
    uint64_t size;
};

static struct block open_block(const char *path) {
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat status;
    struct block block = {.config = MAP_FAILED};
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size >= (off_t)sizeof *block.config) {
        block.size = (uint64_t)status.st_size;
        block.config = mmap(NULL, block.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (block.config == MAP_FAILED) die(STATUS_LICHEN, "cannot change the container (%s): %s", path, strerror(errno));
    return block;
}

/* Where the processes of the container have it, and back. */
static const void *theirs(const struct block *block, const void *ours) { return (const void *)(ENGINE_CONFIG + (uint64_t)((const char *)ours - (const char *)block->config)); }
static const void *ours(const struct block *block, const void *theirs) { return (const char *)block->config + ((uint64_t)theirs - ENGINE_CONFIG); }

static void *put(const struct block *block, const void *data, size_t size) {
    struct live *live = &block->config->live;
    const uint64_t at = (live->used + 7) & ~7ull;
    if (at > block->size || size > block->size - at) die(STATUS_LICHEN, "cannot change the container any more: it has been changed too often since its start\nhint: stop and start it");
    live->used = at + size;
    return memcpy((char *)block->config + at, data, size);
}

static const char *put_text(const struct block *block, const char *text) { return theirs(block, put(block, text, strlen(text) + 1)); }

/* ---- mounts */

static struct union_bind *find(const struct block *block, const char *guest) {
    struct union_bind *binds = (struct union_bind *)(uintptr_t)ours(block, block->config->tree.binds);
    for (uint32_t i = block->config->live.bind_count; i-- > 0;)
        if (!binds[i].gone && !strcmp(ours(block, binds[i].guest), guest)) return &binds[i];
    return NULL;
}

/* What has gone is as often there as it was mounted; the last one is what is seen. */
static void take_away(const struct block *block, struct tree *tree, const char *path) {
    AUTO_FREE char *guest = tree_canonical(tree, path);
    struct union_bind *bind = find(block, guest);
    if (!bind) return;
    __atomic_store_n(&bind->gone, true, __ATOMIC_RELEASE);
    tree->binds[bind - (const struct union_bind *)ours(block, block->config->tree.binds)].gone = true;
}

static bool is_mounted(const struct block *block, struct tree *tree, const char *path) {
    AUTO_FREE char *guest = tree_canonical(tree, path);
    return find(block, guest) != NULL;
}

static struct union_bind bind_of(const struct block *block, struct tree *tree, const struct op *op, size_t more) {
    const struct live *live = &block->config->live;
    struct union_bind bind;
    if (strcmp(op->type, "bind") != 0) die(STATUS_LICHEN, "cannot mount %s (on %s): the container is running", op->type, op->target);
    if (live->bind_count + more > live->bind_room) die(STATUS_LICHEN, "cannot mount %s (on %s): the container has been changed too often since its start\nhint: stop and start it", op->source, op->target);
    if (!tree_bind(tree, op->source, op->target, &bind)) die(STATUS_LICHEN, "cannot mount %s (on %s): %s", op->source, op->target, strerror(errno));
    bind.read_only = op->options & OPT_RO;
    bind.guest = put_text(block, bind.guest);
    bind.host = put_text(block, bind.host);
    return bind;
}

static void mount(const struct block *block, struct union_bind bind) {
    struct live *live = &block->config->live;
    struct union_bind *binds = (struct union_bind *)(uintptr_t)ours(block, block->config->tree.binds);
    binds[live->bind_count] = bind;
    __atomic_store_n(&live->bind_count, live->bind_count + 1, __ATOMIC_RELEASE);
}

/* ---- rules: all of them, each time */

static void set_rules(const struct block *block, struct launch *launch) {
    const struct plan *plan = &launch->plan;
    struct live *live = &block->config->live;
    const struct live_rules *table = NULL;
    if (plan->rule_count) {
        const size_t size = sizeof *table + plan->rule_count * sizeof *table->list;
        AUTO_FREE struct live_rules *rules = must_alloc(size);
        rules->count = plan->rule_count;
        for (size_t i = 0; i < plan->rule_count; i++) {
            const struct access_rule *rule = &plan->rules[i];
            AUTO_FREE char *program = tree_canonical(&launch->tree, rule->program), *path = tree_canonical(&launch->tree, rule->path);
            rules->list[i] = (struct live_rule){.program = put_text(block, program), .path = put_text(block, path), .program_size = (uint32_t)strlen(program), .path_size = (uint32_t)strlen(path), .allowed = rule->allowed};
        }
        table = theirs(block, put(block, rules, size));
    }
    __atomic_store_n(&live->rules, table, __ATOMIC_RELEASE);
}

/* ---- variables */

static const struct live_variable *known(const struct block *block, const char *name, size_t size) {
    const struct live_variables *table = block->config->live.variables;
    if (!table) return NULL;
    table = ours(block, table);
    for (uint64_t i = 0; i < table->count; i++)
        if (table->list[i].name_size == size && !memcmp(ours(block, table->list[i].name), name, size)) return &table->list[i];
    return NULL;
}

/* What it has been so far: by earlier changes, or since the start. */
static struct live_variable changed(const struct block *block, const struct guest *guest, const char *wanted) {
    const size_t size = strcspn(wanted, "=");
    AUTO_FREE char *name = must_format("%.*s", (int)size, wanted);
    const struct live_variable *before = known(block, name, size);
    struct live_variable now = {.name = put_text(block, name), .name_size = size, .assignment = wanted[size] ? put_text(block, wanted) : NULL};
    const char *value = before ? NULL : guest_variable(guest, name);
    const uint32_t older = before ? before->former_count : 0;
    AUTO_FREE const char **formers = must_alloc((older + 1) * sizeof *formers);
    if (older) memcpy(formers, ours(block, before->formers), older * sizeof *formers);
    now.former_count = older;
    now.absent = before ? before->absent || !before->assignment : !value;
    if (value) {
        AUTO_FREE char *assignment = must_format("%s=%s", name, value);
        formers[now.former_count++] = put_text(block, assignment);
    } else if (before && before->assignment) {
        formers[now.former_count++] = before->assignment;
    }
    if (now.former_count) now.formers = theirs(block, put(block, formers, now.former_count * sizeof *formers));
    return now;
}

static bool is_among(char **variables, const char *name, size_t size) {
    for (char **at = variables; at && *at; at++)
        if (strcspn(*at, "=") == size && !strncmp(*at, name, size)) return true;
    return false;
}

static void set_variables(const struct block *block, const struct plan *plan) {
    struct live *live = &block->config->live;
    const struct live_variables *old = live->variables ? ours(block, live->variables) : NULL;
    size_t count = 0, most = old ? old->count : 0;
    for (char **at = plan->variables; at && *at; at++) most++;
    AUTO_FREE struct live_variables *table = must_alloc(sizeof *table + most * sizeof *table->list);
    for (uint64_t i = 0; old && i < old->count; i++)
        if (!is_among(plan->variables, ours(block, old->list[i].name), old->list[i].name_size)) table->list[count++] = old->list[i];
    for (char **at = plan->variables; *at; at++) table->list[count++] = changed(block, &plan->guest, *at);
    table->count = count;
    const void *there = theirs(block, put(block, table, sizeof *table + count * sizeof *table->list));
    __atomic_store_n(&live->variables, there, __ATOMIC_RELEASE);
}

/* Walks that are under way begin again. */
static void tell_walks(const struct launch *launch) {
    AUTO_FREE char *path = must_format("%s/cache", launch->tree.run);
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct union_cache *cache = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *cache, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (cache == MAP_FAILED) return;
    const struct union_config config = {.cache = cache};
    union_moved(&config);
}

void block_change(struct launch *launch) {
    const struct plan *plan = &launch->plan;
    const struct block block = open_block(launch->block);
    const size_t mounts = launch->entering ? plan->op_count : 0;
    AUTO_FREE struct union_bind *binds = must_alloc((mounts + 1) * sizeof *binds);
    for (size_t i = 0; i < mounts; i++) binds[i] = bind_of(&block, &launch->tree, &plan->ops[i], mounts); /* before anything is taken away */
    for (char **path = plan->gone; path && *path; path++) take_away(&block, &launch->tree, *path);
    for (size_t i = 0; i < mounts; i++) mount(&block, binds[i]);
    for (char **path = plan->gone; path && *path; path++)
        if (!is_mounted(&block, &launch->tree, *path)) tree_unmake(&launch->tree, *path);
    set_rules(&block, launch);
    if (plan->variables) set_variables(&block, plan);
    tell_walks(launch);
    munmap(block.config, block.size);
}

int change_container(struct launch *launch, pid_t pid) {
    given_input();
    launch_prepare(launch, REWRITING_OFF);
    launch->entering = true;
    launch->first = pid;
    given_check(pid);
    if (access("run/engine.outer", F_OK) == 0) die(STATUS_LICHEN, "cannot change the container while it runs: it is one inside of another");
    block_read(launch, "run/engine");
    block_change(launch);
    return 0;
}
