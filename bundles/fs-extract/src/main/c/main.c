/* lichen-extract DEST [--owners FILE] LAYER:WHITEOUTS…, lowest first: makes one plain tree of a container's layers.
 *
 * The tree grows as DEST.tmp and is renamed when it is whole, so what is at DEST is always whole; what a kill left behind is removed first. Nothing is synced: a tree that
 * a crash of the machine damages belongs to a container that did not start yet.
 */
#include "merge.h"
#include "removal.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORT = 4 };

static int report = -1;

static void failed(int status, const char *message) {
    if (report < 0 || !report_failure(report, status, message)) complain("%s", message);
    _exit(status);
}

/* A directory for each layer and each of two threads is open at a time; an image has at most 127 layers. */
static void allow_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void publish(const char *from, const char *to) {
    if (rename(from, to) != 0) die(STATUS_LICHEN, "cannot prepare the root file system (%s): %s", to, strerror(errno));
}

static void make_tree(struct merge *merge, const char *path, const char *owners) {
    if (mkdir(path, 0700) != 0) die(STATUS_LICHEN, "cannot prepare the root file system (%s): %s", path, strerror(errno));
    merge->root = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (merge->root < 0) die(STATUS_LICHEN, "cannot prepare the root file system (%s): %s", path, strerror(errno));
    if (owners && (merge->owners = open(owners, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) < 0)
        die(STATUS_LICHEN, "cannot prepare the root file system (%s): %s", owners, strerror(errno));
    merge_run(merge);
}

/* In a child, so that when it fails all its threads are gone before what they made is removed. */
static void make_whole(struct merge *merge, const char *path, const char *owners) {
    pid_t parent = getpid(), child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot prepare the root file system (%s): %s", path, strerror(errno));
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(STATUS_LICHEN);
        make_tree(merge, path, owners);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    remove_all(AT_FDCWD, path);
    if (owners) unlink(owners);
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status)); /* it told why */
    die(STATUS_LICHEN, "cannot prepare the root file system (%s): killed by signal %d", path, WTERMSIG(status));
}

int main(int argc, char **argv) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(REPORT, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) report = REPORT;
    on_die = failed;
    int first = argc > 3 && strcmp(argv[2], "--owners") == 0 ? 4 : 2;
    if (argc <= first) die(STATUS_LICHEN, "usage: lichen-extract DEST [--owners FILE] LAYER:WHITEOUTS…");
    const char *destination = argv[1], *owners = first == 4 ? argv[3] : NULL;
    umask(0);
    allow_descriptors();

    struct stat there;
    if (lstat(destination, &there) == 0) return 0; /* a kill came between the rename and the note that it is ready */
    AUTO_FREE char *temporary = must_format("%s.tmp", destination);
    AUTO_FREE char *owners_temporary = owners ? must_format("%s.tmp", owners) : NULL;
    if (!remove_all(AT_FDCWD, temporary)) die(STATUS_LICHEN, "cannot remove what a killed start left (%s): %s", temporary, strerror(errno));

    struct merge merge = {.layer_count = (size_t)(argc - first), .name = destination, .owners = -1};
    struct layer *layers = must_alloc(merge.layer_count * sizeof *layers);
    memset(layers, 0, merge.layer_count * sizeof *layers);
    for (size_t i = 0; i < merge.layer_count; i++) layer_open(&layers[i], argv[(size_t)argc - 1 - i], owners != NULL);
    merge.layers = layers;
    make_whole(&merge, temporary, owners_temporary);
    if (owners) publish(owners_temporary, owners);
    publish(temporary, destination);
    return 0;
}
