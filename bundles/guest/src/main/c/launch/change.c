/* Changes a container that is running. What its processes look at is the block that they all have mapped (struct live): new texts and tables come to its end, and one word that is written last
 * makes them count. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "given.h"

/* `used`: what is added counts only when the rest is done. */
struct block {
    struct engine_config *config;
    uint64_t size, used;
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
    block.used = block.config->live.used;
    return block;
}

/* Where the processes of the container have it, and back. */
static const void *theirs(const struct block *block, const void *ours) { return (const void *)(ENGINE_CONFIG + (uint64_t)((const char *)ours - (const char *)block->config)); }
static const void *ours(const struct block *block, const void *theirs) { return (const char *)block->config + ((uint64_t)theirs - ENGINE_CONFIG); }

static void *put(struct block *block, const void *data, size_t size) {
    const uint64_t at = (block->used + 7) & ~7ull;
    if (at > block->size || size > block->size - at) die(STATUS_LICHEN, "cannot change the container any more: it has been changed too often since its start\nhint: stop and start it");
    block->used = at + size;
    return memcpy((char *)block->config + at, data, size);
}

static const char *put_text(struct block *block, const char *text) { return theirs(block, put(block, text, strlen(text) + 1)); }

/* ---- mounts, found by what they were called: a path may have come to lead elsewhere */

static struct union_bind *all_binds(const struct block *block) { return (struct union_bind *)(uintptr_t)ours(block, block->config->tree.binds); }

/* The one that is seen. */
static struct union_bind *find(const struct block *block, const char *name) {
    struct union_bind *binds = all_binds(block);
    for (uint32_t i = block->config->live.bind_count; i-- > 0;)
        if (!binds[i].gone && binds[i].name && !strcmp(ours(block, binds[i].name), name)) return &binds[i];
    return NULL;
}

static bool is_there(const struct block *block, const struct op *op) {
    char host[PATH_MAX];
    const struct union_bind *bind = find(block, op->target);
    return bind && realpath(op->source, host) && !strcmp(ours(block, bind->host), strcmp(host, "/") ? host : "") && bind->read_only == ((op->options & OPT_RO) != 0);
}

static struct union_bind bind_of(struct block *block, struct tree *tree, const struct op *op) {
    struct union_bind bind;
    if (strcmp(op->type, "bind") != 0) die(STATUS_LICHEN, "cannot mount %s (on %s): the container is running", op->type, op->target);
    if (!tree_bind(tree, op->source, op->target, &bind)) die(STATUS_LICHEN, "cannot mount %s (on %s): %s", op->source, op->target, strerror(errno));
    bind.read_only = op->options & OPT_RO;
    bind.guest = put_text(block, bind.guest);
    bind.host = put_text(block, bind.host);
    bind.name = put_text(block, bind.name);
    return bind;
}

/* ---- rules: all of them, each time; what is the same stays */

static bool is_same(const struct block *block, const struct live_rules *rules) {
    const struct live_rules *old = block->config->live.rules ? ours(block, block->config->live.rules) : NULL;
    if (!old || old->count != rules->count) return false;
    for (uint64_t i = 0; i < rules->count; i++) {
        const struct live_rule *a = &old->list[i], *b = &rules->list[i];
        if (a->allowed != b->allowed || strcmp(ours(block, a->program), b->program) != 0 || strcmp(ours(block, a->path), b->path) != 0) return false;
    }
    return true;
}

static const struct live_rules *rules_of(struct block *block, struct launch *launch) {
    const struct plan *plan = &launch->plan;
    if (!plan->rule_count) return NULL;
    const size_t size = sizeof(struct live_rules) + plan->rule_count * sizeof(struct live_rule);
    AUTO_FREE struct live_rules *rules = must_alloc(size);
    rules->count = plan->rule_count;
    for (size_t i = 0; i < plan->rule_count; i++) {
        const char *program = tree_canonical(&launch->tree, plan->rules[i].program), *path = tree_canonical(&launch->tree, plan->rules[i].path);
        rules->list[i] = (struct live_rule){.program = program, .path = path, .program_size = (uint32_t)strlen(program), .path_size = (uint32_t)strlen(path), .allowed = plan->rules[i].allowed};
    }
    if (is_same(block, rules)) return block->config->live.rules;
    for (size_t i = 0; i < plan->rule_count; i++) {
        rules->list[i].program = put_text(block, rules->list[i].program);
        rules->list[i].path = put_text(block, rules->list[i].path);
    }
    return theirs(block, put(block, rules, size));
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
static struct live_variable changed(struct block *block, const struct guest *guest, const char *wanted) {
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

static const struct live_variables *variables_of(struct block *block, const struct plan *plan) {
    const struct live_variables *there = block->config->live.variables, *old = there ? ours(block, there) : NULL;
    if (!plan->variables) return there;
    size_t count = 0, most = old ? old->count : 0;
    for (char **at = plan->variables; *at; at++) most++;
    AUTO_FREE struct live_variables *table = must_alloc(sizeof *table + most * sizeof *table->list);
    for (uint64_t i = 0; old && i < old->count; i++)
        if (!is_among(plan->variables, ours(block, old->list[i].name), old->list[i].name_size)) table->list[count++] = old->list[i];
    for (char **at = plan->variables; *at; at++) table->list[count++] = changed(block, &plan->guest, *at);
    table->count = count;
    return theirs(block, put(block, table, sizeof *table + count * sizeof *table->list));
}

/* ---- all of it: first what can fail */

static struct union_cache *open_cache(const struct launch *launch) {
    AUTO_FREE char *path = must_format("%s/cache", launch->tree.run);
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct union_cache *cache = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *cache, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return cache == MAP_FAILED ? NULL : cache;
}

void block_change(struct launch *launch) {
    const struct plan *plan = &launch->plan;
    struct block block = open_block(launch->block);
    struct live *live = &block.config->live;
    size_t gone = 0, new = 0;
    for (char **path = plan->gone; path && *path; path++) gone++;
    AUTO_FREE struct union_bind **away = must_alloc((gone + 1) * sizeof *away), *binds = must_alloc((plan->op_count + 1) * sizeof *binds);
    for (size_t i = 0; i < gone; i++) away[i] = find(&block, plan->gone[i]);
    for (size_t i = 0; launch->entering && i < plan->op_count; i++) {
        bool kept = is_there(&block, &plan->ops[i]);
        for (size_t k = 0; kept && k < gone; k++) kept = strcmp(plan->gone[k], plan->ops[i].target) != 0;
        if (!kept) binds[new++] = bind_of(&block, &launch->tree, &plan->ops[i]);
    }
    if (new > live->bind_room - live->bind_count) die(STATUS_LICHEN, "cannot mount (on %s): the container has been changed too often since its start\nhint: stop and start it", plan->ops[0].target);
    const struct live_rules *rules = rules_of(&block, launch);
    const struct live_variables *variables = variables_of(&block, plan);
    const struct union_config walks = {.cache = open_cache(launch)};
    live->used = block.used;
    union_change_begin(&walks);
    memcpy(all_binds(&block) + live->bind_count, binds, new * sizeof *binds);
    __atomic_store_n(&live->bind_count, live->bind_count + (uint32_t)new, __ATOMIC_RELEASE); /* the new one is seen before the old one has gone */
    for (size_t i = 0; i < gone; i++)
        if (away[i]) __atomic_store_n(&away[i]->gone, true, __ATOMIC_RELEASE);
    __atomic_store_n(&live->rules, rules, __ATOMIC_RELEASE);
    __atomic_store_n(&live->variables, variables, __ATOMIC_RELEASE);
    union_change_end(&walks);
    for (size_t i = 0; i < gone; i++) {
        if (!away[i]) continue;
        launch->tree.binds[away[i] - all_binds(&block)].gone = true;
        if (!find(&block, plan->gone[i])) tree_unmake(&launch->tree, plan->gone[i]);
    }
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
