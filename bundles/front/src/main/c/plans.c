#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "report.h"

enum { PLAN_FD = 3, STARTER_FD = 4, ATTACHED_FD = 5 };

/* Replaces this process by the shim. `extra` becomes descriptor `at`, announced by `option`; -1: none. */
static _Noreturn void become_shim(const struct distribution *distribution, const struct bytes *plan, int extra, int at, const char *option) {
    char *arguments[] = {(char *)(uintptr_t)"lichen-shim", (char *)(uintptr_t)option, NULL};
    int memory = memory_file("plan", plan->data, plan->size);
    int high_plan = memory < 0 ? -1 : fcntl(memory, F_DUPFD_CLOEXEC, 16), high_extra = extra < 0 ? -1 : fcntl(extra, F_DUPFD_CLOEXEC, 16);
    if (high_plan < 0 || (extra >= 0 && high_extra < 0)) die(STATUS_LICHEN, "cannot hand over the plan: %s", strerror(errno));
    close_on_exec_from(PLAN_FD);
    if (dup2(high_plan, PLAN_FD) < 0 || (extra >= 0 && dup2(high_extra, at) < 0)) die(STATUS_LICHEN, "cannot hand over the plan: %s", strerror(errno));
    if (extra < 0) arguments[1] = NULL;
    execv(distribution->shim, arguments);
    die(STATUS_LICHEN, "cannot execute %s: %s", distribution->shim, strerror(errno));
}

static int status_of(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) != child)
        if (errno != EINTR) return STATUS_LICHEN;
    return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static void pair(int type, int ends[2]) {
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) die(STATUS_LICHEN, "cannot make a socket: %s", strerror(errno));
}

static pid_t must_fork(void) {
    pid_t child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    return child;
}

/* The shim leaves our session and is nobody's child; it tells when the container runs. */
static int run_detached(const struct distribution *distribution, const struct bytes *plan, const struct launch_plan *orders) {
    int ends[2];
    struct report report;
    pair(SOCK_SEQPACKET, ends);
    pid_t child = must_fork();
    if (child == 0) {
        setsid();
        if (must_fork() != 0) _exit(0);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null >= 0) {
            dup2(null, STDIN_FILENO);
            dup2(null, STDOUT_FILENO);
        }
        become_shim(distribution, plan, ends[1], STARTER_FD, "--starter");
    }
    close(ends[1]);
    status_of(child);
    while (report_receive(ends[0], &report, 0) > 0) {
        const char *message;
        if (report.fd >= 0) close(report.fd);
        if (!strcmp(report.tag, "fail")) {
            int status = report_status(&report, &message);
            complain("%s", message);
            close(ends[0]);
            return status;
        }
        close(ends[0]);
        if (!orders->print || !*orders->print) return 0;
        AUTO_FREE char *id = must_format("%.*s", (int)report.size, (const char *)report.data);
        AUTO_FREE char *text = substitute(orders->print, "id", id);
        AUTO_FREE char *line = must_format("%s%s", text, *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
        return write_all(STDOUT_FILENO, line, strlen(line)) ? 0 : STATUS_LICHEN;
    }
    close(ends[0]);
    complain("cannot start the container: its shim ended without a reason");
    return STATUS_LICHEN;
}

/* A terminal can be left, so its shim is not in our session; we are its first attached client. */
static int run_terminal(const struct distribution *distribution, const struct bytes *plan, const struct launch_plan *orders) {
    int ends[2];
    pair(SOCK_STREAM, ends);
    pid_t child = must_fork();
    if (child == 0) {
        setsid();
        become_shim(distribution, plan, ends[1], ATTACHED_FD, "--attached");
    }
    close(ends[1]);
    struct relay between = {.fd = ends[0], .frames = true, .input = orders->flags & FLAG_INTERACTIVE, .signals = true, .keys = orders->keys, .guest = child};
    int status = relay(&between);
    close(ends[0]);
    return status == RELAY_DETACHED ? 0 : status;
}

static int run_foreground(const struct distribution *distribution, const struct bytes *plan, bool in_place) {
    if (in_place) become_shim(distribution, plan, -1, -1, NULL);
    pid_t child = must_fork();
    if (child == 0) become_shim(distribution, plan, -1, -1, NULL);
    return status_of(child);
}

/* A plan with nothing to start enters a running container. */
static int run_enter(const struct launch_plan *orders) {
    struct bytes published = {0}, payload = {0};
    struct step step = orders->enter;
    struct entering how = {orders->flags & FLAG_TERMINAL, orders->flags & FLAG_INTERACTIVE, orders->flags & FLAG_DETACHED, orders->keys, NULL};
    if (!orders->id) die(STATUS_LICHEN, "cannot carry out the plan: it names no container");
    AUTO_FREE char *path = must_format("%s/containers/%s", orders->home, orders->id);
    if (chdir(path) != 0 || !read_file(AT_FDCWD, "run/pid", &published)) die(STATUS_LICHEN, "cannot enter the container (%.12s): it does not run", orders->id);
    bytes_add(&published, "", 1);
    AUTO_FREE char *pid = must_format("%.*s", (int)strcspn((const char *)published.data, " "), (const char *)published.data);
    for (char **word = step.argv; *word; word++) *word = substitute(*word, "init.pid", pid);
    bytes_add(&payload, step.payload.data, step.payload.size);
    return enter(&step, &payload, &how);
}

static int run_one(const struct distribution *distribution, const struct bytes *bytes, bool in_place) {
    struct launch_plan plan;
    launch_plan_read(&plan, bytes);
    if (!plan.start.present) {
        pid_t child = in_place ? 0 : must_fork();
        if (child) return status_of(child);
        exit(run_enter(&plan));
    }
    if (plan.flags & FLAG_DETACHED) return run_detached(distribution, bytes, &plan);
    if (plan.flags & FLAG_TERMINAL) return run_terminal(distribution, bytes, &plan);
    return run_foreground(distribution, bytes, in_place);
}

int plans_execute(const struct distribution *distribution, const struct bytes *plans, size_t count, bool in_place) {
    int status = 0;
    for (size_t i = 0; i < count; i++) status = run_one(distribution, &plans[i], in_place && i + 1 == count);
    return status;
}

int run_plan_command(const struct distribution *distribution, const struct options *options) {
    struct bytes plan = {0};
    char **at = options->command + 1;
    if (at[0] && !strcmp(at[0], "--")) at++;
    if (!at[0] || at[1]) die(STATUS_LICHEN, "usage: lichen run-plan FILE\nhint: `lichen plan -o FILE run …` makes one");
    AUTO_CLOSE int fd = !strcmp(at[0], "-") ? dup(STDIN_FILENO) : open(at[0], O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !read_whole(fd, &plan)) die(STATUS_LICHEN, "cannot read the plan (%s): %s", at[0], strerror(errno));
    return plans_execute(distribution, &plan, 1, true);
}
