/* lichen-trap: starts and enters containers that need nothing of the kernel but a seccomp filter. See docs/FORMATS.md, 3 and 4. */
#include <stdlib.h>
#include <string.h>

#include "inside.h"
#include "owned.h"

/* The filter is there anyway. */
static enum rewriting rewriting(void) {
    const char *wanted = getenv("LICHEN_TRAP_IMAGES");
    if (!wanted || !*wanted) return REWRITING_WANTED;
    return strcmp(wanted, "0") ? REWRITING_NEEDED : REWRITING_OFF;
}

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if (count == 3 && !strcmp(arguments[1], "start")) {
        launch_prepare(&launch, rewriting());
        start_container(&launch, arguments[2], NULL);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        launch_prepare(&launch, rewriting());
        enter_container(&launch, (pid_t)pid);
    }
    if (count == 2 && !strcmp(arguments[1], "keep")) {
        launch_prepare(&launch, rewriting());
        owners_keep(&launch.plan);
        return 0;
    }
    if ((count == 3 || (count == 4 && parse_number(arguments[3], 10, &pid))) && !strcmp(arguments[1], "inside")) {
        launch_prepare(&launch, rewriting());
        inside_container(&launch, arguments[2], count == 4 ? (pid_t)pid : 0);
    }
    if (count == 3 && !strcmp(arguments[1], "mounted")) {
        launch_prepare(&launch, rewriting());
        return changed_inside(&launch, arguments[2]);
    }
    if (count == 3 && !strcmp(arguments[1], "change") && parse_number(arguments[2], 10, &pid)) return change_container(&launch, (pid_t)pid);
    if (count == 3 && !strcmp(arguments[1], "probe")) return probe("system-call-traps", REWRITING_OFF, arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probed")) return probed();
    complain("usage: lichen-trap start STAGE | enter PID | change PID | keep | inside PLACE [PID] | mounted PLACE | probe STAGE");
    return STATUS_LICHEN;
}
