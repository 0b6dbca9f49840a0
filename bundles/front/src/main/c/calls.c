/* Exposed commands: <home>/bin/NAME is a link to this program, and <home>/exposed/NAME tells what it stands for (records, docs/FORMATS.md, 6).
 *
 * A container that is stopped is started for the call, with no program of its own, and ends after the last of the calls that are going on at once (the shim's calls.c). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "hostcall.h"
#include "places.h"
#include "shared.h"

enum { TRIES = 3 };

extern char **environ;

struct exposed {
    char *home, *name;
    char *id;
    char **command;     /* in the container, to which the arguments are added */
    char **environment; /* set besides */
    bool own;           /* no variables of the caller's */
    struct shared shared;
};

/* ---- what is exposed */

static void read_exposed(struct exposed *exposed) {
    struct bytes bytes = {0};
    AUTO_FREE char *path = must_format("%s/exposed/%s", exposed->home, exposed->name);
    if (!read_file(AT_FDCWD, path, &bytes))
        die(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_LICHEN, "cannot run %s: %s\nhint: lichen expose --list", exposed->name, errno == ENOENT ? "no container exposes it (any more)" : strerror(errno));
    struct records list = {bytes.data, bytes.size};
    for (struct record item; record_read(&list, &item, "exposed command");) {
        if (record_is(&item, "id..")) exposed->id = record_text(&item);
        else if (record_is(&item, "argv")) list_add(&exposed->command, record_text(&item));
        else if (record_is(&item, "envi")) list_add(&exposed->environment, record_text(&item));
        else if (record_is(&item, "bind")) shared_read(&exposed->shared, &item);
        else if (record_is(&item, "only")) exposed->own = true;
        else record_unknown(&item, "exposed command");
    }
    if (!exposed->id || !exposed->command) die(STATUS_LICHEN, "cannot run %s (%s): what it stands for is not told whole\nhint: expose it again", exposed->name, path);
}

static bool has_exposed(const char *home) {
    AUTO_FREE char *exposed = must_format("%s/exposed", home);
    return access(exposed, F_OK) == 0;
}

/* The home whose bin/ has this path; NULL: it is none of those. A path that is absolute stays as it is written, for homes are told apart so. */
static char *home_with(const char *path, char **name) {
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || !slash[1] || !strcmp(slash + 1, "lichen")) return NULL;
    AUTO_FREE char *directory = slash == path ? must_copy("/") : must_format("%.*s", (int)(slash - path), path);
    const char *whole = *directory == '/' ? directory : realpath(directory, real);
    const size_t size = whole ? strlen(whole) : 0;
    if (size < 5 || strcmp(whole + size - 4, "/bin") != 0) return NULL;
    char *home = must_format("%.*s", (int)(size - 4), whole);
    if (has_exposed(home)) {
        *name = must_copy(slash + 1);
        return home;
    }
    free(home);
    return NULL;
}

/* By what this program was executed as: that, or what it leads to from link to link, or, where a script names us behind `#!`, argv[0]. */
static char *home_of(const char *path, const char *zeroth, char **name) {
    enum { HOPS = 16 };
    char target[PATH_MAX];
    char *at = path ? must_copy(path) : NULL, *home = NULL;
    for (int hop = 0; at && !home && hop < HOPS; hop++) {
        home = home_with(at, name);
        const ssize_t size = home ? -1 : readlink(at, target, sizeof target - 1);
        char *next = NULL;
        if (size > 0) {
            target[size] = 0;
            const char *slash = *target == '/' ? NULL : strrchr(at, '/');
            next = slash ? must_format("%.*s/%s", (int)(slash - at), at, target) : must_copy(target);
        }
        free(at);
        at = next;
    }
    free(at);
    return home || !zeroth || !strchr(zeroth, '/') ? home : home_with(zeroth, name);
}

/* ---- what the command gets of its caller */

/* Variables that tell of the host's files or of the caller's shell, and would mislead a program of a container. */
static bool is_of_the_host(const char *variable) {
    static const char *const NAMES[] = {"PATH", "HOME", "SHELL", "USER", "LOGNAME", "MAIL", "PWD", "OLDPWD", "SHLVL", "_", "TMPDIR", "HOSTNAME", "ENV", "BASH_ENV", "GCONV_PATH", "LOCPATH", "TZDIR", "PYTHONHOME"};
    static const char *const PREFIXES[] = {"LD_", "XDG_", "DBUS_", "BASH_FUNC_"};
    const size_t size = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strlen(NAMES[i]) == size && !strncmp(NAMES[i], variable, size)) return true;
    for (size_t i = 0; i < sizeof PREFIXES / sizeof *PREFIXES; i++)
        if (!strncmp(variable, PREFIXES[i], strlen(PREFIXES[i]))) return true;
    return false;
}

static char **callers_variables(void) {
    char **passed = NULL;
    for (char **variable = environ; *variable; variable++)
        if (!is_of_the_host(*variable)) list_add(&passed, *variable);
    return passed;
}

/* Where the working directory is in the container; NULL: it is not there. */
static char *directory_inside(const struct exposed *exposed) {
    char here[PATH_MAX];
    return getcwd(here, sizeof here) ? shared_in_guest(&exposed->shared, here) : NULL;
}

/* ---- counting, and starting for a call */

/* Out of the way of standard input and output, which may be closed. */
static int high(int fd) {
    enum { FIRST_FREE = 3 };
    if (fd < 0 || fd >= FIRST_FREE) return fd;
    const int other = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    close(fd);
    return other;
}

/* A process that holds the lock until `caller` has ended, whatever that becomes meanwhile. It is nobody's child, hears no signals, and holds nothing else of the caller's. */
static void hold(int lock) {
    const pid_t caller = getpid();
    const int process = high((int)syscall(SYS_pidfd_open, caller, 0U)), kept[] = {lock, process};
    sigset_t all;
    int status = 0;
    const pid_t child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (child > 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
        if (process >= 0) close(process);
        if (status) die(STATUS_LICHEN, "cannot start a process to count this call");
        return;
    }
    close_all_but(kept, sizeof kept / sizeof *kept);
    const pid_t holder = fork();
    if (holder != 0) _exit(holder < 0);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    setsid();
    prctl(PR_SET_NAME, "lichen-call", 0, 0, 0);
    if (chdir("/") != 0) _exit(1);
    struct pollfd polled = {.fd = process, .events = POLLIN};
    while (process >= 0 && poll(&polled, 1, -1) < 0 && errno == EINTR) continue;
    while (process < 0 && kill(caller, 0) == 0) poll(NULL, 0, 50); /* before Linux 5.3 */
    _exit(0);
}

static int join(int directory, int flags) {
    int lock = high(openat(directory, "calls", O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600));
    if (lock < 0 && !flags) return -1;
    if (lock < 0 || !lock_part(lock, LOCK_PART_CALLS, false)) die(STATUS_LICHEN, "cannot lock the container (calls): %s", strerror(errno));
    return lock;
}

void calls_join(int directory) {
    AUTO_CLOSE int lock = join(directory, 0);
    if (lock >= 0) hold(lock);
}

static bool is_locked(int directory) {
    AUTO_CLOSE int lock = openat(directory, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    return lock >= 0 && lock_is_held(lock);
}

/* Whether it can be entered. One that is just being started, or is ending, is waited for. */
static bool runs(int directory) {
    enum { PAUSE_MS = 5 };
    while (is_locked(directory)) {
        if (faccessat(directory, "run/enter", R_OK, 0) == 0) return true;
        poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

static int start_for_calls(const struct exposed *exposed) {
    const char *words[] = {"--home", exposed->home, "start", "--for-calls", exposed->id, NULL};
    struct options options;
    struct distribution distribution;
    struct runtime runtime;
    struct bytes plan = {0};
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= STDERR_FILENO; fd++) /* the caller may have closed them */
        if (fcntl(fd, F_GETFD) < 0) dup2(null, fd);
        else if (fd == null) fcntl(fd, F_SETFD, 0);
    options_read(&options, (char **)(uintptr_t)words);
    distribution_find(&distribution);
    runtime_prepare(&runtime, &distribution, &options);
    if (cache_find(&runtime, &plan)) return plans_execute(&distribution, &plan, 1, false);
    return request(&runtime);
}

static void ensure_running(const struct exposed *exposed, int directory, int lock) {
    int status = 0;
    if (runs(directory)) return;
    if (!lock_part(lock, LOCK_PART_START, true)) die(STATUS_LICHEN, "cannot lock the container (calls): %s", strerror(errno));
    if (!runs(directory)) {
        const pid_t child = fork();
        if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
        if (child == 0) exit(start_for_calls(exposed));
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    }
    unlock_part(lock, LOCK_PART_START);
    if (status && !runs(directory)) exit(WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_LICHEN);
}

void calls_exposed(char **arguments) {
    struct exposed exposed = {0};
    exposed.home = home_of((const char *)getauxval(AT_EXECFN), arguments[0], &exposed.name); // NOLINT(performance-no-int-to-ptr)
    if (!exposed.home) return;
    const char *name = exposed.name;
    read_exposed(&exposed);
    AUTO_FREE char *path = must_format("%s/containers/%s", exposed.home, exposed.id);
    AUTO_CLOSE int directory = high(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory < 0) die(STATUS_NOT_FOUND, "cannot run %s: its container (%.12s) has been removed\nhint: lichen unexpose %s", name, exposed.id, name);
    for (char **word = arguments + (arguments[0] ? 1 : 0); *word; word++) list_add(&exposed.command, *word);
    const char *depth = getenv(HOSTCALL_DEPTH);
    if (depth) list_add(&exposed.environment, must_format("%s=%s", HOSTCALL_DEPTH, depth));
    const struct entry entry = {.how = {.interactive = true}, .weak = exposed.own ? NULL : callers_variables(), .environment = exposed.environment, .directory = directory_inside(&exposed), .user = "", .command = exposed.command, .exact = true};
    AUTO_CLOSE int lock = join(directory, O_CREAT);
    for (int tries = 0; tries < TRIES; tries++) { /* somebody may stop it in between */
        ensure_running(&exposed, directory, lock);
        if (tries == 0) hold(lock);
        enter_published(directory, &entry);
    }
    die(STATUS_LICHEN, "cannot run %s: its container (%.12s) has ended meanwhile\nhint: try again", name, exposed.id);
}
