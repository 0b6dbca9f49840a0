/* A further process in a running container.
 *
 *     this program -- monitor (a subreaper) -- the guest's program -- …
 *
 * The monitor ends what was started here when the container ends, and stays for that when the guest's program leaves others behind: no pid namespace would do it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "given.h"
#include "process.h"
#include "wait.h"

static struct {
    pid_t guest, caller;
    bool together, told, exact;
} monitored;

static void tell(int status) {
    if (monitored.told) return;
    monitored.told = true;
    sigqueue(monitored.caller, WAIT_TOLD, (union sigval){.sival_int = status});
}

/* The guest's end is the result, also when others go on. */
static void reap(void) {
    static int ended;
    int status;
    pid_t got;
    while ((got = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (got != monitored.guest) continue;
        if (WIFSTOPPED(status)) {
            kill(getpid(), SIGSTOP);
            continue;
        }
        ended = status;
        monitored.guest = 0;
    }
    if (got < 0 && errno == ECHILD) {
        if (WIFSIGNALED(ended)) end_by_signal(WTERMSIG(ended));
        _exit(WEXITSTATUS(ended));
    }
    if (!monitored.guest) tell(ended);
}

/* Who waits for the guest is gone: when it has ended, or when it was killed, and then the guest is too. */
static void abandon(void) {
    if (monitored.exact && monitored.guest) kill(monitored.guest, SIGKILL);
}

static _Noreturn void monitor(pid_t first) {
    enum { PAUSE = 1000 }; /* milliseconds, where the kernel has no pidfd */
    sigset_t all;
    sigfillset(&all);
    struct pollfd polled[] = {{.fd = signalfd(-1, &all, SFD_CLOEXEC), .events = POLLIN}, {.fd = (int)syscall(SYS_pidfd_open, first, 0U), .events = POLLIN}};
    for (;;) {
        poll(polled, 2, polled[1].fd < 0 ? PAUSE : -1);
        if (polled[1].fd < 0 ? kill(first, 0) != 0 : polled[1].revents != 0) {
            process_end_children();
            _exit(STATUS_SIGNAL + SIGKILL);
        }
        struct signalfd_siginfo info;
        if (!polled[0].revents || read(polled[0].fd, &info, sizeof info) != sizeof info) continue;
        if (info.ssi_signo == SIGCHLD) reap();
        else if ((int)info.ssi_signo == WAIT_TOLD && getppid() != monitored.caller) abandon();
        else if (monitored.guest && (!monitored.together || info.ssi_code != SI_KERNEL)) kill(monitored.guest, (int)info.ssi_signo);
    }
}

static _Noreturn void run(struct launch *launch) {
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot adopt the processes started in the container: %s", strerror(errno));
    prctl(PR_SET_PDEATHSIG, WAIT_TOLD, 0, 0, 0);
    monitored.guest = fork();
    if (monitored.guest < 0) die(STATUS_LICHEN, "cannot start a process in the container: %s", strerror(errno));
    if (monitored.guest == 0) guest_run(launch);
    for (int fd = 0; fd <= 2; fd++) dup2(launch->null, fd);
    console_close(&launch->console);
    close(launch->report);
    given_let_go(&launch->plan.guest);
    monitor(launch->first);
}

void enter_container(struct launch *launch, pid_t pid) {
    launch->entering = true;
    launch->first = pid;
    given_check(pid);
    block_read(launch, "run/engine");
    guest_user(launch);
    guest_settle(launch);
    signals_keep_ignored();
    wait_prepare();
    monitored.caller = getpid();
    monitored.together = !launch->plan.guest.terminal;
    monitored.exact = launch->plan.guest.exact;
    const pid_t child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process in the container: %s", strerror(errno));
    if (child == 0) run(launch);
    close(launch->report);
    console_close(&launch->console);
    given_let_go(&launch->plan.guest);
    const int result = wait_for(child, monitored.together);
    if (launch->plan.guest.exact) wait_end_alike();
    exit(result);
}
