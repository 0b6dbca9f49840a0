#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "places.h"
#include "process.h"
#include "records.h"
#include "sealed.h"
#include "shim.h"

static void report_pair(int ends[2]) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) die(STATUS_LICHEN, "cannot make a socket: %s", strerror(errno));
}

/* Runs in the child: the mask is ours, not the launcher's. */
static _Noreturn void run_step(const struct shim *shim, const struct step *step, const int stdio[3], int report) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    int high[3];
    on_die = NULL; /* the shim's cleaning up is not the child's */
    for (int i = 0; i < 3; i++) high[i] = stdio[i] < 0 ? -1 : fcntl(stdio[i], F_DUPFD_CLOEXEC, 16);
    for (int i = 0; i < 3; i++)
        if (high[i] < 0 || dup2(high[i], i) < 0) close(i); /* the caller has closed it: so it is for the guest */
    step_execute(step, shim->container.id, step->payload.data, step->payload.size, report, step == &shim->plan.start ? shim->sealed : -1, NULL);
}

/* The preparation's messages are the caller's; what it reports as `fail` ends the start. It ends with us, for nobody would hold the lock any more. */
static void prepare_root(struct shim *shim) {
    int ends[2], stdio[3] = {open("/dev/null", O_RDONLY | O_CLOEXEC), STDERR_FILENO, STDERR_FILENO};
    report_pair(ends);
    shim->preparer = fork();
    if (shim->preparer < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (shim->preparer == 0) {
        setpgid(0, 0); /* to be ended with its children */
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        run_step(shim, &shim->plan.prepare, stdio, ends[1]);
    }
    close(ends[1]);
    close(stdio[0]);
    shim->report = ends[0];
}

void launch(struct shim *shim) {
    clock_gettime(CLOCK_REALTIME, &shim->began);
    /* Before we adopt. */
    if (!host_open(shim)) die(STATUS_LICHEN, "cannot open the socket for calls of the host (%s/h): %s", shim->container.run_path, strerror(errno));
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot adopt the container's processes: %s", strerror(errno));
    shim->listening = socket_listen(shim->container.run, "s");
    if (shim->listening < 0) die(STATUS_LICHEN, "cannot open the container's socket (%s/s): %s", shim->container.run_path, strerror(errno));
    if (shim->plan.prepare.present && faccessat(shim->container.directory, "rootfs.ready", F_OK, 0) != 0) prepare_root(shim);
    else launch_step(shim);
}

void launch_prepared(struct shim *shim, int result) {
    shim->preparer = 0;
    if (shim->report >= 0) launch_report(shim);
    close_fd(&shim->report);
    if (!shim->error && !shim->status && result != 0) {
        shim->error = must_format("cannot prepare the root file system: %s ended with status %d", shim->plan.prepare.program, result);
        shim->status = STATUS_LICHEN;
    }
    shim->ended = shim->error || shim->status;
    if (shim->ended) return;
    if (!replace_file(shim->container.directory, "rootfs.ready", "", 0, 0600)) die(STATUS_LICHEN, "cannot mark the root file system as ready: %s", strerror(errno));
    launch_step(shim);
}

static void forget(int fd) {
    AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) dup2(null, fd);
}

/* What the guest alone uses is not held open by us: the other side of a pipe is to see the guest close it. */
static void let_go(const struct shim *shim) {
    forget(STDIN_FILENO);
    if (shim->together && !(shim->plan.flags & FLAG_LOG)) forget(STDOUT_FILENO);
}

void launch_step(struct shim *shim) {
    int ends[2], stdio[3];
    if (shim->plan.flags & FLAG_LOG) log_open(&shim->log, shim->container.directory);
    shim->together = !(shim->plan.flags & (FLAG_DETACHED | FLAG_TERMINAL));
    clock_gettime(CLOCK_REALTIME, &shim->began);
    streams_open(shim, stdio);
    report_pair(ends);
    if (shim->plan.start.sealed) shim->sealed = sealed_open(shim->plan.start.program, shim->container.run_all);
    shim->launcher = fork();
    if (shim->launcher < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (shim->launcher == 0) run_step(shim, &shim->plan.start, stdio, ends[1]);
    close(ends[1]);
    shim->report = ends[0];
    for (int i = 0; i < 3; i++)
        if (stdio[i] > STDERR_FILENO) close(stdio[i]);
    let_go(shim);
}

/* From here on the guest's program runs. */
static void started(struct shim *shim) {
    shim->started = true;
    /* The enter step's program is usually the same file, so its copy costs nothing; it stays open as long as somebody may enter. */
    if (shim->plan.enter.present && (!shim->plan.enter.sealed || shim->sealed < 0 || strcmp(shim->plan.enter.program, shim->plan.start.program) != 0)) {
        close_fd(&shim->sealed);
        if (shim->plan.enter.sealed) shim->sealed = sealed_open(shim->plan.enter.program, shim->container.run_all);
    }
    container_publish(&shim->container, &shim->plan.enter, shim->first, shim->sealed);
    if (shim->plan.flags & (FLAG_DETACHED | FLAG_TERMINAL)) { /* warnings of the launcher were for the caller's terminal; from now on there is none */
        forget(STDOUT_FILENO);
        forget(STDERR_FILENO);
    }
    calls_begin(shim);
    if (shim->starter >= 0) report_send(shim->starter, "okay", shim->container.id, strlen(shim->container.id), -1);
    close_fd(&shim->starter);
}

void supervise(struct shim *shim, int listener, uint32_t uid, uint32_t gid) {
    if (!shim->ids) shim->ids = ids_new();
    struct listener new = {listener, ids_first(shim->ids, uid, gid)};
    ids_listen(listener);
    for (size_t i = 0; i < shim->listener_count; i++)
        if (shim->listeners[i].fd < 0) {
            shim->listeners[i] = new;
            return;
        }
    /* Entries are watched by address only within one round, and this runs at the end of one's action: none is used after it moves. */
    shim->listeners = must_realloc(shim->listeners, shim->listener_count + 1, sizeof new);
    shim->listeners[shim->listener_count++] = new;
}

static void handle(struct shim *shim, struct report *report) {
    if (!strcmp(report->tag, "pid.") && report->size == 8) {
        shim->first = (pid_t)get_u64(report->data);
        shim->first_of_namespace = process_is_first(shim->first);
        first_known(shim);
    } else if (!strcmp(report->tag, "cons") && report->fd >= 0) {
        terminal_arrived(shim, report->fd);
        report->fd = -1;
    } else if (!strcmp(report->tag, "idsv") && report->fd >= 0 && report->size == 16) {
        supervise(shim, report->fd, (uint32_t)get_u64(report->data), (uint32_t)get_u64(report->data + 8));
        report->fd = -1;
    } else if (!strcmp(report->tag, "fail")) {
        const char *message;
        shim->status = report_status(report, &message);
        free(shim->error);
        shim->error = must_copy(message);
    }
    if (report->fd >= 0) close(report->fd);
}

void launch_report(struct shim *shim) {
    struct report report;
    for (;;) {
        int got = shim->report < 0 ? -1 : report_receive(shim->report, &report, MSG_DONTWAIT);
        if (got > 0) {
            handle(shim, &report);
            continue;
        }
        if (got < 0) return; /* nothing now */
        close_fd(&shim->report);
        if (shim->first > 0 && !shim->error) started(shim);
        return;
    }
}
