/* The steps of a plan, each kind in one function. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filecontent.h"
#include "mounts.h"
#include "volume.h"
#include "walk.h"

static int open_target(const struct tree *tree, const char *target, enum walk_make make) {
    int fd = walk_open(tree->root, target, make);
    if (fd < 0 && make != WALK_EXISTING) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s", target, strerror(errno));
    return fd;
}

static void bind_host(const struct tree *tree, const char *source, const char *target, unsigned options) {
    struct stat status;
    if (options & OPT_COPY) {
        AUTO_CLOSE int image = open_target(tree, target, WALK_MAKE_DIRECTORY);
        volume_make(source, image);
    }
    if (stat(source, &status) != 0) {
        if (options & OPT_OPTIONAL) return;
        die(STATUS_LICHEN, "cannot mount %s (on %s): %s", source, target, strerror(errno));
    }
    AUTO_CLOSE int at = open_target(tree, target, S_ISDIR(status.st_mode) ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE);
    AUTO_CLOSE int top = bind_onto(source, at, options);
    if (top >= 0 || options & OPT_OPTIONAL) return;
    if (errno == ENOTDIR) die(STATUS_LICHEN, "cannot mount %s (on %s): one is a directory and the other is not", source, target);
    mount_failed(source, target);
}

/* false: refused, errno. */
static bool mount_new(const struct tree *tree, const struct op *op, const char *type, unsigned long flags, const char *data) {
    AUTO_CLOSE int at = open_target(tree, op->target, WALK_MAKE_DIRECTORY);
    return mount(type, fd_path(at), type, flags | mount_flags(op->options), data) == 0;
}

static void mount_proc(const struct tree *tree, const struct op *op) {
    if (mount_new(tree, op, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, op->data) || op->options & OPT_OPTIONAL) return;
    if (errno == EPERM)
        die(STATUS_LICHEN, "cannot mount proc (on %s): parts of this system's own /proc are covered, as inside of another container\nhint: use the host's pids: --pid host",
            op->target);
    mount_failed("proc", op->target);
}

/* A new sysfs needs a network namespace of our own; without one the host's is shown, read-only, as podman does. */
static void mount_sysfs(const struct tree *tree, const struct op *op) {
    if (mount_new(tree, op, "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, op->data)) return;
    bind_host(tree, "/sys", op->target, op->options | OPT_RO | OPT_NOSUID | OPT_NODEV | OPT_NOEXEC);
}

/* cgroup2 where the kernel gives us one; else what the host shows, read-only. */
static void mount_cgroup(const struct tree *tree, const struct op *op) {
    if (tree->plan->namespaces & CLONE_NEWCGROUP && mount_new(tree, op, "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, op->data)) return;
    bind_host(tree, "/sys/fs/cgroup", op->target, op->options | OPT_RO | OPT_NOSUID | OPT_NODEV | OPT_NOEXEC);
}

static void mount_type(struct tree *tree, const struct op *op) {
    if (!strcmp(op->type, "bind")) bind_host(tree, op->source, op->target, op->options);
    else if (!strcmp(op->type, "proc")) mount_proc(tree, op);
    else if (!strcmp(op->type, "sysfs")) mount_sysfs(tree, op);
    else if (!strcmp(op->type, "cgroup")) mount_cgroup(tree, op);
    else if (!strcmp(op->type, "dev")) mount_dev(tree, op);
    else if (!strcmp(op->type, "tmpfs") || !strcmp(op->type, "mqueue")) {
        if (!mount_new(tree, op, op->type, 0, op->data) && !(op->options & OPT_OPTIONAL)) {
            if (errno == EINVAL && op->data) die(STATUS_LICHEN, "cannot mount %s (on %s): the kernel refuses the options %s", op->type, op->target, op->data);
            mount_failed(op->type, op->target);
        }
    } else die(STATUS_LICHEN, "cannot carry out the plan (mount on %s): unknown kind %s", op->target, op->type);
}

/* The private files live on a tmpfs of our own: nothing is left on disk, also when the host goes down. It is mounted over a directory of the container directory that nobody
   looks into: of a union, where the kernel has it open already, that for its work. */
static void open_scratch(struct tree *tree) {
    tree->scratch_path = tree->plan->root.work ? tree->plan->root.work : "files";
    if (mkdir(tree->scratch_path, 0700) != 0 && errno != EEXIST) die(STATUS_LICHEN, "cannot make a directory (%s in the container directory): %s", tree->scratch_path, strerror(errno));
    if (mount("tmpfs", tree->scratch_path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") != 0) mount_failed("tmpfs", tree->scratch_path);
    tree->scratch = open(tree->scratch_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (tree->scratch < 0) mount_failed("tmpfs", tree->scratch_path);
}

static void mount_private_file(struct tree *tree, const struct op *op) {
    struct bytes data = {0};
    if (!file_content(op, &data)) return;
    if (tree->scratch < 0) open_scratch(tree);
    static unsigned count;
    AUTO_FREE char *name = must_format("%u", count++);
    AUTO_CLOSE int file = openat(tree->scratch, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || !write_all(file, data.data, data.size) || fchmod(file, op->mode) != 0)
        die(STATUS_LICHEN, "cannot write a file for the container (%s): %s", op->target, strerror(errno));
    bytes_clear(&data);
    AUTO_FREE char *path = must_format("%s/%s", tree->scratch_path, name);
    bind_host(tree, path, op->target, 0);
}

static void mask(const struct tree *tree, const char *target) {
    AUTO_CLOSE int at = open_target(tree, target, WALK_EXISTING);
    struct stat status;
    if (at < 0 || fstat(at, &status) != 0) return;
    if (S_ISDIR(status.st_mode)) {
        if (mount("tmpfs", fd_path(at), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=0755") != 0) mount_failed("tmpfs", target);
    } else {
        AUTO_CLOSE int top = bind_onto("/dev/null", at, OPT_NOEXEC);
        if (top < 0) mount_failed("/dev/null", target);
    }
}

static void make_read_only(const struct tree *tree, const char *target) {
    AUTO_CLOSE int at = open_target(tree, target, WALK_EXISTING);
    if (at < 0) return;
    AUTO_CLOSE int top = bind_onto(fd_path(at), at, OPT_RO);
    if (top < 0) mount_failed("read-only", target);
}

void mount_op(struct tree *tree, const struct op *op) {
    switch (op->kind) {
        case OP_MOUNT: mount_type(tree, op); break;
        case OP_FILE: mount_private_file(tree, op); break;
        case OP_MASK: mask(tree, op->target); break;
        case OP_READ_ONLY: make_read_only(tree, op->target); break;
    }
}
