#include "wait.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* What the caller of an entered program ignores; none of a container's start. Signals that a fault raises are not kept: who ignores them does not get on, and launchers stand on some. */
static bool ignored[NSIG];

void signals_keep_ignored(void) {
    static const int FAULTS[] = {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    struct sigaction present;
    for (int number = 1; number < NSIG; number++) ignored[number] = sigaction(number, NULL, &present) == 0 && present.sa_handler == SIG_IGN;
    for (size_t i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) ignored[FAULTS[i]] = false;
}

static void nothing(int number) { (void)number; }

/* sigwaitinfo takes what it waits for out of the blocked set, as /proc shows it: a handler that never runs tells the shim that these signals do reach us. */
static void show_handled(void) {
    static const int ENDING[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP};
    struct sigaction handled = {.sa_handler = nothing};
    for (size_t i = 0; i < sizeof ENDING / sizeof *ENDING; i++) sigaction(ENDING[i], &handled, NULL);
}

void wait_prepare(void) {
    sigset_t all;
    show_handled();
    signal(SIGCHLD, SIG_DFL); /* ignored, it would not come, and there would be no status */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
}

/* We stop as the child did, so that our parent's shell sees it; a first process cannot stop itself. */
static void stop_too(void) {
    if (getpid() != 1) kill(getpid(), SIGSTOP);
}

static int ended_by; /* the signal that has ended the child; 0: none */

static int result_of(int status) {
    ended_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return ended_by ? STATUS_SIGNAL + ended_by : WEXITSTATUS(status);
}

void wait_end_alike(void) {
    if (ended_by) end_by_signal(ended_by);
}

/* true: the child has ended, and its status is in *result. */
static bool reap(pid_t child, bool stops, int *result) {
    int status;
    for (pid_t got; (got = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
        if (got != child) continue;
        if (WIFSTOPPED(status)) {
            if (stops) stop_too();
            continue;
        }
        *result = result_of(status);
        return true;
    }
    return false;
}

/* A child that has a reason to live on tells its result before its end. */
static bool told(const siginfo_t *info, pid_t child, int *result) {
    if (info->si_signo != WAIT_TOLD || info->si_code != SI_QUEUE || info->si_pid != child) return false;
    *result = result_of(info->si_value.sival_int);
    return true;
}

/* What the terminal sends to its foreground group reaches a child that is `together` with us by itself; but a terminal that goes away tells the leader of the session alone. */
static bool is_for_child(const siginfo_t *info, bool together) {
    if (!together || info->si_code != SI_KERNEL) return true;
    return (info->si_signo == SIGHUP || info->si_signo == SIGCONT) && getsid(0) == getpid();
}

int wait_for(pid_t child, bool together) {
    sigset_t all;
    sigfillset(&all);
    for (int result;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number < 0) continue;
        if (number == SIGCHLD) {
            if (reap(child, true, &result)) return result;
        } else if (told(&info, child, &result)) {
            return result;
        } else if (is_for_child(&info, together)) {
            kill(child, number);
        }
    }
}

int wait_as_init(pid_t child, bool together, pid_t parent) {
    sigset_t all;
    sigfillset(&all);
    for (int result;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (getppid() != parent) return -1;
        if (number < 0) continue;
        if (number == SIGCHLD) {
            if (reap(child, false, &result)) return result;
        } else if (is_for_child(&info, together)) {
            kill(child, number);
        }
    }
}

void signals_default(void) {
    for (int number = 1; number < NSIG; number++) {
        struct sigaction present;
        void (*wanted)(int) = ignored[number] ? SIG_IGN : SIG_DFL;
        if (sigaction(number, NULL, &present) == 0 && present.sa_handler != wanted) signal(number, wanted);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void wait_idle(void) {
    enum { FIRST_FREE = 3 };
    sigset_t told;
    int number;
    signals_default();
    sigemptyset(&told);
    sigaddset(&told, SIGTERM);
    sigprocmask(SIG_BLOCK, &told, NULL);
    prctl(PR_SET_NAME, "lichen-idle", 0, 0, 0);
    if (syscall(SYS_close_range, FIRST_FREE, ~0U, 0) != 0) /* before Linux 5.9 */
        for (int fd = FIRST_FREE; fd < 256; fd++) close(fd);
    while (sigwait(&told, &number) != 0) continue;
    _exit(0);
}
