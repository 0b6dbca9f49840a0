/* calls WHAT COUNT DIRECTORY: prints how many nanoseconds one call costs. For `bench`; built inside of the tree that it is run in. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char file[4096];

static int untouched(void) { return syscall(SYS_getppid) < 0; }
static int stat_file(void) {
    struct stat status;
    return stat(file, &status);
}
static int stat_missing(void) {
    struct stat status;
    return stat("/srv/no/such", &status) == 0;
}
static int open_close(void) {
    int fd = open(file, O_RDONLY);
    return fd < 0 || close(fd);
}
static int fork_exec(void) {
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)0);
        _exit(127);
    }
    return child < 0 || waitpid(child, &status, 0) != child || status;
}
static int spawn(void) {
    char *argv[] = {"true", NULL}, *environment[] = {NULL};
    int status = 1;
    pid_t child;
    return posix_spawn(&child, "/bin/true", NULL, NULL, argv, environment) || waitpid(child, &status, 0) != child || status;
}

static const struct {
    const char *name;
    int (*call)(void);
} CALLS[] = {{"getppid", untouched}, {"stat", stat_file}, {"missing", stat_missing}, {"open", open_close}, {"fork", fork_exec}, {"spawn", spawn}};

int main(int count, char **arguments) {
    if (count != 4) return 2;
    snprintf(file, sizeof file, "%s/a/b/c/file", arguments[3]);
    const long times = atol(arguments[2]);
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        if (strcmp(CALLS[i].name, arguments[1])) continue;
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (long turn = 0; turn < times; turn++)
            if (CALLS[i].call()) return 1;
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%.1f\n", ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / (double)times);
        return 0;
    }
    return 2;
}
