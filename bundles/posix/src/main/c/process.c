#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool read_about(pid_t pid, const char *file, struct bytes *text) {
    AUTO_FREE char *path = must_format("/proc/%d/%s", (int)pid, file);
    bool good = read_file(AT_FDCWD, path, text);
    bytes_add(text, "", 1);
    return good;
}

/* A number of /proc/PID/stat. The name, field 2, may hold blanks and parentheses: the last one closes it. */
static unsigned long long stat_field(pid_t pid, int field) {
    struct bytes text = {0};
    unsigned long long value = 0;
    const char *at = read_about(pid, "stat", &text) ? strrchr((const char *)text.data, ')') : NULL;
    for (int i = 2; at && i < field; i++) at = strchr(at + 1, ' ');
    if (at) value = strtoull(at, NULL, 10);
    bytes_clear(&text);
    return value;
}

unsigned long long process_begun(pid_t pid) { return stat_field(pid, 22); }

bool process_runs(pid_t pid, unsigned long long begun) {
    struct bytes text = {0};
    const char *at = read_about(pid, "stat", &text) ? strrchr((const char *)text.data, ')') : NULL;
    bool ended = !at || !strncmp(at, ") Z", 3) || !strncmp(at, ") X", 3);
    bytes_clear(&text);
    return !ended && process_begun(pid) == begun;
}

unsigned long long process_stack(pid_t pid) { return stat_field(pid, 28); }

/* The value of `NAME:` in the status file; NULL: none. */
static const char *field(const struct bytes *status, const char *name) {
    AUTO_FREE char *start = must_format("\n%s:\t", name);
    const char *at = strstr((const char *)status->data, start);
    return at ? at + strlen(start) : NULL;
}

uint64_t process_mask(pid_t pid, const char *name) {
    struct bytes status = {0};
    const char *value = read_about(pid, "status", &status) ? field(&status, name) : NULL;
    uint64_t mask = value ? strtoull(value, NULL, 16) : UINT64_MAX;
    bytes_clear(&status);
    return mask;
}

bool process_is_first(pid_t pid) {
    struct bytes status = {0};
    const char *value = read_about(pid, "status", &status) ? field(&status, "NSpid") : NULL;
    bool first = false;
    if (value) {
        size_t size = strcspn(value, "\n");
        first = size > 2 && value[size - 1] == '1' && value[size - 2] == '\t';
    }
    bytes_clear(&status);
    return first;
}

/* Where the kernel does not list them, they are looked for among all. */
static bool kill_children(void) {
    struct bytes list = {0};
    AUTO_FREE char *path = must_format("/proc/self/task/%d/children", (int)getpid());
    if (read_file(AT_FDCWD, path, &list)) {
        bytes_add(&list, "", 1);
        char *end;
        for (const char *at = (const char *)list.data;; at = end) {
            long pid = strtol(at, &end, 10);
            if (end == at) break;
            kill((pid_t)pid, SIGKILL);
        }
        bytes_clear(&list);
        return true;
    }
    DIR *processes = opendir("/proc");
    if (!processes) return false;
    for (const struct dirent *entry; (entry = readdir(processes));) {
        pid_t pid = isdigit((unsigned char)*entry->d_name) ? (pid_t)atoi(entry->d_name) : 0;
        if (pid > 0 && stat_field(pid, 4) == (unsigned long long)getpid()) kill(pid, SIGKILL);
    }
    closedir(processes);
    return true;
}

void process_end_children(void) {
    for (;;) {
        pid_t got;
        while ((got = waitpid(-1, NULL, WNOHANG)) > 0) continue;
        if (got < 0 && errno == ECHILD) return;
        if (!kill_children()) return;
        waitpid(-1, NULL, 0);
    }
}

void end_by_signal(int number) {
    const struct rlimit none = {0, 0};
    sigset_t one;
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    _exit(STATUS_SIGNAL + number);
}
