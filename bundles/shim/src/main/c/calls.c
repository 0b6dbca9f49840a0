/* A container that runs for calls (orders: flag `calls`) ends when nobody calls any more. Each call holds a read lock of the file `calls` in the container directory, for as long as it lasts;
 * a child of ours waits for the write lock, and keeps it until we have ended, so that the next call waits for that too. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "places.h"
#include "shim.h"

void end_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(1);
}

static _Noreturn void await_silence(int directory, int told, pid_t parent) {
    const int kept[] = {directory, told};
    sigset_t none;
    char byte = 0;
    end_with(parent);
    close_all_but(kept, sizeof kept / sizeof *kept);
    prctl(PR_SET_NAME, "lichen-calls", 0, 0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int lock = openat(directory, "calls", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock >= 0) lock_part(lock, LOCK_PART_CALLS, true);
    if (write(told, &byte, 1) < 0) _exit(1);
    for (;;) pause();
}

static void on_silence(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    close_fd(&shim->silence);
    unlinkat(shim->container.run, "enter", 0); /* whoever calls now waits for our end, and starts it anew */
    stop_guest(shim);
}

void calls_begin(struct shim *shim) {
    int ends[2];
    if (!(shim->plan.flags & FLAG_CALLS)) return;
    if (pipe2(ends, O_CLOEXEC) != 0) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    const pid_t parent = getpid(), child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (child == 0) await_silence(shim->container.directory, ends[1], parent);
    close(ends[1]);
    shim->silence = ends[0];
}

void calls_watch(struct shim *shim) { watch(shim->silence, POLLIN, on_silence, NULL); }
