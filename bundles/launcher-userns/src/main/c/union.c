#include "union.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fuse.h"
#include "mounts.h"
#include "owned.h"
#include "points.h"
#include "removal.h"
#include "squash.h"
#include "upper.h"

static const char DESCRIPTORS[] = "/proc/self/fd";

/* Lowers are separated by colons and options by commas, and all of them must fit into one page: numbers need no escapes, and leave room for more lowers than the kernel takes. */
char *union_options(const struct parts *parts, const char *more) {
    struct bytes text = {0};
    bytes_text(&text, "lowerdir=");
    for (size_t i = 0; i < parts->lower_count; i++) bytes_format(&text, "%s%d", i ? ":" : "", parts->lowers[i]);
    bytes_format(&text, ",upperdir=%d,workdir=%d%s", parts->upper, parts->work, more);
    bytes_add(&text, "", 1);
    return (char *)text.data;
}

/* Without an index a union whose namespace is still being taken down does not keep its upper from being mounted again; our own lock does. */
bool union_by_kernel(const struct parts *parts, int target, bool once) {
    AUTO_CLOSE int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    AUTO_FREE char *options = union_options(parts, once ? ",userxattr,index=off,volatile" : ",userxattr,index=off");
    AUTO_FREE char *place = must_format("%d", target);
    if (here < 0 || chdir(DESCRIPTORS) != 0) return false;
    bool good = mount("overlay", place, "overlay", 0, options) == 0;
    int error = errno;
    if (fchdir(here) != 0) die(STATUS_LICHEN, "cannot return to the container directory: %s", strerror(errno));
    errno = error;
    return good;
}

bool union_by_fuse(const struct parts *parts, int target, bool once) {
    AUTO_FREE char *options = union_options(parts, once ? ",volatile" : "");
    AUTO_FREE char *place = must_format("%d", target);
    AUTO_FREE char *program = must_copy(UNION_SERVER);
    AUTO_FREE int *kept = must_alloc((parts->lower_count + 4) * sizeof(int));
    memcpy(kept, parts->lowers, parts->lower_count * sizeof(int));
    memcpy(kept + parts->lower_count, (int[]){parts->upper, parts->work, target, -1}, 4 * sizeof(int));
    char *argv[] = {program, (char[]){"-f"}, (char[]){"-o"}, options, place, NULL};
    AUTO_FREE char *why = fuse_mount(argv, DESCRIPTORS, kept, target);
    if (why) complain("%s", why);
    return !why;
}

static int open_part(const char *path, const char *hint) {
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die(STATUS_LICHEN, "cannot open a part of the root file system (%s): %s%s", path, strerror(errno), hint);
    return fd;
}

/* The kernel's own mark that a volatile upper was mounted, and perhaps not all of it written. */
static bool used_up(const struct root *root) {
    AUTO_FREE char *mark = must_format("%s/work/incompat/volatile", root->work);
    return access(mark, F_OK) == 0;
}

static _Noreturn void refused(const struct root *root, int error) {
    const char *why = error == ENODEV ? "this kernel has no overlay file system"
                    : error == EPERM ? "this kernel forbids overlay mounts in user namespaces (it is older than 5.11)"
                    : error == EINVAL ? "the file system that it lies on cannot hold what containers write"
                                      : strerror(error);
    die(STATUS_LICHEN, "cannot mount the root file system, a union of %zu layers below %s: %s\nhint: keep what containers write on a local disk (--upper DIR), or give every container a copy: --strategy extract",
        root->lower_count, root->upper, why);
}

/* The root of a mount namespace changes for all who are in it; whoever serves the union needs the host's. So it keeps this namespace, and the container gets another one. */
static int leave_to_server(int top) {
    char path[PATH_MAX];
    ssize_t size = top < 0 ? -1 : readlink(fd_path(top), path, sizeof path - 1);
    if (size < 0 || unshare(CLONE_NEWNS) != 0) return -1;
    path[size] = 0;
    close(top);
    return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_lower(const struct lower *lower, const struct plan *plan) {
    if (lower->squashfs) return squash_open(lower, plan->root.work, plan->identity == IDENTITY_RANGES);
    if (lower->owned) owned_make(lower);
    return open_part(lower->owned ? lower->owned : lower->path, "\nhint: pull the image again");
}

int union_mount(const struct plan *plan) {
    const struct root *root = &plan->root;
    struct parts parts = {.lowers = must_alloc((root->lower_count + 1) * sizeof(int)), .lower_count = root->lower_count};
    bool aufs = false, served = false;
    if (used_up(root)) die(STATUS_LICHEN, "cannot start the container again: what a container with --rm has written is good for one run, and goes now");
    work_make(root);
    parts.work = open_part(root->work, ""); /* before squashfs is mounted over it, for want of another place */
    for (size_t i = 0; i < root->lower_count; i++) {
        aufs |= root->lowers[i].aufs;
        served |= root->lowers[i].squashfs;
        parts.lowers[i] = open_lower(&root->lowers[i], plan);
    }
    upper_make(root, parts.lowers);
    int points = points_open(plan);
    if (points >= 0) parts.lowers[parts.lower_count++] = points;
    parts.upper = open_part(root->upper, "");
    if (aufs || !union_by_kernel(&parts, parts.upper, root->once)) {
        int error = aufs ? EINVAL : errno;
        if (!fuse_present(UNION_SERVER)) refused(root, error);
        if (!aufs) remove_all(parts.work, "work"); /* of mode 000: the kernel made it before it refused, and on NFS not even root of the namespace could open it */
        if (!union_by_fuse(&parts, parts.upper, root->once)) die(STATUS_LICHEN, "cannot mount the root file system (%s): %s failed", root->upper, UNION_SERVER);
        served = true;
    }
    int top = top_of(parts.upper);
    if (served) top = leave_to_server(top);
    if (top < 0) mount_failed("the root file system", "/");
    for (size_t i = 0; i < parts.lower_count; i++) close(parts.lowers[i]);
    free(parts.lowers);
    close(parts.upper);
    close(parts.work);
    return top;
}
