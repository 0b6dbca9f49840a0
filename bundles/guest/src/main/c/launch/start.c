/* Starts a container: builds its tree, and becomes its first process, a reaper under which all others are. There is no pid namespace that would end them with it, so it is a child
   subreaper, and ends what is left by itself. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "book.h"
#include "directory.h"
#include "owned.h"
#include "process.h"
#include "report.h"
#include "wait.h"

/* The container ends with the shim, however that ends. */
static pid_t tie_to_parent(const struct launch *launch) {
    struct pollfd report = {.fd = launch->report};
    const pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot tie the container to its shim: %s", strerror(errno));
    if (launch->report >= 0 && poll(&report, 1, 0) == 1 && report.revents & POLLHUP) _exit(STATUS_LICHEN);
    return parent;
}

/* What it holds open would keep a reader of the guest's output waiting, so it holds nothing. */
static void let_go(struct launch *launch) {
    for (int fd = 0; fd <= 2; fd++) dup2(launch->null, fd);
    console_close(&launch->console);
    close(launch->report);
    close(launch->null);
}

static _Noreturn void reap_for(struct launch *launch) {
    wait_prepare();
    const pid_t parent = tie_to_parent(launch);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot adopt the container's processes: %s", strerror(errno));
    prctl(PR_SET_NAME, "lichen-init", 0, 0, 0);
    if (launch->book) root_book_mark(0, launch->number); /* for whoever enters */
    report_number(launch->report, "pid.", (uint64_t)getpid());
    const pid_t guest = fork();
    if (guest < 0) die(STATUS_LICHEN, "cannot start a process in the container: %s", strerror(errno));
    if (guest == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        guest_run(launch);
    }
    let_go(launch);
    const int result = wait_as_init(guest, !launch->plan.guest.terminal, parent);
    process_end_children();
    _exit(result < 0 ? STATUS_SIGNAL + SIGKILL : result);
}

void start_container(struct launch *launch, const char *stage, const char *preload) {
    char path[PATH_MAX];
    if (!realpath(stage, path)) die(STATUS_LICHEN, "cannot find the launcher's program (%s): %s", stage, strerror(errno));
    launch->stage = must_copy(path);
    if (preload && !realpath(preload, path)) die(STATUS_LICHEN, "cannot find the launcher's library (%s): %s", preload, strerror(errno));
    if (preload) launch->preload = must_copy(path);
    if (launch->rewriting != REWRITING_OFF) launch->images = images_directory(launch->stage);
    if (!launch->images && launch->rewriting == REWRITING_NEEDED)
        die(STATUS_LICHEN, "cannot keep rewritten programs (images/ beside %s): it must be a directory of yours, with mode 0700", launch->stage);
    if (launch->plan.identity == IDENTITY_FULL) {
        launch->book = in_container("root.book");
        launch->table = in_container("root.table");
        if (launch->plan.owners) owners_keep(&launch->plan);
    }
    tree_build(&launch->tree, &launch->plan);
    guest_user(launch);
    block_write(launch);
    guest_settle(launch);
    reap_for(launch);
}
