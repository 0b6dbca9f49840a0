/* unseen FILE [TEST]: code that is in no ELF file makes system calls by itself, as what a compiler in a program makes or a packed program unpacks may. FILE is a path of the guest that
 * holds "here\n". Each test fails with the line that did not hold. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

typedef long (*raw)(long number, ...);
enum { ROOM = 1 << 16 };
static const char *file;
static int bad;
#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c)) {                                                            \
            bad++;                                                             \
            printf("FAIL %s:%d %s errno=%d\n", __func__, __LINE__, #c, errno); \
        }                                                                      \
    } while (0)

/* syscall(2) without errno: mov %rdi, %rax … syscall; ret */
static const unsigned char CODE[] = {0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca, 0x4d, 0x89, 0xc2, 0x4d, 0x89, 0xc8, 0x0f, 0x05, 0xc3};

/* The same with one argument, for a child that shares the stack: the return address is in a register. */
static const unsigned char SHARING[] = {0x5a, 0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x31, 0xf6, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x0f, 0x05, 0x52, 0xc3};

static raw put(const void *code, size_t size) {
    void *at = mmap(NULL, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : memcpy(at, code, size);
}
static raw writable(void) { return put(CODE, sizeof CODE); }
static raw protected(void) {
    void *at = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return NULL;
    memcpy((char *)at + 100, CODE, sizeof CODE);
    return mprotect(at, ROOM, PROT_READ | PROT_EXEC) ? NULL : (raw)(void *)((char *)at + 100);
}
static raw reserved(void) { /* as a virtual machine does */
    char *at = mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED || mmap(at + (1 << 20), ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) return NULL;
    return memcpy(at + (1 << 20), CODE, sizeof CODE);
}
static raw mapped_twice(void) {
    const int fd = memfd_create("code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, ROOM)) return NULL;
    void *writable = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *executable = mmap(NULL, ROOM, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    close(fd);
    if (writable == MAP_FAILED || executable == MAP_FAILED) return NULL;
    memcpy(writable, CODE, sizeof CODE);
    return executable;
}
static raw low(void) { /* in the first 4 GiB */
    void *at = mmap(NULL, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return at == MAP_FAILED ? NULL : memcpy(at, CODE, sizeof CODE);
}
static raw moved(void) {
    raw call = writable();
    void *far = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!call || far == MAP_FAILED) return NULL;
    void *at = mremap((void *)call, ROOM, ROOM, MREMAP_MAYMOVE | MREMAP_FIXED, far);
    return at == MAP_FAILED ? NULL : at;
}
static raw of_a_file(void) {
    const int fd = memfd_create("code", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, ROOM) || pwrite(fd, CODE, sizeof CODE, 0) != sizeof CODE) return NULL;
    void *at = mmap(NULL, ROOM, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

static raw attached(void) {
    const int id = shmget(IPC_PRIVATE, ROOM, 0700);
    if (id < 0) return NULL;
    void *writable = shmat(id, NULL, 0), *executable = shmat(id, NULL, SHM_RDONLY | SHM_EXEC);
    shmctl(id, IPC_RMID, NULL);
    if (writable == (void *)-1 || executable == (void *)-1) return NULL;
    memcpy(writable, CODE, sizeof CODE);
    return executable;
}

static int sees(raw call) {
    char text[8] = {0};
    const long fd = call(SYS_openat, AT_FDCWD, file, O_RDONLY);
    if (fd < 0) return 0;
    const long size = call(SYS_read, fd, text, sizeof text);
    return call(SYS_close, fd) == 0 && size == 5 && !memcmp(text, "here\n", 5) && call(SYS_open, "/no such", 0) == -ENOENT && call(SYS_getpid) == getpid();
}

static pthread_barrier_t barrier;
static raw shared_call;
static void *from_before(void *unused) {
    pthread_barrier_wait(&barrier);
    usleep(20000);
    return (void *)(long)sees(shared_call);
}
/* A thread that is there already when such code appears. */
static void other_thread(raw (*make)(void)) {
    pthread_t thread;
    void *result = NULL;
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(!pthread_create(&thread, NULL, from_before, NULL));
    usleep(1000);
    CHECK((shared_call = make()) != NULL);
    CHECK(sees(shared_call));
    pthread_barrier_wait(&barrier);
    CHECK(!pthread_join(thread, &result) && result);
}
static void *later(void *call) { return (void *)(long)sees(call); }
static void new_thread(raw call) {
    pthread_t threads[8];
    void *result;
    for (int i = 0; i < 8; i++) CHECK(!pthread_create(&threads[i], NULL, later, call));
    for (int i = 0; i < 8; i++) CHECK(!pthread_join(threads[i], &result) && result);
}

static int status_of(pid_t child) {
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
static void forks(raw call) {
    pid_t child = fork();
    if (!child) _exit(sees(call) ? 7 : 8);
    CHECK(status_of(child) == 7);
    child = vfork();
    if (!child) _exit(sees(call) ? 9 : 8);
    CHECK(status_of(child) == 9);
    long kept = 0x1234;
    child = (pid_t)call(SYS_fork);
    if (!child) _exit(sees(call) && kept == 0x1234 ? 11 : 8);
    CHECK(status_of(child) == 11 && kept == 0x1234);
    raw sharing = put(SHARING, sizeof SHARING);
    child = (pid_t)sharing(SYS_vfork);
    if (!child) _exit(sees(call) ? 12 : 8);
    CHECK(status_of(child) == 12);
    child = (pid_t)sharing(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD); /* as Go starts programs */
    if (!child) _exit(sees(call) ? 13 : 8);
    CHECK(status_of(child) == 13);
}

static volatile int began;
static raw childs_call;
static __attribute__((noreturn)) void in_clone(void) {
    began = sees(childs_call) ? 1 : 2;
    childs_call(SYS_exit, 0);
    for (;;) {}
}
static void clones(raw call) {
    char *stack = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long *top = (long *)(stack + ROOM - 64);
    *top = (long)in_clone; /* where the `ret` behind the call leads to */
    childs_call = call, began = 0;
    int cleared = 1;
    const long child = call(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID, top, NULL, &cleared, 0);
    CHECK(child > 0);
    for (int i = 0; i < 2000 && (!began || cleared); i++) usleep(1000);
    CHECK(began == 1);
    munmap(stack, ROOM);
}

static volatile sig_atomic_t alarms;
static void on_alarm(int number) {
    (void)number;
    alarms++;
    CHECK(access(file, R_OK) == 0);
}
static void signals(raw call) {
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART}, none = {.sa_handler = SIG_DFL};
    const struct itimerval often = {{0, 300}, {0, 300}}, off = {{0, 0}, {0, 0}};
    int lost = 0, children = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; alarms < 300 && i < 1000000; i++) {
        lost += !sees(call);
        if (i % 200) continue;
        const pid_t child = (pid_t)call(SYS_fork);
        if (!child) _exit(sees(call) ? 0 : 1);
        children += status_of(child) != 0;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &none, NULL);
    CHECK(lost == 0 && children == 0 && alarms >= 300);
}
static void executes(raw call) {
    char *argv[] = {"sh", "-c", "grep -q here \"$0\" && exit 5", (char *)file, NULL}, *environment[] = {"PATH=/usr/bin:/bin", NULL};
    const pid_t child = fork();
    if (!child) _exit((int)-call(SYS_execve, "/bin/sh", argv, environment));
    CHECK(status_of(child) == 5);
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        raw (*make)(void);
    } KINDS[] = {{"writable", writable}, {"protected", protected}, {"reserved", reserved}, {"mapped_twice", mapped_twice}, {"low", low}, {"of_a_file", of_a_file}, {"moved", moved}, {"attached", attached}};
    file = count > 1 ? arguments[1] : "";
    for (unsigned i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        if (count > 2 && strcmp(arguments[2], KINDS[i].name)) continue;
        /* Each from the beginning, in a process of its own. */
        fflush(stdout);
        const pid_t child = fork();
        if (!child) {
            other_thread(KINDS[i].make);
            raw call = KINDS[i].make();
            CHECK(call != NULL);
            if (!call) exit(1);
            CHECK(sees(call));
            new_thread(call);
            forks(call);
            clones(call);
            signals(call);
            executes(call);
            exit(bad != 0);
        }
        const int status = status_of(child);
        if (status) bad++, printf("%s: status %d\n", KINDS[i].name, status);
    }
    if (!bad) puts("unseen ok");
    return bad != 0;
}
