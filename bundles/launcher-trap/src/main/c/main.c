/* lichen-trap: starts and enters containers that need nothing of the kernel but a seccomp filter. See docs/FORMATS.md, 3 and 4. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "given.h"
#include "inside.h"
#include "owned.h"

/* The filter is there anyway. */
static enum rewriting rewriting(void) {
    const char *wanted = getenv("LICHEN_TRAP_IMAGES");
    if (!wanted || !*wanted) return REWRITING_WANTED;
    return strcmp(wanted, "0") ? REWRITING_NEEDED : REWRITING_OFF;
}

static void prepare(struct launch *launch) {
    *launch = (struct launch){.rewriting = rewriting(), .console = {-1, -1}};
    launch->report = given_report();
    given_payload(&launch->plan);
    launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (launch->null < 0) die(STATUS_LICHEN, "cannot open /dev/null: %s", strerror(errno));
}

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if (count == 3 && !strcmp(arguments[1], "start")) {
        prepare(&launch);
        start_container(&launch, arguments[2]);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        prepare(&launch);
        enter_container(&launch, (pid_t)pid);
    }
    if (count == 2 && !strcmp(arguments[1], "keep")) {
        prepare(&launch);
        owners_keep(&launch.plan);
        return 0;
    }
    if ((count == 3 || (count == 4 && parse_number(arguments[3], 10, &pid))) && !strcmp(arguments[1], "inside")) {
        prepare(&launch);
        inside_container(&launch, arguments[2], count == 4 ? (pid_t)pid : 0);
    }
    if (count == 3 && !strcmp(arguments[1], "probe")) return probe("system-call-traps", REWRITING_OFF, arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probed")) return probed();
    complain("usage: lichen-trap start STAGE | enter PID | keep | inside PLACE [PID] | probe STAGE");
    return STATUS_LICHEN;
}
