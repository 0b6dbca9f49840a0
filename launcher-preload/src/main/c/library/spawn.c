/* posix_spawn, system and popen: libc's own execute the host's files, and file actions name them. What a file actions object holds is ours, for all functions that fill it are. */
#include <sched.h>
#include <stdarg.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "library.h"

long execute_named(const char *name, char *const argv[], char *const envp[]);
/* frame.S: a child in the same memory, on a stack of its own, while the parent waits. */
long clone_vfork(int (*child)(void *), void *stack, void *data);

enum { BLOCK = 0, SETMASK = 2, SIGNALS = 64, STACK = 512 << 10, CHILD = 17, INTERRUPT = 2, QUIT = 3 };

struct kernel_action {
    uint64_t handler, flags, restorer, mask;
};

/* ---- file actions */

enum kind { OPEN, CLOSE, DUPLICATE, ENTER, ENTER_FD, CLOSE_FROM, FOREGROUND };
struct step {
    struct step *next;
    enum kind kind;
    int fd, other, flags;
    mode_t mode;
    char path[];
};
/* In the place of libc's structure. */
struct steps {
    struct step *first, *last;
};
_Static_assert(sizeof(struct steps) <= sizeof(posix_spawn_file_actions_t), "any libc has room for it");

static int add(void *to, const struct step *step, const char *path) {
    struct steps *steps = to;
    const size_t size = path ? text_size(path) + 1 : 0;
    struct step *added = malloc(sizeof *added + size);
    if (!added) return ENOMEM;
    *added = *step;
    added->next = NULL;
    bytes_copy(added->path, path, size);
    if (steps->last) steps->last->next = added;
    else steps->first = added;
    steps->last = added;
    return 0;
}

int lib_init(void *actions) EXPORTED("posix_spawn_file_actions_init");
int lib_init(void *actions) {
    bytes_zero(actions, sizeof(posix_spawn_file_actions_t));
    return 0;
}
int lib_destroy(void *actions) EXPORTED("posix_spawn_file_actions_destroy");
int lib_destroy(void *actions) {
    struct steps *steps = actions;
    while (steps->first) {
        struct step *next = steps->first->next;
        free(steps->first);
        steps->first = next;
    }
    steps->last = NULL;
    return 0;
}
int lib_addopen(void *actions, int fd, const char *path, int flags, mode_t mode) EXPORTED("posix_spawn_file_actions_addopen");
int lib_addopen(void *actions, int fd, const char *path, int flags, mode_t mode) {
    return fd < 0 ? EBADF : add(actions, &(struct step){.kind = OPEN, .fd = fd, .flags = flags, .mode = mode}, path);
}
int lib_addclose(void *actions, int fd) EXPORTED("posix_spawn_file_actions_addclose");
int lib_addclose(void *actions, int fd) { return fd < 0 ? EBADF : add(actions, &(struct step){.kind = CLOSE, .fd = fd}, NULL); }
int lib_adddup2(void *actions, int from, int to) EXPORTED("posix_spawn_file_actions_adddup2");
int lib_adddup2(void *actions, int from, int to) { return from < 0 || to < 0 ? EBADF : add(actions, &(struct step){.kind = DUPLICATE, .fd = to, .other = from}, NULL); }
int lib_addchdir(void *actions, const char *path) EXPORTED("posix_spawn_file_actions_addchdir_np");
ALSO(posix_spawn_file_actions_addchdir, posix_spawn_file_actions_addchdir_np);
int lib_addchdir(void *actions, const char *path) { return add(actions, &(struct step){.kind = ENTER}, path); }
int lib_addfchdir(void *actions, int fd) EXPORTED("posix_spawn_file_actions_addfchdir_np");
ALSO(posix_spawn_file_actions_addfchdir, posix_spawn_file_actions_addfchdir_np);
int lib_addfchdir(void *actions, int fd) { return fd < 0 ? EBADF : add(actions, &(struct step){.kind = ENTER_FD, .fd = fd}, NULL); }
int lib_addclosefrom(void *actions, int fd) EXPORTED("posix_spawn_file_actions_addclosefrom_np");
int lib_addclosefrom(void *actions, int fd) { return fd < 0 ? EBADF : add(actions, &(struct step){.kind = CLOSE_FROM, .fd = fd}, NULL); }
int lib_addtcsetpgrp(void *actions, int fd) EXPORTED("posix_spawn_file_actions_addtcsetpgrp_np");
int lib_addtcsetpgrp(void *actions, int fd) { return fd < 0 ? EBADF : add(actions, &(struct step){.kind = FOREGROUND, .fd = fd}, NULL); }

static long take(const struct step *step) {
    enum { SET_GROUP = 0x5410, CLEAR = 0, SET_FLAGS = 2 };
    long result = 0;
    int group;
    switch (step->kind) {
        case OPEN:
            result = CALL(open, step->path, step->flags, step->mode);
            if (result < 0 || result == step->fd) return result;
            group = (int)result;
            result = SYS(dup2, group, step->fd);
            SYS(close, group);
            return result;
        case CLOSE: SYS(close, step->fd); return 0;
        case DUPLICATE: return step->fd == step->other ? SYS(fcntl, step->fd, SET_FLAGS, CLEAR) : SYS(dup2, step->other, step->fd);
        case ENTER: return CALL(chdir, step->path);
        case ENTER_FD: return SYS(fchdir, step->fd);
        case CLOSE_FROM: return SYS(close_range, step->fd, ~0u, 0);
        case FOREGROUND: group = (int)SYS(getpgid, 0); return SYS(ioctl, step->fd, SET_GROUP, &group);
    }
    return -EINVAL;
}

/* ---- the child */

struct attributes {
    int flags, policy;
    pid_t group;
    uint64_t defaults[16], mask[16]; /* sigset_t */
    struct sched_param parameter;
};

struct spawn {
    const char *path;
    char *const *argv, *const *envp;
    bool search;
    const struct steps *steps;
    struct attributes attributes;
    uint64_t mask;
    long error;
};

static long prepare(const struct spawn *spawn) {
    const struct attributes *attributes = &spawn->attributes;
    for (int i = 1; i <= SIGNALS; i++) {
        struct kernel_action action;
        const bool asked = attributes->flags & POSIX_SPAWN_SETSIGDEF && attributes->defaults[0] >> (i - 1) & 1;
        if (SYS(rt_sigaction, i, NULL, &action, 8) < 0 || (action.handler <= 1 && !asked)) continue;
        action = (struct kernel_action){0};
        SYS(rt_sigaction, i, &action, NULL, 8);
    }
    long result = 0;
    if (attributes->flags & POSIX_SPAWN_SETSCHEDULER) result = SYS(sched_setscheduler, 0, attributes->policy, &attributes->parameter);
    else if (attributes->flags & POSIX_SPAWN_SETSCHEDPARAM) result = SYS(sched_setparam, 0, &attributes->parameter);
    if (result >= 0 && attributes->flags & POSIX_SPAWN_SETSID) result = SYS(setsid, 0);
    if (result >= 0 && attributes->flags & POSIX_SPAWN_SETPGROUP) result = SYS(setpgid, 0, attributes->group);
    if (result >= 0 && attributes->flags & POSIX_SPAWN_RESETIDS) {
        result = CALL(setresgid, -1, CALL(getgid, 0), -1);
        if (result >= 0) result = CALL(setresuid, -1, CALL(getuid, 0), -1);
    }
    for (const struct step *step = spawn->steps ? spawn->steps->first : NULL; step && result >= 0; step = step->next) result = take(step);
    return result;
}

static int child(void *data) {
    struct spawn *spawn = data;
    long result = prepare(spawn);
    if (result >= 0) {
        const uint64_t *mask = spawn->attributes.flags & POSIX_SPAWN_SETSIGMASK ? spawn->attributes.mask : &spawn->mask;
        SYS(rt_sigprocmask, SETMASK, mask, NULL, 8);
        result = spawn->search ? execute_named(spawn->path, spawn->argv, spawn->envp) : CALL(execve, spawn->path, spawn->argv, spawn->envp);
    }
    spawn->error = -result;
    return 127;
}

/* 0 or errno. */
static int start(pid_t *pid, struct spawn *spawn) {
    const uint64_t all = ~0ull;
    const int before = get_errno();
    const long stack = SYS(mmap, 0, STACK, SYS_PROT_RW, SYS_MAP_SCRATCH | 0x20000 /* MAP_STACK */, -1, 0);
    if (stack < 0) return (int)-stack;
    spawn->error = 0;
    SYS(rt_sigprocmask, SETMASK, &all, &spawn->mask, 8);
    const long made = clone_vfork(child, (void *)(stack + STACK), spawn);
    if (made > 0 && spawn->error) SYS(wait4, made, NULL, 0, NULL);
    SYS(rt_sigprocmask, SETMASK, &spawn->mask, NULL, 8);
    SYS(munmap, stack, STACK);
    set_errno(before);
    if (made < 0) return (int)-made;
    if (spawn->error) return (int)spawn->error;
    if (pid) *pid = (pid_t)made;
    return 0;
}

typedef int get_function(const void *, void *);
static void read_attributes(const void *from, struct attributes *to) {
    short flags = 0;
    *to = (struct attributes){0};
    if (!from) return;
    LIBC(get_function, posix_spawnattr_getflags)(from, &flags);
    to->flags = flags;
    LIBC(get_function, posix_spawnattr_getpgroup)(from, &to->group);
    LIBC(get_function, posix_spawnattr_getsigdefault)(from, to->defaults);
    LIBC(get_function, posix_spawnattr_getsigmask)(from, to->mask);
    if (!(flags & (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM))) return;
    LIBC(get_function, posix_spawnattr_getschedparam)(from, &to->parameter);
    LIBC(get_function, posix_spawnattr_getschedpolicy)(from, &to->policy);
}

static int spawn_as(pid_t *pid, const char *path, const void *actions, const void *attributes, char *const argv[], char *const envp[], bool search) {
    struct spawn spawn = {.path = path, .argv = argv, .envp = envp, .search = search, .steps = actions};
    read_attributes(attributes, &spawn.attributes);
    return start(pid, &spawn);
}
int lib_spawn(pid_t *pid, const char *path, const void *actions, const void *attributes, char *const argv[], char *const envp[]) EXPORTED("posix_spawn");
int lib_spawn(pid_t *pid, const char *path, const void *actions, const void *attributes, char *const argv[], char *const envp[]) {
    return spawn_as(pid, path, actions, attributes, argv, envp, false);
}
int lib_spawnp(pid_t *pid, const char *path, const void *actions, const void *attributes, char *const argv[], char *const envp[]) EXPORTED("posix_spawnp");
int lib_spawnp(pid_t *pid, const char *path, const void *actions, const void *attributes, char *const argv[], char *const envp[]) {
    return spawn_as(pid, path, actions, attributes, argv, envp, true);
}

/* ---- system */

static long wait_for_child(long pid, int *status) {
    long result;
    do result = SYS(wait4, pid, status, 0, NULL);
    while (result == -EINTR);
    return result;
}

struct commanding {
    pid_t pid;
    uint64_t mask;
    struct kernel_action interrupt, quit;
};
static void leave_signals(struct commanding *commanding) {
    static const struct kernel_action IGNORED = {.handler = 1};
    const uint64_t block = 1ull << (CHILD - 1);
    SYS(rt_sigaction, INTERRUPT, &IGNORED, &commanding->interrupt, 8);
    SYS(rt_sigaction, QUIT, &IGNORED, &commanding->quit, 8);
    SYS(rt_sigprocmask, BLOCK, &block, &commanding->mask, 8);
}
static void take_signals(const struct commanding *commanding) {
    SYS(rt_sigaction, INTERRUPT, &commanding->interrupt, NULL, 8);
    SYS(rt_sigaction, QUIT, &commanding->quit, NULL, 8);
    SYS(rt_sigprocmask, SETMASK, &commanding->mask, NULL, 8);
}
static void end_command(void *data) {
    SYS(kill, ((struct commanding *)data)->pid, 9);
    wait_for_child(((struct commanding *)data)->pid, NULL);
    take_signals(data);
}

/* glibc's list of what a thread that is ended, or jumps away, calls; its entries lie on the stack. musl's is not told of jumps, and its own system() leaves the command to itself. */
struct at_end {
    void *entry[8];
    bool pushed;
};
typedef void push_function(void *entry, void (*function)(void *), void *data);
typedef void pop_function(void *entry, int call);
static void at_end_push(struct at_end *at_end, void (*function)(void *), void *data) {
    push_function *push = LIBC(push_function, _pthread_cleanup_push);
    at_end->pushed = !library.musl && push && LIBC(pop_function, _pthread_cleanup_pop);
    if (at_end->pushed) push(at_end->entry, function, data);
}
static void at_end_pop(struct at_end *at_end) {
    if (at_end->pushed) LIBC(pop_function, _pthread_cleanup_pop)(at_end->entry, 0);
}

typedef int waitpid_function(int pid, int *status, int options);

int lib_system(const char *command) EXPORTED("system");
int lib_system(const char *command) {
    struct commanding commanding = {.pid = 0};
    struct at_end at_end;
    int status = 127 << 8, result = 0;
    if (!command) return CALL(access, "/bin/sh", 1) == 0;
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)command, NULL};
    struct spawn spawn = {.path = "/bin/sh", .argv = argv, .envp = environ, .attributes.flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK};
    leave_signals(&commanding);
    spawn.attributes.mask[0] = commanding.mask;
    spawn.attributes.defaults[0] = (commanding.interrupt.handler != 1 ? 1ull << (INTERRUPT - 1) : 0) | (commanding.quit.handler != 1 ? 1ull << (QUIT - 1) : 0);
    if (start(&commanding.pid, &spawn) == 0) {
        at_end_push(&at_end, end_command, &commanding);
        do result = LIBC(waitpid_function, waitpid)(commanding.pid, &status, 0);
        while (result < 0 && get_errno() == EINTR);
        at_end_pop(&at_end);
    }
    take_signals(&commanding);
    return result < 0 ? -1 : status;
}

/* ---- popen */

struct piped {
    struct piped *next;
    FILE *stream;
    pid_t pid;
};
static struct piped *piped;
static void lock(void) {
    while (__atomic_exchange_n(piped_lock(), 1, __ATOMIC_ACQUIRE)) SYS(sched_yield, 0);
}
static void unlock(void) { __atomic_store_n(piped_lock(), 0, __ATOMIC_RELEASE); }

typedef FILE *fdopen_function(int fd, const char *mode);
typedef int fclose_function(FILE *stream);

FILE *lib_popen(const char *command, const char *mode) EXPORTED("popen");
ALSO(_IO_popen, popen);
FILE *lib_popen(const char *command, const char *mode) {
    bool reads = false, writes = false, keeps = true;
    for (const char *at = mode; *at; at++) reads |= *at == 'r', writes |= *at == 'w', keeps &= *at != 'e';
    if (reads == writes) return set_errno(EINVAL), NULL;
    int ends[2];
    struct piped *one = malloc(sizeof *one);
    if (!one) return NULL;
    long result = SYS(pipe2, ends, O_CLOEXEC);
    const int ours = ends[reads ? 0 : 1], theirs = ends[reads ? 1 : 0];
    FILE *stream = result < 0 ? NULL : LIBC(fdopen_function, fdopen)(ours, reads ? "r" : "w");
    if (stream) {
        char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)command, NULL};
        struct step duplicate = {.kind = DUPLICATE, .fd = reads ? 1 : 0, .other = theirs};
        const struct steps steps = {&duplicate, &duplicate};
        struct spawn spawn = {.path = "/bin/sh", .argv = argv, .envp = environ, .steps = &steps};
        result = -start(&one->pid, &spawn);
    }
    if (result >= 0 && stream) {
        SYS(close, theirs);
        if (keeps) SYS(fcntl, ours, 2 /* F_SETFD */, 0);
        one->stream = stream;
        lock();
        one->next = piped;
        piped = one;
        unlock();
        return stream;
    }
    if (stream) LIBC(fclose_function, fclose)(stream), SYS(close, theirs);
    else if (result >= 0) SYS(close, ours), SYS(close, theirs);
    free(one);
    if (result < 0) set_errno((int)-result);
    return NULL;
}

int lib_pclose(FILE *stream) EXPORTED("pclose");
int lib_pclose(FILE *stream) {
    int status = -1;
    lock();
    struct piped **at = &piped;
    while (*at && (*at)->stream != stream) at = &(*at)->next;
    struct piped *one = *at;
    if (one) *at = one->next;
    unlock();
    LIBC(fclose_function, fclose)(stream);
    if (!one) return set_errno(ECHILD), -1;
    const long result = wait_for_child(one->pid, &status);
    free(one);
    return result < 0 ? (int)told(result) : status;
}

/* ---- daemon: it enters the root */

typedef int fork_function(void);
typedef void exit_function(int status);

int lib_daemon(int keep_directory, int keep_streams) EXPORTED("daemon");
int lib_daemon(int keep_directory, int keep_streams) {
    const int child = LIBC(fork_function, fork)();
    if (child < 0) return -1;
    if (child) LIBC(exit_function, _exit)(0);
    if (SYS(setsid, 0) < 0) return (int)told(SYS(setsid, 0));
    if (!keep_directory) CALL(chdir, "/");
    if (keep_streams) return 0;
    const long fd = CALL(open, "/dev/null", O_RDWR);
    if (fd < 0) return (int)told(fd);
    for (int i = 0; i < 3; i++) SYS(dup2, fd, i);
    if (fd > 2) SYS(close, fd);
    return 0;
}
