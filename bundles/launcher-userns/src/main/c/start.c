#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "emulation.h"
#include "report.h"
#include "root.h"
#include "spaces.h"
#include "wait.h"

/* The container ends with the shim, however that ends. A shim that is gone already has closed its end of the report socket: from a pid namespace, getppid cannot tell. */
static void end_with_parent(const struct launch *launch) {
    struct pollfd report = {.fd = launch->report};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot tie the container to its shim: %s", strerror(errno));
    if (launch->report >= 0 && poll(&report, 1, 0) == 1 && report.revents & POLLHUP) _exit(STATUS_LICHEN);
}

/* First process with a reaper: the guest is its child. What it holds open would keep a reader of the guest's output waiting, so it holds nothing.
   The guest may look into it: it has no more rights than the guest, and its program is a sealed copy. */
static _Noreturn void reap_for(struct launch *launch) {
    wait_prepare();
    prctl(PR_SET_NAME, "lichen-init", 0, 0, 0);
    pid_t guest = fork();
    if (guest < 0) die(STATUS_LICHEN, "cannot start a process in the container: %s", strerror(errno));
    if (guest == 0) guest_run(launch);
    for (int fd = 0; fd <= 2; fd++) dup2(launch->null, fd);
    close_on_exec_from(3);
    console_close(&launch->console);
    close(launch->report);
    close(launch->payload);
    close(launch->proc);
    close(launch->null);
    _exit(wait_for(guest, !launch->plan.guest.terminal));
}

/* Runs as the container's first process. */
static _Noreturn void first_process(struct launch *launch, int root) {
    end_with_parent(launch);
    spaces_settle(&launch->plan);
    root_build(&launch->plan, root);
    guest_user(launch);
    guest_settle(launch);
    /* Taking other ids or a new user namespace has cleared it. */
    end_with_parent(launch);
    if (launch->plan.init) reap_for(launch);
    guest_run(launch);
}

/* A fork whose child has our parent as its parent: the shim is to see it end, and its death is to be the child's. */
static pid_t fork_sibling(void) { return (pid_t)syscall(SYS_clone, (unsigned long)CLONE_PARENT | SIGCHLD, 0UL, 0UL, 0UL, 0UL); }

/* A guest that takes other ids loses the signal that ties it to the shim. So where ids are real and no reaper is between, this process stays, and passes that signal on. */
static _Noreturn void guard(struct launch *launch, pid_t first) {
    sigset_t told;
    sigemptyset(&told);
    sigaddset(&told, SIGTERM);
    int process = (int)syscall(SYS_pidfd_open, first, 0U);
    if (process < 0 || sigprocmask(SIG_BLOCK, &told, NULL) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) _exit(0);
    int signals = signalfd(-1, &told, SFD_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++) dup2(launch->null, fd);
    close(launch->report);
    struct pollfd polled[] = {{.fd = process, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    while (poll(polled, 2, -1) < 0 && errno == EINTR) continue;
    if (polled[1].revents) kill(first, SIGKILL);
    _exit(0);
}

void start(struct launch *launch) {
    const char *user = launch->plan.guest.user;
    launch->has_user = user && *user && strcmp(user, "0") != 0 && strcmp(user, "root") != 0;
    if (launch->plan.identity == IDENTITY_FULL) emulation_keep(launch);
    spaces_make(&launch->plan, launch->plan.namespaces & CLONE_NEWNS);
    int root = root_mount(&launch->plan); /* before our children are of another pid namespace: it may need helpers that outlive the start */
    spaces_add(launch->plan.namespaces & ~(unsigned)CLONE_NEWNS);
    pid_t first = fork_sibling();
    if (first < 0) die(STATUS_LICHEN, "cannot start the container's first process: %s", strerror(errno));
    if (first == 0) first_process(launch, root);
    report_number(launch->report, "pid.", (uint64_t)first);
    if (launch->plan.identity == IDENTITY_RANGES && !launch->plan.init) guard(launch, first);
    _exit(0);
}
