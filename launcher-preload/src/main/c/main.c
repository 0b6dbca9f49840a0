/* lichen-preload: starts and enters containers that need nothing of the kernel. See docs/FORMATS.md, 3 and 4. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "launch.h"

/* What a file system or a policy may refuse is that it is mapped as code. */
static int probe_library(const char *path) {
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) printf("preload-symbols=no: cannot map a library (%s): %s\n", path, strerror(errno));
    else puts("preload-symbols=yes, for programs with a dynamic linker; what a libc opens by itself is the host's");
    return 0;
}

int main(int count, char **arguments) {
    static struct launch launch;
    uint64_t pid;
    if ((count == 3 || count == 4) && !strcmp(arguments[1], "start")) {
        launch_prepare(&launch, count == 4 ? REWRITING_OFF : REWRITING_NEEDED);
        start_container(&launch, arguments[2], count == 4 ? arguments[3] : NULL);
    }
    if (count == 3 && !strcmp(arguments[1], "enter") && parse_number(arguments[2], 10, &pid)) {
        launch_prepare(&launch, REWRITING_NEEDED);
        enter_container(&launch, (pid_t)pid);
    }
    if (count == 3 && !strcmp(arguments[1], "change") && parse_number(arguments[2], 10, &pid)) return change_container(&launch, (pid_t)pid);
    if (count == 3 && !strcmp(arguments[1], "probe")) return probe("rewritten-code", REWRITING_NEEDED, arguments[2]);
    if (count == 3 && !strcmp(arguments[1], "library")) return probe_library(arguments[2]);
    if (count == 2 && !strcmp(arguments[1], "probed")) return probed();
    complain("usage: lichen-preload start STAGE [LIBRARY] | enter PID | change PID | probe STAGE | library LIBRARY");
    return STATUS_LICHEN;
}
