#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "report.h"
#include "terminal.h"

/* The id of the container whose directory we are in. */
static const char *here(void) {
    static char path[PATH_MAX];
    const char *slash = getcwd(path, sizeof path) ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : "";
}

static void no_input(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) die(STATUS_LICHEN, "cannot open /dev/null: %s", strerror(errno));
}

static pid_t start(const struct step *step, const struct bytes *payload, const struct entering *how, int *reports) {
    int ends[2];
    const char *id = here();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) die(STATUS_LICHEN, "cannot make a socket: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (child == 0) {
        if (how->detached) {
            setsid();
            no_input();
            dup2(STDIN_FILENO, STDOUT_FILENO);
            dup2(STDIN_FILENO, STDERR_FILENO);
        } else if (how->terminal) {
            setpgid(0, 0); /* what our terminal sends is for us to forward */
        }
        step_execute(step, id, payload->data, payload->size, ends[1], -1, NULL);
    }
    close(ends[1]);
    *reports = ends[0];
    return child;
}

/* Reads reports until the guest's program runs; the terminal's master, or -1. Ends the program when it does not start. */
static int await_start(int reports) {
    struct report report;
    int master = -1;
    while (report_receive(reports, &report, 0) > 0) {
        const char *message;
        if (!strcmp(report.tag, "cons") && report.fd >= 0) {
            master = report.fd;
            continue;
        }
        if (report.fd >= 0) close(report.fd);
        if (strcmp(report.tag, "fail") != 0) continue;
        int status = report_status(&report, &message);
        die(status, "%s", message);
    }
    close(reports);
    return master;
}

static int status_of(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) != child)
        if (errno != EINTR) return STATUS_LICHEN;
    return WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The caller leaves, the program goes on: somebody has to take its output, or it would be hung up. */
static int leave_behind(int master) {
    if (fork() != 0) return 0;
    setsid();
    no_input();
    dup2(STDIN_FILENO, STDOUT_FILENO);
    dup2(STDIN_FILENO, STDERR_FILENO);
    fcntl(master, F_SETFL, fcntl(master, F_GETFL) & ~O_NONBLOCK);
    char piece[4096];
    while (read_some(master, piece, sizeof piece) > 0) continue;
    return 0;
}

int enter(const struct step *step, const struct bytes *payload, const struct entering *how) {
    int reports;
    if (!how->terminal && !how->detached) {
        if (!how->interactive) no_input();
        step_execute(step, here(), payload->data, payload->size, -1, -1, how->passed);
    }
    pid_t child = start(step, payload, how, &reports);
    int master = await_start(reports);
    if (how->detached) return 0;
    if (master < 0) return status_of(child);
    struct relay between = {.fd = master, .input = how->interactive, .signals = true, .guest = child, .keys = how->keys};
    int status = relay(&between);
    return status == RELAY_DETACHED ? leave_behind(master) : status;
}

/* The published payload without what this entry decides itself, then the entry's own. */
static void make_payload(struct bytes *to, const struct step *step, const struct entry *entry) {
    static const char *const OURS[] = {"argv", "flag", "size", "user"};
    struct records list = record_list(&step->payload);
    for (char **variable = entry->weak; variable && *variable; variable++) record_add_text(to, "envi", *variable);
    for (struct record item; record_next(&list, &item) > 0;) {
        bool ours = false;
        for (size_t i = 0; i < sizeof OURS / sizeof *OURS; i++) ours = ours || record_is(&item, OURS[i]);
        if (!ours) record_add(to, item.tag, item.data, item.size);
    }
    for (char **word = entry->command; *word; word++) record_add_text(to, "argv", *word);
    if (entry->how.terminal) record_add_text(to, "envi", "TERM=xterm");
    for (char **variable = entry->environment; variable && *variable; variable++) record_add_text(to, "envi", *variable);
    if (entry->directory) record_add_text(to, "cwd.", entry->directory);
    record_add_text(to, "user", entry->user);
    if (!entry->how.terminal) return;
    struct winsize size = terminal_size();
    unsigned char shape[4] = {(unsigned char)(size.ws_row >> 8), (unsigned char)size.ws_row, (unsigned char)(size.ws_col >> 8), (unsigned char)size.ws_col};
    record_add_text(to, "flag", "terminal");
    record_add(to, "size", shape, sizeof shape);
}

/* Each descriptor goes by another number, for the launcher has uses for the lowest; it gets its own back before the program is executed. The list of the other numbers. */
static int *pass_descriptors(struct bytes *to) {
    enum { OUT_OF_THE_WAY = 16 };
    int *passed = inherited_descriptors();
    for (int *fd = passed; *fd >= 0; fd++) {
        const int other = fcntl(*fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
        if (other < 0) die(STATUS_LICHEN, "cannot pass descriptor %d on: %s", *fd, strerror(errno));
        AUTO_FREE char *text = must_format("%d=%d", *fd, other);
        record_add_text(to, "pass", text);
        *fd = other;
    }
    return passed;
}

void enter_published(int directory, const struct entry *entry) {
    struct bytes published = {0}, payload = {0};
    struct step step = {0};
    if (!read_file(directory, "run/enter", &published) || fchdir(directory) != 0) return;
    struct records list = {published.data, published.size};
    step_read(&step, &list);
    make_payload(&payload, &step, entry);
    struct entering how = entry->how;
    if (entry->exact) {
        record_add_text(&payload, "flag", "exact");
        how.passed = pass_descriptors(&payload);
    }
    exit(enter(&step, &payload, &how));
}
