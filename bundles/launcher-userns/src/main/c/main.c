/* lichen-userns: starts and enters containers made of user namespaces. See docs/FORMATS.md, 3 and 4. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.h"
#include "start.h"

enum { PAYLOAD_FD = 3, REPORT_FD = 4 };

static int report_fd = -1;

static void report_death(int status, const char *message) {
    if (report_fd < 0 || !report_failure(report_fd, status, message)) complain("%s", message);
    _exit(status);
}

/* Descriptor 4 is the report socket only where the caller has made one. */
static int find_report(void) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(REPORT_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) return -1;
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    return REPORT_FD;
}

static void prepare(struct launch *launch) {
    struct bytes payload = {0};
    *launch = (struct launch){.shim = -1, .console = {-1, -1}};
    launch->report = report_fd = find_report();
    on_die = report_death;
    if (lseek(PAYLOAD_FD, 0, SEEK_SET) != 0 || !read_whole(PAYLOAD_FD, &payload)) die(STATUS_LICHEN, "cannot read the plan (descriptor 3): %s", strerror(errno));
    close(PAYLOAD_FD);
    plan_read(&launch->plan, &payload);
    launch->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (launch->proc < 0 || launch->null < 0) die(STATUS_LICHEN, "cannot open /proc and /dev/null: %s", strerror(errno));
}

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if (count == 2 && !strcmp(arguments[1], "start")) {
        prepare(&launch);
        start(&launch);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        prepare(&launch);
        enter(&launch, (pid_t)pid);
    }
    if ((count == 2 || count == 3) && !strcmp(arguments[1], "probe")) return probe(arguments[2]);
    if (count >= 3 && !strcmp(arguments[1], "remove")) return remove_tree(arguments + 2);
    complain("usage: lichen-userns start | enter PID | probe [HOME] | remove PATH [MAP…]");
    return STATUS_LICHEN;
}
