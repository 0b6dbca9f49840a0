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
#include "owners.h"
#include "ownerlist.h"
#include "process.h"
#include "report.h"
#include "wait.h"

static struct root_place owned;

static bool give(int fd, uid_t uid, gid_t gid, mode_t mode) {
    const struct root_file file = {fd, NULL};
    struct root_host host;
    int error = root_host(&file, &host);
    const struct root_node node = {.mode = (host.mode & S_IFMT) | (S_ISLNK(host.mode) ? 0777 : mode & 07777), .uid = uid, .gid = gid};
    if (!error) error = root_keep(&owned, &file, &host, &node);
    errno = -error;
    return !error;
}

static char *in_container(const char *name) {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) die(STATUS_LICHEN, "cannot tell where the container is: %s", strerror(errno));
    return must_format("%s/%s", here, name);
}

/* The image's owners become records of root emulation: before anything is copied out of the tree. */
static void keep_owners(const char *tree, const char *list) {
    static struct root_table table;
    struct stat status;
    AUTO_CLOSE int root = tree ? open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0 || fstat(root, &status) != 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", tree ? tree : "none", strerror(errno));
    const int error = root_table_open(&table, in_container("root.table"), status.st_ino);
    if (error < 0) die(STATUS_LICHEN, "cannot open the table of owners (root.table in the container directory): %s", strerror(-error));
    owned = (struct root_place){.host_uid = geteuid(), .attributes = true, .table = &table};
    owner_list_apply(root, list, give);
}

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
    if (launch->plan.guest.terminal) {
        close(launch->console.master);
        close(launch->console.slave);
    }
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

void start_container(struct launch *launch, const char *stage) {
    char path[PATH_MAX];
    if (!realpath(stage, path)) die(STATUS_LICHEN, "cannot find the launcher's program (%s): %s", stage, strerror(errno));
    launch->stage = must_copy(path);
    if (launch->plan.identity == IDENTITY_FULL) {
        launch->book = in_container("root.book");
        if (launch->plan.owners) keep_owners(launch->plan.root.path, launch->plan.owners);
    }
    tree_build(&launch->tree, &launch->plan);
    guest_user(launch);
    block_write(launch);
    guest_settle(launch);
    reap_for(launch);
}
