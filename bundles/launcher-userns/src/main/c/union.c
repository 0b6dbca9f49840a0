#include "union.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounts.h"
#include "owned.h"
#include "points.h"
#include "removal.h"
#include "upper.h"

static const char DESCRIPTORS[] = "/proc/self/fd";
static const char PROGRAM[] = "fuse-overlayfs";
static const char PATH[] = "/usr/local/bin:/usr/bin:/bin";

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

/* In the child: descriptors keep their numbers, but not across exec by themselves. */
static _Noreturn void serve(const struct parts *parts, int target, bool once, int words) {
    AUTO_FREE char *options = union_options(parts, once ? ",volatile" : "");
    AUTO_FREE char *place = must_format("%d", target);
    AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (size_t i = 0; i < parts->lower_count; i++) fcntl(parts->lowers[i], F_SETFD, 0);
    fcntl(parts->upper, F_SETFD, 0);
    fcntl(parts->work, F_SETFD, 0);
    fcntl(target, F_SETFD, 0);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    setenv("PATH", PATH, 1);
    if (chdir(DESCRIPTORS) == 0) execlp(PROGRAM, PROGRAM, "-f", "-o", options, place, (char *)NULL);
    complain("cannot run it: %s", strerror(errno));
    _exit(STATUS_LICHEN);
}

static bool is_fuse(int target) {
    struct statfs facts;
    AUTO_CLOSE int top = top_of(target);
    return top >= 0 && fstatfs(top, &facts) == 0 && facts.f_type == 0x65735546; /* FUSE_SUPER_MAGIC */
}

/* Its last line; what it says is only of interest when it fails. */
static void tell(int words) {
    struct bytes text = {0};
    if (lseek(words, 0, SEEK_SET) == 0 && read_whole(words, &text)) bytes_add(&text, "", 1);
    while (text.size > 1 && text.data[text.size - 2] == '\n') text.data[--text.size - 1] = 0;
    const char *line = text.size ? strrchr((const char *)text.data, '\n') : NULL;
    complain("%s: %s", PROGRAM, line ? line + 1 : text.size > 1 ? (const char *)text.data : "it has ended");
    bytes_clear(&text);
}

/* It is a child of our parent and ends with that: the container's shim. That it has ended shows at the pipe, of which it alone holds the other end. */
bool union_by_fuse(const struct parts *parts, int target, bool once) {
    enum { PAUSE = 2 }; /* milliseconds */
    int alive[2], words = memory_file(PROGRAM, "", 0);
    pid_t parent = getppid();
    if (words < 0 || pipe2(alive, O_CLOEXEC) != 0) return false;
    pid_t child = (pid_t)syscall(SYS_clone, (unsigned long)CLONE_PARENT | SIGCHLD, 0UL, 0UL, 0UL, 0UL);
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(STATUS_LICHEN);
        fcntl(alive[1], F_SETFD, 0);
        serve(parts, target, once, words);
    }
    close(alive[1]);
    struct pollfd polled = {.fd = alive[0]};
    bool good = false, ended = child < 0;
    while (!good && !ended) {
        ended = poll(&polled, 1, PAUSE) > 0;
        good = is_fuse(target);
    }
    if (!good) tell(words);
    close(alive[0]);
    close(words);
    return good;
}

bool union_fuse_present(void) {
    AUTO_FREE char *places = must_copy(PATH);
    char *state = NULL;
    if (access("/dev/fuse", R_OK | W_OK) != 0) return false;
    for (char *place = strtok_r(places, ":", &state); place; place = strtok_r(NULL, ":", &state)) {
        AUTO_FREE char *program = must_format("%s/%s", place, PROGRAM);
        if (access(program, X_OK) == 0) return true;
    }
    return false;
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

int union_mount(const struct plan *plan) {
    const struct root *root = &plan->root;
    struct parts parts = {.lowers = must_alloc((root->lower_count + 1) * sizeof(int)), .lower_count = root->lower_count};
    bool aufs = false;
    for (size_t i = 0; i < root->lower_count; i++) {
        aufs |= root->lowers[i].aufs;
        if (root->lowers[i].owned) owned_make(&root->lowers[i]);
        parts.lowers[i] = open_part(root->lowers[i].owned ? root->lowers[i].owned : root->lowers[i].path, "\nhint: pull the image again");
    }
    if (used_up(root)) die(STATUS_LICHEN, "cannot start the container again: what a container with --rm has written is good for one run, and goes now");
    upper_make(root, parts.lowers);
    int points = points_open(plan);
    if (points >= 0) parts.lowers[parts.lower_count++] = points;
    parts.upper = open_part(root->upper, "");
    parts.work = open_part(root->work, "");
    bool fuse = aufs || !union_by_kernel(&parts, parts.upper, root->once);
    if (fuse) {
        int error = aufs ? EINVAL : errno;
        if (!union_fuse_present()) refused(root, error);
        if (!aufs) remove_all(parts.work, "work"); /* of mode 000: the kernel made it before it refused, and on NFS not even root of the namespace could open it */
        if (!union_by_fuse(&parts, parts.upper, root->once)) die(STATUS_LICHEN, "cannot mount the root file system (%s): %s failed", root->upper, PROGRAM);
    }
    int top = top_of(parts.upper);
    if (fuse) top = leave_to_server(top);
    if (top < 0) mount_failed("the root file system", "/");
    for (size_t i = 0; i < parts.lower_count; i++) close(parts.lowers[i]);
    free(parts.lowers);
    close(parts.upper);
    close(parts.work);
    return top;
}
