/* show: mounts the root file system of the payload on descriptor 0 in user and mount namespaces of its own, prints where, and holds it until it is ended: so a test can look
 * at it through /proc/PID/root. Working directory: the container directory. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mounts.h"
#include "root.h"
#include "spaces.h"

int main(void) {
    static struct plan plan;
    struct bytes payload = {0};
    char path[4096];
    if (!read_whole(STDIN_FILENO, &payload)) die(STATUS_LICHEN, "cannot read the payload: %s", strerror(errno));
    plan_read(&plan, &payload);
    plan.op_count = 0; /* the root alone is looked at */
    spaces_make(&plan, CLONE_NEWNS);
    int root = root_mount(&plan);
    ssize_t size = readlink(fd_path(root), path, sizeof path);
    if (size < 0) die(STATUS_LICHEN, "cannot tell where it is: %s", strerror(errno));
    printf("/proc/%d/root%.*s\n", (int)getpid(), (int)size, path);
    fflush(stdout);
    for (;;) pause();
}
