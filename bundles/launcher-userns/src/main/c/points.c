#include "points.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "removal.h"
#include "walk.h"

/* Only what every container gets: what users mount where, there is no end of. */
static enum walk_make kind_of(const struct op *op) {
    if (op->kind == OP_FILE) return !op->source || access(op->source, R_OK) == 0 ? WALK_MAKE_FILE : WALK_EXISTING;
    bool ours = op->kind == OP_MOUNT && (!strcmp(op->type, "proc") || !strcmp(op->type, "sysfs") || !strcmp(op->type, "dev"));
    return ours ? WALK_MAKE_DIRECTORY : WALK_EXISTING;
}

/* FNV-1a: another set of mount points gets another directory. */
static uint64_t key_of(const struct plan *plan) {
    uint64_t key = 14695981039346656037u;
    for (size_t i = 0; i < plan->op_count; i++) {
        if (kind_of(&plan->ops[i]) == WALK_EXISTING) continue;
        for (const char *at = plan->ops[i].target; *at; at++) key = (key ^ (unsigned char)*at) * 1099511628211u;
        key = (key ^ (unsigned)kind_of(&plan->ops[i]) << 8) * 1099511628211u;
    }
    return key;
}

static bool make(const struct plan *plan, const char *path) {
    AUTO_FREE char *beside = must_format("%s.new-%d", path, (int)getpid());
    if (!remove_all(AT_FDCWD, beside) || mkdir(beside, 0755) != 0) return false;
    AUTO_CLOSE int top = open(beside, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool good = top >= 0;
    for (size_t i = 0; good && i < plan->op_count; i++) {
        enum walk_make kind = kind_of(&plan->ops[i]);
        AUTO_CLOSE int made = kind == WALK_EXISTING ? -1 : walk_open(top, plan->ops[i].target, kind);
        good = made >= 0 || kind == WALK_EXISTING;
    }
    if (good && rename(beside, path) == 0) return true;
    remove_all(AT_FDCWD, beside);
    return access(path, F_OK) == 0; /* somebody else was faster */
}

int points_open(const struct plan *plan) {
    const struct lower *lowest = &plan->root.lowers[plan->root.lower_count - 1];
    if (!lowest->index) return -1;
    AUTO_FREE char *index = must_copy(lowest->index);
    AUTO_FREE char *path = must_format("%s/points-%016llx", dirname(index), (unsigned long long)key_of(plan));
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT) return fd;
    mode_t umask_now = umask(022); /* it is for all */
    bool good = make(plan, path);
    umask(umask_now);
    return good ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}
