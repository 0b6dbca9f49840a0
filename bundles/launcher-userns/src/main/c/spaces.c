#include "spaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "idmap.h"

#define NS_GET_USERNS _IO(0xb7, 0x1)

const char *spaces_reason(int error) {
    if (error == ENOSPC || error == EUSERS) return "the limit user.max_user_namespaces of this system is reached (0 means that they are switched off)";
    if (error == EINVAL || error == ENOSYS) return "this kernel has no user namespaces";
    if (error == EPERM || error == EACCES) return "this system forbids user namespaces to unprivileged programs";
    return strerror(error);
}

static _Noreturn void limit_reached(void) {
    die(STATUS_LICHEN, "cannot make the container's namespaces: a limit in /proc/sys/user is reached\nhint: an administrator can raise it");
}

void spaces_add(unsigned namespaces) {
    if (unshare((int)namespaces) == 0) return;
    if (errno == ENOSPC) limit_reached();
    die(STATUS_LICHEN, "cannot make the container's namespaces: %s\nhint: `lichen doctor` shows which other ways this machine offers", strerror(errno));
}

void spaces_make(const struct plan *plan, unsigned namespaces) {
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct mapper mapper = {.pid = -1};
    if (plan->identity == IDENTITY_RANGES) mapper_prepare(&mapper, plan);
    if (unshare((int)(CLONE_NEWUSER | namespaces)) != 0) {
        int error = errno;
        if (error == ENOSPC && unshare(CLONE_NEWUSER) == 0) limit_reached();
        die(STATUS_LICHEN, "cannot make a user namespace: %s\nhint: `lichen doctor` shows which other ways this machine offers", spaces_reason(error));
    }
    if (plan->identity == IDENTITY_RANGES) mapper_run(&mapper);
    else map_one(AT_FDCWD, 0, uid, 0, gid);
    /* With `keep-id` the caller's own id is not 0 inside: what follows needs the id 0 that the ranges hold. */
    if (plan->identity == IDENTITY_RANGES && (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0))
        die(STATUS_LICHEN, "cannot become root of the user namespace: %s", strerror(errno));
}

void spaces_nest(int proc, uint32_t uid, uint32_t gid) {
    uid_t outer_uid = geteuid();
    gid_t outer_gid = getegid();
    if (unshare(CLONE_NEWUSER) != 0) die(STATUS_LICHEN, "cannot make a user namespace for the user %u: %s", uid, spaces_reason(errno));
    map_one(proc, uid, outer_uid, gid, outer_gid);
}

/* The user namespace that owns another namespace; kernels before 4.9 cannot tell. */
static int owner_of(int namespace) {
    int owner = ioctl(namespace, NS_GET_USERNS);
    if (owner >= 0) fcntl(owner, F_SETFD, FD_CLOEXEC);
    return owner;
}

static const struct {
    unsigned flag;
    const char *name;
} FILES[] = {{CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"}, {CLONE_NEWNET, "net"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mnt"}};
enum { KINDS = sizeof FILES / sizeof *FILES };

static int open_namespace(pid_t pid, const char *name) {
    AUTO_FREE char *path = must_format("/proc/%d/ns/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die(STATUS_LICHEN, "cannot enter the container (process %d): %s", (int)pid, errno == ENOENT ? "it has ended" : strerror(errno));
    return fd;
}

static void join(int fd, const char *name) {
    if (setns(fd, 0) != 0) die(STATUS_LICHEN, "cannot enter the container (its %s namespace): %s", name, strerror(errno));
    close(fd);
}

/* One by one, for kernels before 5.8 and for the outer user namespace: all are opened first, for afterwards the host's /proc is gone. The mounts come last. */
static void join_each(const struct plan *plan, pid_t pid, bool inner) {
    int files[KINDS], user = open_namespace(pid, "user"), mounts = open_namespace(pid, "mnt"), outer = owner_of(mounts);
    close(mounts);
    for (int i = 0; i < KINDS; i++) files[i] = plan->namespaces & FILES[i].flag ? open_namespace(pid, FILES[i].name) : -1;
    join(outer >= 0 ? outer : dup(user), "user");
    for (int i = 0; i < KINDS; i++)
        if (files[i] >= 0) join(files[i], FILES[i].name);
    if (inner && outer >= 0 && setns(user, CLONE_NEWUSER) != 0 && errno != EINVAL) /* EINVAL: we are in it already */
        die(STATUS_LICHEN, "cannot enter the container (its inner user namespace): %s", strerror(errno));
    close(user);
}

void spaces_join(const struct plan *plan, pid_t pid, bool inner) {
    AUTO_CLOSE int process = inner ? (int)syscall(SYS_pidfd_open, pid, 0U) : -1;
    if (process < 0 || setns(process, (int)(CLONE_NEWUSER | plan->namespaces)) != 0) join_each(plan, pid, inner);
    if (plan->identity == IDENTITY_RANGES && (setgroups(0, NULL) != 0 || setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0))
        die(STATUS_LICHEN, "cannot become root in the container: %s", strerror(errno));
}

int spaces_borrow(pid_t pid) {
    int user = open_namespace(pid, "user"), mounts = open_namespace(pid, "mnt"), outer = owner_of(mounts);
    join(outer >= 0 ? outer : dup(user), "user");
    close(user);
    if (unshare(CLONE_NEWNS) != 0) die(STATUS_LICHEN, "cannot make a mount namespace: %s", spaces_reason(errno));
    return mounts;
}

void spaces_switch(int mounts) { join(mounts, "mnt"); }

static void loopback_up(void) {
    AUTO_CLOSE int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo"};
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) != 0) die(STATUS_LICHEN, "cannot set up the container's loopback interface: %s", strerror(errno));
}

void spaces_settle(const struct plan *plan) {
    if (plan->namespaces & CLONE_NEWNET) loopback_up();
    if (!(plan->namespaces & CLONE_NEWUTS)) return;
    const char *name = plan->host_name ? plan->host_name : getenv("LICHEN_CONTAINER");
    if (!name) return;
    size_t size = plan->host_name ? strlen(name) : strnlen(name, 12);
    if (sethostname(name, size) != 0) die(STATUS_LICHEN, "cannot set the host name (%.*s): %s", (int)size, name, strerror(errno));
}
