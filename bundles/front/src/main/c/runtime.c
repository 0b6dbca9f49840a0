#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "places.h"

enum { READY_FD = 3, SHOWN_AFTER_MS = 1000, LOG_SHOWN = 2000 };

static uint64_t mix(uint64_t sum, const void *data, size_t size) {
    const unsigned char *at = data;
    for (size_t i = 0; i < size; i++) sum = (sum ^ at[i]) * 0x100000001b3ULL; /* FNV-1a; no secret, only to tell places apart */
    return sum;
}

/* One runtime for each boot, mount, pid and user namespace and home: one that was started inside a job or a container never serves outside of it. */
static char *key_of(const char *home) {
    static const char *const NAMESPACES[] = {"/proc/self/ns/mnt", "/proc/self/ns/pid", "/proc/self/ns/user"};
    struct bytes boot = {0};
    uint64_t sum = 0xcbf29ce484222325ULL;
    if (read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot)) sum = mix(sum, boot.data, boot.size);
    bytes_clear(&boot);
    for (size_t i = 0; i < sizeof NAMESPACES / sizeof *NAMESPACES; i++) {
        struct stat status;
        if (stat(NAMESPACES[i], &status) != 0) continue;
        sum = mix(sum, &status.st_dev, sizeof status.st_dev);
        sum = mix(sum, &status.st_ino, sizeof status.st_ino);
    }
    sum = mix(sum, home, strlen(home));
    return must_format("%016llx", (unsigned long long)sum);
}

void runtime_prepare(struct runtime *runtime, const struct distribution *distribution, const struct options *options) {
    *runtime = (struct runtime){.distribution = distribution, .options = options, .run = run_directory(), .key = key_of(options->home)};
    AUTO_FREE char *directory = must_format("%s/d", runtime->run);
    make_private(directory);
    AUTO_FREE char *name = options->foreground ? must_format("f%d-%.10s", (int)getpid(), distribution->build) : must_format("%s-%s", runtime->key, distribution->build);
    runtime->socket = must_format("%s/%s.s", directory, name);
    runtime->log = must_format("%s/%s.log", directory, name);
}

static int try_connect(const struct runtime *runtime) {
    AUTO_FREE char *directory = must_format("%s/d", runtime->run);
    AUTO_CLOSE int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = at < 0 ? -1 : socket_connect(at, strrchr(runtime->socket, '/') + 1);
    if (fd >= 0 && !socket_is_ours(fd)) die(STATUS_LICHEN, "cannot use the runtime's socket (%s): another user answers there", runtime->socket);
    return fd;
}

/* Runs in the child that becomes the runtime. */
static _Noreturn void become_runtime(const struct runtime *runtime, int ready, bool detached) {
    char **environment = java_environment();
    if (detached) {
        setsid();
        if (fork() != 0) _exit(0);
    }
    char **argv = java_command(runtime);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* In the foreground what Java says is for the caller. */
    int log = detached ? open(runtime->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600) : dup(STDERR_FILENO);
    int high = fcntl(ready, F_DUPFD_CLOEXEC, 16);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || log < 0 || high < 0 || chdir("/") != 0) die(STATUS_LICHEN, "cannot start lichen's runtime (%s): %s", runtime->log, strerror(errno));
    umask(077);
    close_on_exec_from(3);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    dup2(high, READY_FD);
    execve(argv[0], argv, environment);
    die(STATUS_LICHEN, "cannot execute %s: %s", argv[0], strerror(errno));
}

static _Noreturn void tell_failure(const struct runtime *runtime) {
    struct bytes log = {0};
    read_file(AT_FDCWD, runtime->log, &log);
    size_t skipped = log.size > LOG_SHOWN ? log.size - LOG_SHOWN : 0;
    while (log.size && log.data[log.size - 1] == '\n') log.size--;
    if (log.size <= skipped) die(STATUS_LICHEN, "cannot start lichen's runtime: it ended at once");
    die(STATUS_LICHEN, "cannot start lichen's runtime: it ended at once; its last words (%s):\n%.*s", runtime->log, (int)(log.size - skipped), (const char *)log.data + skipped);
}

/* Waits for `ready`; after a while a person at a terminal is told what is going on. */
static void await_ready(const struct runtime *runtime, int ready) {
    static const char LINE[] = "starting lichen's runtime …", ERASE[] = "\r\033[K";
    bool shown = false, terminal = isatty(STDERR_FILENO);
    struct pollfd polled = {.fd = ready, .events = POLLIN};
    char answer[16];
    while (poll(&polled, 1, terminal && !shown ? SHOWN_AFTER_MS : -1) == 0) {
        shown = true;
        (void)write_all(STDERR_FILENO, LINE, strlen(LINE));
    }
    ssize_t got = read_some(ready, answer, sizeof answer);
    if (shown) (void)write_all(STDERR_FILENO, ERASE, strlen(ERASE));
    if (got <= 0) tell_failure(runtime);
}

/* The child checks for Java before it leaves us, so that its message is on the caller's stderr. */
static void start(const struct runtime *runtime) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    char **argv = java_command(runtime); /* ends the program here, and not in the child, when there is no Java */
    (void)argv;
    pid_t child = fork();
    if (child < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (child == 0) become_runtime(runtime, ends[1], !runtime->options->foreground);
    close(ends[1]);
    await_ready(runtime, ends[0]);
    close(ends[0]);
}

/* Of many clients at the same time the first one starts it; the others wait for the lock and find it there. */
int runtime_connect(struct runtime *runtime) {
    int fd = runtime->options->foreground ? -1 : try_connect(runtime);
    if (fd >= 0) return fd;
    AUTO_FREE char *path = must_format("%s.lock", runtime->socket);
    AUTO_CLOSE int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0 || !lock_wait(lock)) die(STATUS_LICHEN, "cannot lock the start of lichen's runtime (%s): %s", path, strerror(errno));
    fd = runtime->options->foreground ? -1 : try_connect(runtime);
    if (fd < 0) {
        start(runtime);
        fd = try_connect(runtime);
    }
    if (runtime->options->foreground) unlink(path);
    if (fd < 0) die(STATUS_LICHEN, "cannot reach lichen's runtime (%s): %s", runtime->socket, strerror(errno));
    return fd;
}
