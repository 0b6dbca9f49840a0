#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "shim.h"

void signals_open(struct shim *shim) {
    static const int OURS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGKILL, SIGSTOP};
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) sigdelset(&all, OURS[i]);
    sigprocmask(SIG_SETMASK, &all, NULL);
    shim->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (shim->signals < 0) die(STATUS_LICHEN, "cannot receive signals: %s", strerror(errno));
}

static bool ends_by_default(int number) { return number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT; }

/* The kernel drops a signal to the first process of a pid namespace that does not handle it, so `sleep` in a container would ignore Ctrl-C and `stop`. What any other process
   would do by default is done for it. */
static bool ignores(const struct shim *shim, int number) {
    uint64_t bit = 1ULL << (number - 1);
    return shim->first_of_namespace && !((process_mask(shim->first, "SigCgt") | process_mask(shim->first, "SigIgn") | process_mask(shim->first, "SigBlk")) & bit);
}

void signal_guest(struct shim *shim, int number, bool from_terminal) {
    if (shim->ended) return;
    if (shim->first <= 0) { /* the container is still being made: there is nothing to be saved */
        if (!ends_by_default(number) && number != SIGKILL) return;
        shim->status = STATUS_SIGNAL + number;
        if (shim->preparer > 0 && kill(-shim->preparer, SIGKILL) != 0) kill(shim->preparer, SIGKILL);
        if (shim->launcher > 0) kill(shim->launcher, SIGKILL);
        return;
    }
    if (ends_by_default(number) && ignores(shim, number)) {
        shim->status = STATUS_SIGNAL + number;
        number = SIGKILL;
    } else if (from_terminal && shim->together) {
        return; /* the guest is in the terminal's foreground group and has got it as we did */
    }
    kill(shim->first, number);
}

void stop_guest(struct shim *shim) {
    shim->kill_at = now_ms() + 1000 * (int64_t)shim->plan.stop_seconds;
    signal_guest(shim, shim->plan.stop_signal, false);
}

/* Ctrl-Z: the guest stops, then we, so that the caller's shell sees its job stopped. SIGCONT is forwarded after the shell has woken us. */
static void suspend(struct shim *shim, bool from_terminal) {
    if (shim->first > 0 && (!from_terminal || ignores(shim, SIGTSTP))) kill(shim->first, SIGSTOP);
    if (!(shim->plan.flags & (FLAG_DETACHED | FLAG_TERMINAL))) kill(getpid(), SIGSTOP);
}

static int status_of(int status) { return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status); }

static void launcher_ended(struct shim *shim, int result) {
    shim->launcher = 0;
    if (shim->report >= 0) launch_report(shim); /* its last words come before its end counts */
    if (shim->first > 0 || shim->ended) return;
    if (!shim->error && shim->status < STATUS_SIGNAL) shim->error = must_format("the launcher (%s) ended with status %d and started nothing", shim->plan.start.program, result);
    if (!shim->status) shim->status = STATUS_LICHEN;
    shim->ended = true;
}

static void first_ended(struct shim *shim, int result) {
    if (shim->report >= 0) launch_report(shim);
    /* Killed by us in the place of another signal: the status tells that one. */
    if (!shim->error && !(shim->status > STATUS_SIGNAL && result == STATUS_SIGNAL + SIGKILL)) shim->status = result;
    shim->ended = true;
}

/* A first process can end before the launcher has told its pid: until then the ends of all processes are kept. */
static struct {
    pid_t pid;
    int result;
} *early;
static size_t early_count;

static void keep_early(pid_t pid, int result) {
    early = must_realloc(early, early_count + 1, sizeof *early);
    early[early_count].pid = pid;
    early[early_count++].result = result;
}

void first_known(struct shim *shim) {
    for (size_t i = 0; i < early_count; i++)
        if (early[i].pid == shim->first) {
            size_t found = i;
            early_count = 0;
            first_ended(shim, early[found].result);
            return;
        }
    early_count = 0;
}

static void reap(struct shim *shim) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        bool launcher = pid == shim->launcher;
        if (pid == shim->preparer) {
            launch_prepared(shim, status_of(status));
            continue;
        }
        if (launcher) launcher_ended(shim, status_of(status));
        if (pid == shim->first) first_ended(shim, status_of(status)); /* a launcher may have become the guest */
        else if (!launcher && shim->first <= 0) keep_early(pid, status_of(status));
    }
}

void signals_read(struct shim *shim) {
    struct signalfd_siginfo info;
    while (read(shim->signals, &info, sizeof info) == sizeof info) {
        int number = (int)info.ssi_signo;
        bool from_terminal = info.ssi_code == SI_KERNEL;
        if (number == SIGCHLD) reap(shim);
        else if (number == SIGPIPE) continue;
        else if (number == SIGTSTP) suspend(shim, from_terminal);
        else if (number == SIGCONT && shim->first > 0) kill(shim->first, SIGCONT);
        else signal_guest(shim, number, from_terminal);
    }
}
