/* lichen-shim: carries out one launch plan (descriptor 3). Usage: lichen-shim [--starter] [--attached]
 *   --starter    descriptor 4 is a report socket on which `okay` or `fail` is awaited (a detached start)
 *   --attached   descriptor 5 is the connection of the first attached client (a terminal in the foreground) */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "places.h"
#include "process.h"
#include "require.h"
#include "shim.h"

enum { PLAN_FD = 3, STARTER_FD = 4, ATTACHED_FD = 5 };

static struct shim shim = {.signals = -1, .listening = -1, .report = -1, .starter = -1, .sealed = -1, .silence = -1, .calling = -1, .out = {.from = -1, .sink = -1}, .err = {.from = -1, .sink = -1}, .master = -1, .input = -1, .log = {.fd = -1}, .container = {.lock = -1}};

/* Tells a failure to whoever started us. */
static void tell(int status, const char *message) {
    if (shim.starter >= 0) report_failure(shim.starter, status, message);
    else if (shim.clients) clients_fail(&shim, status, message);
    else complain("%s", message);
}

/* What is left of the container, after its end or after a failure on the way. */
static void finish(void) {
    bool ours = shim.container.lock >= 0;
    if (ours && shim.plan.flags & FLAG_EPHEMERAL) {
        if (shim.log.fd >= 0) close(shim.log.fd);
        shim.log.fd = -1;
        container_remove(&shim.container, &shim.plan.clean);
    } else if (ours) {
        if (!shim.error && shim.log.error) shim.error = must_format("the log is incomplete: %s", strerror(shim.log.error));
        container_ended(&shim.container, shim.status, &shim.began, shim.error);
    }
    if (ours) container_leave(&shim.container);
    clients_end(&shim);
}

static void on_failure(int status, const char *message) {
    on_die = NULL;
    const pid_t ours[] = {shim.preparer, shim.launcher, shim.first};
    for (int i = 0; i < 3; i++)
        if (ours[i] > 0 && kill(ours[i], SIGKILL) == 0) waitpid(ours[i], NULL, 0);
    if (shim.launcher > 0 || shim.first > 0) process_end_children();
    tell(status, message);
    shim.status = status;
    shim.error = must_copy(message);
    if (!shim.began.tv_sec) clock_gettime(CLOCK_REALTIME, &shim.began);
    finish();
    _exit(status);
}

static void read_plan(struct bytes *bytes) {
    if (!read_whole(PLAN_FD, bytes)) die(STATUS_LICHEN, "cannot read the plan (descriptor 3): %s", strerror(errno));
    close(PLAN_FD);
    launch_plan_read(&shim.plan, bytes);
    if (!shim.plan.start.present) die(STATUS_LICHEN, "cannot carry out the plan: it starts nothing");
}

static void take_arguments(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        if (!strcmp(arguments[i], "--starter")) shim.starter = STARTER_FD;
        else if (!strcmp(arguments[i], "--attached")) client_add(&shim, ATTACHED_FD, true);
        else die(STATUS_LICHEN, "lichen-shim is started by lichen, not by hand");
    }
    close_on_exec_from(PLAN_FD);
}

int main(int count, char **arguments) {
    struct bytes bytes = {0};
    signal(SIGPIPE, SIG_IGN);
    /* What a burst of output needed goes back to the kernel after it: a shim lives long. */
    mallopt(M_MMAP_THRESHOLD, 32768);
    mallopt(M_TRIM_THRESHOLD, 32768);
    take_arguments(count, arguments);
    on_die = on_failure;
    read_plan(&bytes);
    require_all(&shim.plan);
    container_open(&shim.container, &shim.plan);
    container_run(&shim.container);
    signals_open(&shim);
    launch(&shim);
    loop(&shim);
    if (shim.error) tell(shim.status, shim.error);
    finish();
    return shim.status;
}
