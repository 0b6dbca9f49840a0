#include "emulation.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wait.h"
#include "walk.h"

#define PLACE "/dev/.lichen"
#define PROGRAM "program"
#define TABLE "root.table"
enum { PAYLOAD_FD = 3 };

/* What it is given is what we were: the payload, and where to report. */
static _Noreturn void execute_with_payload(const struct launch *launch, const char *program, char *const argv[]) {
    static char *nothing[] = {NULL};
    close_on_exec_from(PAYLOAD_FD);
    if (launch->report >= 0) fcntl(launch->report, F_SETFD, 0);
    for (size_t i = 0; i < launch->plan.guest.passed_count; i++) fcntl(launch->plan.guest.passed[i].at, F_SETFD, 0);
    if (dup2(launch->payload, PAYLOAD_FD) == PAYLOAD_FD) execve(program, argv, nothing);
    die(STATUS_LICHEN, "cannot execute the program that emulates root (%s): %s", program, strerror(errno));
}

static int run(const struct launch *launch, const char *program, char *const argv[]) {
    const pid_t child = fork();
    int status;
    if (child < 0) die(STATUS_LICHEN, "cannot start the program that emulates root: %s", strerror(errno));
    if (child == 0) execute_with_payload(launch, program, argv);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(status)) die(STATUS_LICHEN, "the program that emulates root ended with signal %d", WTERMSIG(status));
    return WEXITSTATUS(status); /* it has told why */
}

void emulation_keep(const struct launch *launch) {
    const int status = run(launch, launch->plan.emulation.program, (char *[]){"lichen-trap", "keep", NULL});
    if (status) _exit(status);
}

bool emulation_changed(const struct launch *launch) { return run(launch, PLACE "/" PROGRAM, (char *[]){"lichen-trap", "mounted", PLACE, NULL}) == 0; }

/* Copies: a guest that may mount could make what is bound writable, and it is the user's own. */
static void copy(const char *program, int place, const char *name) {
    AUTO_CLOSE int from = open(program, O_RDONLY | O_CLOEXEC), to = openat(place, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
    struct stat status;
    if (from < 0 || to < 0 || fstat(from, &status) != 0) die(STATUS_LICHEN, "cannot copy a program into the container (%s): %s", program, strerror(errno));
    for (off_t at = 0; at < status.st_size;)
        if (sendfile(to, from, &at, (size_t)(status.st_size - at)) <= 0) die(STATUS_LICHEN, "cannot copy a program into the container (%s): %s", program, strerror(errno));
}

void emulation_place(struct tree *tree) {
    const struct plan *plan = tree->plan;
    AUTO_CLOSE int at = walk_open(tree->root, PLACE, WALK_MAKE_DIRECTORY);
    if (at < 0) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s\nhint: identity 'full' needs a /dev that is the container's own", PLACE, strerror(errno));
    if (mount("tmpfs", fd_path(at), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=65536k") != 0) mount_failed("tmpfs", PLACE);
    AUTO_CLOSE int place = walk_open(tree->root, PLACE, WALK_EXISTING);
    if (place < 0) mount_failed("tmpfs", PLACE);
    copy(plan->emulation.program, place, PROGRAM);
    copy(plan->emulation.stage, place, "stage");
    AUTO_CLOSE int made = openat(place, TABLE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    AUTO_CLOSE int table = openat(place, TABLE, O_PATH | O_CLOEXEC);
    AUTO_CLOSE int top = made < 0 || table < 0 ? -1 : bind_onto(TABLE, table, OPT_NOSUID | OPT_NODEV | OPT_NOEXEC | OPT_NOREC);
    if (top < 0) mount_failed(TABLE, PLACE);
}

void emulation_run(const struct launch *launch) {
    /* In a pid namespace of its own the first process has the number 1. */
    AUTO_FREE char *first = must_format("%d", launch->plan.namespaces & CLONE_NEWPID ? 1 : (int)launch->first);
    char *start[] = {"lichen-trap", "inside", PLACE, NULL}, *enter[] = {"lichen-trap", "inside", PLACE, first, NULL};
    signals_default();
    execute_with_payload(launch, PLACE "/" PROGRAM, launch->entering ? enter : start);
}
