/* lichen-preload: starts and enters containers that need nothing of the kernel. See docs/FORMATS.md, 3 and 4. */
#include <string.h>

#include "launch.h"

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if (count == 3 && !strcmp(arguments[1], "start")) {
        launch_prepare(&launch, REWRITING_NEEDED);
        start_container(&launch, arguments[2]);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        launch_prepare(&launch, REWRITING_NEEDED);
        enter_container(&launch, (pid_t)pid);
    }
    if (count == 3 && !strcmp(arguments[1], "probe")) return probe("rewritten-code", REWRITING_NEEDED, arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probed")) return probed();
    complain("usage: lichen-preload start STAGE | enter PID | probe STAGE");
    return STATUS_LICHEN;
}
