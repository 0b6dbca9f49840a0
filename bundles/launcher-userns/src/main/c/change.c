/* Changes what a running container has mounted from the host. Copies of the host's mounts are made where they can be seen, and mounted where the container is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "emulation.h"
#include "given.h"
#include "mounts.h"
#include "spaces.h"
#include "start.h"
#include "walk.h"

struct copy {
    int fd;
    bool directory;
};

static struct copy copy_of(const struct op *op) {
    struct stat status;
    if (op->kind != OP_MOUNT || strcmp(op->type, "bind") != 0) die(STATUS_LICHEN, "cannot mount (on %s): the container is running", op->target);
    if (stat(op->source, &status) != 0) die(STATUS_LICHEN, "cannot mount %s (on %s): %s", op->source, op->target, strerror(errno));
    struct copy copy = {mount_copy(op->source, op->options), S_ISDIR(status.st_mode)};
    if (copy.fd < 0 && errno == ENOSYS) die(STATUS_LICHEN, "cannot mount %s (on %s) while the container runs: this kernel is older than 5.12", op->source, op->target);
    if (copy.fd < 0) mount_failed(op->source, op->target);
    return copy;
}

/* A path that is no mount point is none that has to go. The working directory is the host's /proc, for the container's knows nothing of us. */
static void take_away(const char *path) {
    AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), at = walk_open(root, path, WALK_EXISTING);
    AUTO_FREE char *name = must_format("self/fd/%d", at);
    if (at >= 0 && umount2(name, MNT_DETACH) != 0 && errno != EINVAL) die(STATUS_LICHEN, "cannot unmount %s: %s", path, strerror(errno));
}

static int open_target(const struct op *op, enum walk_make make) {
    AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return walk_open(root, op->target, make);
}

/* What was made to be mounted on goes with the mount, unless something has come into it. */
static void unmake(const struct op *ops, size_t count, const char *path) {
    struct stat status;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(ops[i].target, path)) return;
    AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), at = walk_open(root, path, WALK_EXISTING);
    AUTO_FREE char *name = must_format("self/fd/%d", at);
    if (at < 0 || fstat(at, &status) != 0 || getxattr(name, MOUNT_POINT_MARK, NULL, 0) < 0) return;
    if (S_ISDIR(status.st_mode)) rmdir(path);
    else if (!status.st_size) unlink(path);
}

static void mark(int point) {
    AUTO_FREE char *name = must_format("self/fd/%d", point);
    setxattr(name, MOUNT_POINT_MARK, "", 0, 0); /* where there are no attributes it simply stays */
}

static _Noreturn void differ(const struct op *op) { die(STATUS_LICHEN, "cannot mount %s (on %s): one is a directory and the other is not", op->source, op->target); }

/* Before anything is taken away. */
static void check(const struct op *op, const struct copy *copy) {
    struct stat status;
    AUTO_CLOSE int at = open_target(op, WALK_EXISTING);
    if (at >= 0 && fstat(at, &status) == 0 && S_ISDIR(status.st_mode) != copy->directory) differ(op);
}

static void place(const struct op *op, const struct copy *copy) {
    AUTO_CLOSE int there = open_target(op, WALK_EXISTING), at = open_target(op, copy->directory ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE);
    if (at < 0) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s", op->target, strerror(errno));
    if (there < 0) mark(at);
    if (mount_place(copy->fd, at)) return;
    if (errno == ENOTDIR) differ(op);
    mount_failed(op->source, op->target);
}

int change(struct launch *launch, pid_t pid) {
    const struct plan *plan = &launch->plan;
    given_check(pid);
    if (!plan->gone && !plan->op_count) return 0;
    AUTO_FREE struct copy *copies = must_alloc((plan->op_count + 1) * sizeof *copies);
    const int mounts = spaces_borrow(pid);
    for (size_t i = 0; i < plan->op_count; i++) copies[i] = copy_of(&plan->ops[i]);
    spaces_switch(mounts);
    if (fchdir(launch->proc) != 0) die(STATUS_LICHEN, "cannot change the container: %s", strerror(errno));
    for (size_t i = 0; i < plan->op_count; i++) check(&plan->ops[i], &copies[i]);
    for (char **path = plan->gone; path && *path; path++) take_away(*path);
    for (size_t i = 0; i < plan->op_count; i++) place(&plan->ops[i], &copies[i]);
    for (char **path = plan->gone; path && *path; path++) unmake(plan->ops, plan->op_count, *path);
    if (plan->identity == IDENTITY_FULL) emulation_changed(launch);
    return 0;
}
