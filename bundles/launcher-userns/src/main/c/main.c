/* lichen-userns: starts and enters containers made of user namespaces. See docs/FORMATS.md, 3 and 4. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "given.h"
#include "start.h"

static void prepare(struct launch *launch) {
    enum { PAYLOAD_FD = 3 };
    *launch = (struct launch){.shim = -1, .console = {-1, -1}};
    launch->report = given_report();
    launch->payload = fcntl(PAYLOAD_FD, F_DUPFD_CLOEXEC, PAYLOAD_FD + 2);
    given_payload(&launch->plan);
    if (launch->plan.identity != IDENTITY_FULL) {
        close(launch->payload);
        launch->payload = -1;
    }
    launch->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (launch->proc < 0 || launch->null < 0) die(STATUS_LICHEN, "cannot open /proc and /dev/null: %s", strerror(errno));
}

/* The guest sees our command line, and has no use for paths of the host. */
static char *hidden(char *argument) {
    char *kept = must_copy(argument);
    memset(argument, 0, strlen(argument));
    return kept;
}

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if ((count == 2 || count == 4) && !strcmp(arguments[1], "start")) {
        prepare(&launch);
        if (count == 4) launch.plan.emulation.program = hidden(arguments[2]), launch.plan.emulation.stage = hidden(arguments[3]);
        if (launch.plan.identity == IDENTITY_FULL && count != 4) die(STATUS_LICHEN, "cannot carry out the plan (identity full): it names no program that emulates root");
        start(&launch);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        prepare(&launch);
        enter(&launch, (pid_t)pid);
    }
    if (count == 3 && !strcmp(arguments[1], "change") && parse_number(arguments[2], 10, &pid)) {
        given_input();
        prepare(&launch);
        return change(&launch, (pid_t)pid);
    }
    if ((count == 2 || count == 3) && !strcmp(arguments[1], "probe")) return probe(arguments[2]);
    if (count >= 3 && !strcmp(arguments[1], "remove")) return remove_tree(arguments + 2);
    if (count >= 3 && !strcmp(arguments[1], "pack")) return pack_tree(arguments + 2);
    complain("usage: lichen-userns start [EMULATOR STAGE] | enter PID | change PID | probe [HOME] | remove PATH [MAP…] | pack PATH [MAP…]");
    return STATUS_LICHEN;
}
