#include "fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mounts.h"

static const char PATH[] = "/usr/local/bin:/usr/bin:/bin";

bool fuse_present(const char *program) {
    AUTO_FREE char *places = must_copy(PATH);
    char *state = NULL;
    if (access("/dev/fuse", R_OK | W_OK) != 0) return false;
    for (char *place = strtok_r(places, ":", &state); place; place = strtok_r(NULL, ":", &state)) {
        AUTO_FREE char *path = must_format("%s/%s", place, program);
        if (access(path, X_OK) == 0) return true;
    }
    return false;
}

/* In the child: descriptors keep their numbers, but not across exec by themselves. */
static _Noreturn void serve(char *const *argv, const char *where, const int *kept, int words) {
    AUTO_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (; *kept >= 0; kept++) fcntl(*kept, F_SETFD, 0);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    setenv("PATH", PATH, 1);
    if (chdir(where) == 0) execvp(argv[0], argv);
    complain("cannot run it: %s", strerror(errno));
    _exit(STATUS_LICHEN);
}

static dev_t device_on(int target) {
    struct stat status;
    AUTO_CLOSE int top = top_of(target);
    return top >= 0 && fstat(top, &status) == 0 ? status.st_dev : 0;
}

/* Its last line. */
static char *told(const char *program, int words) {
    struct bytes text = {0};
    if (lseek(words, 0, SEEK_SET) == 0 && read_whole(words, &text)) bytes_add(&text, "", 1);
    while (text.size > 1 && text.data[text.size - 2] == '\n') text.data[--text.size - 1] = 0;
    const char *line = text.size ? strrchr((const char *)text.data, '\n') : NULL;
    char *why = must_format("%s: %s", program, line ? line + 1 : text.size > 1 ? (const char *)text.data : "it has ended");
    bytes_clear(&text);
    return why;
}

/* It is a child of our parent and ends with that: the container's shim. That it has ended shows at the pipe, of which it alone holds the other end. */
char *fuse_mount(char *const *argv, const char *where, const int *kept, int target) {
    enum { PAUSE = 2 }; /* milliseconds */
    int alive[2], words = memory_file(argv[0], "", 0);
    pid_t parent = getppid();
    dev_t before = device_on(target), now = before;
    if (words < 0 || pipe2(alive, O_CLOEXEC) != 0) return must_copy(strerror(errno));
    pid_t child = (pid_t)syscall(SYS_clone, (unsigned long)CLONE_PARENT | SIGCHLD, 0UL, 0UL, 0UL, 0UL);
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) _exit(STATUS_LICHEN);
        fcntl(alive[1], F_SETFD, 0);
        serve(argv, where, kept, words);
    }
    close(alive[1]);
    struct pollfd polled = {.fd = alive[0]};
    bool ended = child < 0;
    while ((now == before || !now) && !ended) {
        ended = poll(&polled, 1, PAUSE) > 0;
        now = device_on(target);
    }
    char *why = now == before || !now ? told(argv[0], words) : NULL;
    close(alive[0]);
    close(words);
    return why;
}
