/* signals DIRECTORY ROUNDS [TEST]: signals as a bare kernel delivers them, while the process makes system calls with paths. Each test fails with the line that
 * did not hold. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static int N = 200;
static int bad;
static char fifo[4096], sock[100];
#define CHECK(c)                                                               \
    do {                                                                       \
        if (!(c)) {                                                            \
            bad++;                                                             \
            printf("FAIL %s:%d %s errno=%d\n", __func__, __LINE__, #c, errno); \
        }                                                                      \
    } while (0)
static volatile int hits;
static void h(int s) {
    struct stat st;
    stat("/etc/passwd", &st);
    hits++;
    (void)s;
}
static void set(int s, void (*f)(int), int flags) {
    struct sigaction a = {0};
    a.sa_handler = f;
    a.sa_flags = flags;
    sigaction(s, &a, 0);
}
static void timer(int us) {
    struct itimerval t = {{0, us ? 20000 : 0}, {0, us}}; /* and again: the first may come before the call it is to interrupt */
    setitimer(ITIMER_REAL, &t, 0);
}
static void fifo_eintr(void) {
    for (int i = 0; i < N / 10; i++) {
        set(SIGALRM, h, 0);
        hits = 0;
        timer(3000);
        int fd = open(fifo, O_RDONLY);
        CHECK(fd == -1 && errno == EINTR && hits >= 1);
    }
}
static void *writer(void *x) {
    usleep(9000);
    int fd = open(fifo, O_WRONLY);
    usleep(2000);
    close(fd);
    return x;
}
static void fifo_restart(void) {
    for (int i = 0; i < N / 10; i++) {
        set(SIGALRM, h, SA_RESTART);
        hits = 0;
        pthread_t t;
        sigset_t m, o;
        sigemptyset(&m);
        sigaddset(&m, SIGALRM);
        pthread_sigmask(SIG_BLOCK, &m, &o);
        pthread_create(&t, 0, writer, 0);
        pthread_sigmask(SIG_SETMASK, &o, 0);
        timer(3000);
        int fd = open(fifo, O_RDONLY);
        CHECK(fd >= 0);
        while (!hits) usleep(100); /* on a busy machine the writer may have come first */
        close(fd);
        pthread_join(t, 0);
    }
}
static sigjmp_buf jb;
static void hj(int s) { siglongjmp(jb, s); }
static void longjmps(void) {
    set(SIGALRM, hj, 0);
    for (volatile int i = 0; i < N * 3; i++) {
        if (!sigsetjmp(jb, 1)) {
            timer(50 + i % 200);
            for (;;) {
                struct stat st;
                stat("/usr/bin/ls", &st);
                int fd = open("/etc/passwd", O_RDONLY);
                if (fd >= 0) close(fd);
            }
        }
    }
}
static void fifo_jmp(void) {
    set(SIGALRM, hj, 0);
    for (volatile int i = 0; i < N / 10; i++) {
        if (!sigsetjmp(jb, 1)) {
            timer(2000);
            open(fifo, O_RDONLY);
            CHECK(0);
        }
    }
}
static void *victim(void *x) {
    pthread_setcanceltype(x ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, 0);
    for (;;) {
        struct stat st;
        stat("/usr/bin/ls", &st);
        int fd = open("/etc/passwd", O_RDONLY);
        close(fd);
    }
    return 0;
}
static void cancels(void) {
    for (int i = 0; i < N; i++) {
        pthread_t t;
        pthread_create(&t, 0, victim, (void *)(long)(i & 1));
        usleep(100 + i % 300);
        pthread_cancel(t);
        void *r;
        pthread_join(t, &r);
        CHECK(r == PTHREAD_CANCELED);
    }
}
static void *opener(void *x) {
    open(fifo, O_RDONLY);
    return x;
}
static void cancel_fifo(void) {
    for (int i = 0; i < N / 10; i++) {
        pthread_t t;
        pthread_create(&t, 0, opener, 0);
        usleep(2000);
        pthread_cancel(t);
        void *r;
        pthread_join(t, &r);
        CHECK(r == PTHREAD_CANCELED);
    }
}
static volatile int depth, maxdepth;
static void hn(int s) {
    depth++;
    if (depth > maxdepth) maxdepth = depth;
    char buf[512];
    memset(buf, s, sizeof buf);
    struct stat st;
    for (int i = 0; i < 20; i++) {
        stat("/etc/passwd", &st);
        access("/usr/bin/env", X_OK);
    }
    for (unsigned i = 0; i < sizeof buf; i++)
        if (buf[i] != (char)s) {
            bad++;
            printf("stack overwritten\n");
            break;
        }
    depth--;
    hits++;
}
static void nest_alt(void) {
    stack_t ss = {.ss_sp = mmap(0, 1 << 18, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), .ss_size = 1 << 18};
    sigaltstack(&ss, 0);
    int sg[] = {SIGUSR1, SIGUSR2, SIGHUP, SIGURG};
    for (int i = 0; i < 4; i++) set(sg[i], hn, SA_ONSTACK);
    pid_t me = getpid();
    hits = 0;
    pid_t c = fork();
    if (!c) {
        for (int i = 0; i < N * 5; i++)
            for (int k = 0; k < 4; k++) {
                kill(me, sg[k]);
                if (i % 8 == 0) sched_yield();
            }
        _exit(0);
    }
    int st;
    for (;;) {
        struct stat s2;
        stat("/etc/passwd", &s2);
        if (waitpid(c, &st, WNOHANG) == c) break;
    }
    for (int i = 0; i < 2000; i++) {
        struct stat s2;
        stat("/etc/passwd", &s2);
    }
    CHECK(hits > 0);
    for (int i = 0; i < 4; i++) set(sg[i], SIG_DFL, 0);
    stack_t off = {.ss_flags = SS_DISABLE};
    sigaltstack(&off, 0);
}
static void masks(void) {
    sigset_t all, o;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &o);
    struct stat st;
    CHECK(stat("/etc/passwd", &st) == 0);
    sigset_t now;
    sigprocmask(0, 0, &now);
    CHECK(sigismember(&now, SIGALRM));
    set(SIGALRM, h, 0);
    hits = 0;
    timer(1000);
    usleep(4000);
    CHECK(hits == 0);
    sigset_t p;
    sigpending(&p);
    CHECK(sigismember(&p, SIGALRM));
    sigset_t s = all;
    sigdelset(&s, SIGALRM);
    CHECK(sigsuspend(&s) == -1 && errno == EINTR && hits >= 1);
    timer(2000);
    hits = 0;
    CHECK(ppoll(0, 0, 0, &s) == -1 && errno == EINTR && hits >= 1);
    timer(2000);
    hits = 0;
    CHECK(pselect(0, 0, 0, 0, 0, &s) == -1 && errno == EINTR && hits >= 1);
    int ep = epoll_create1(0);
    struct epoll_event ev;
    timer(2000);
    hits = 0;
    CHECK(epoll_pwait(ep, &ev, 1, -1, &s) == -1 && errno == EINTR && hits >= 1);
    close(ep);
    sigprocmask(SIG_SETMASK, &o, 0);
}
static void hm(int s) {
    sigset_t n;
    sigprocmask(0, 0, &n);
    if (!sigismember(&n, SIGUSR2) || !sigismember(&n, s)) {
        bad++;
        printf("handler mask wrong\n");
    }
    hits++;
}
static void handler_mask(void) {
    struct sigaction a = {0};
    a.sa_handler = hm;
    sigaddset(&a.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &a, 0);
    for (int i = 0; i < N; i++) {
        raise(SIGUSR1);
    }
    struct sigaction b;
    sigaction(SIGUSR1, 0, &b);
    CHECK(b.sa_handler == hm && sigismember(&b.sa_mask, SIGUSR2));
    hits = 0;
    set(SIGALRM, hm, 0);
    sigaction(SIGALRM, &a, 0);
    struct itimerval t = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &t, 0);
    while (hits < N) {
        struct stat st;
        stat("/usr/bin/ls", &st);
    }
    memset(&t, 0, sizeof t);
    setitimer(ITIMER_REAL, &t, 0);
}
static void efault(void) {
    struct stat st;
    CHECK(stat((char *)8, &st) == -1 && errno == EFAULT);
    CHECK(open((char *)-1, 0) == -1 && errno == EFAULT);
    CHECK(stat("/etc/passwd", (struct stat *)16) == -1 && errno == EFAULT);
    CHECK(readlink("/proc/self/exe", (char *)16, 100) == -1 && errno == EFAULT);
    char *e[] = {0};
    CHECK(execve((char *)3, e, e) == -1 && errno == EFAULT);
    CHECK(execve("/bin/true", (char **)5, e) == -1 && errno == EFAULT);
}
static void hs(int s, siginfo_t *i, void *u) {
    (void)s;
    (void)u;
    if (i->si_value.sival_int != hits) {
        bad++;
        printf("rt order %d %d\n", i->si_value.sival_int, hits);
    }
    struct stat st;
    stat("/etc/passwd", &st);
    hits++;
}
static void rt(void) {
    struct sigaction a = {0};
    a.sa_sigaction = hs;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGRTMIN + 1, &a, 0);
    hits = 0;
    pid_t me = getpid(), c = fork();
    if (!c) {
        for (int i = 0; i < N * 5; i++) {
            union sigval v = {.sival_int = i};
            while (sigqueue(me, SIGRTMIN + 1, v) < 0) usleep(10);
        }
        _exit(0);
    }
    int st;
    while (hits < N * 5) {
        struct stat s2;
        stat("/usr/bin/ls", &s2);
    }
    while (waitpid(c, &st, 0) < 0 && errno == EINTR)
        ;
    CHECK(hits == N * 5);
}
static void *worker(void *x) {
    for (int i = 0; i < N * 20; i++) {
        struct stat st;
        if (stat("/etc/passwd", &st)) {
            bad++;
            printf("worker stat %d\n", errno);
        }
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            bad++;
            printf("worker open %d\n", errno);
        }
        close(fd);
    }
    return x;
}
static void storm(void) {
    set(SIGALRM, h, SA_RESTART);
    hits = 0;
    struct itimerval t = {{0, 300}, {0, 300}};
    setitimer(ITIMER_REAL, &t, 0);
    pthread_t p[8];
    for (int i = 0; i < 8; i++) pthread_create(&p[i], 0, worker, 0);
    for (int i = 0; i < 8; i++) pthread_join(p[i], 0);
    memset(&t, 0, sizeof t);
    setitimer(ITIMER_REAL, &t, 0);
    CHECK(hits > 0);
}
static void spawns(void) {
    set(SIGALRM, h, SA_RESTART);
    struct itimerval t = {{0, 500}, {0, 500}};
    setitimer(ITIMER_REAL, &t, 0);
    extern char **environ;
    for (int i = 0; i < N / 4; i++) {
        pid_t p;
        char *av[] = {"true", 0};
        int r = posix_spawnp(&p, "true", 0, 0, av, environ);
        CHECK(r == 0);
        int st;
        while (waitpid(p, &st, 0) < 0 && errno == EINTR)
            ;
        CHECK(st == 0);
        p = vfork();
        if (p == 0) {
            execv("/nonexistent", av);
            execv("/bin/true", av);
            _exit(9);
        }
        while (waitpid(p, &st, 0) < 0 && errno == EINTR)
            ;
        CHECK(st == 0);
    }
    memset(&t, 0, sizeof t);
    setitimer(ITIMER_REAL, &t, 0);
}
static void defaults(void) {
    int st;
    pid_t p = fork();
    if (!p) {
        *(volatile int *)0 = 1;
        _exit(1);
    }
    waitpid(p, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSEGV);
    p = fork();
    if (!p) {
        kill(getpid(), SIGSYS);
        usleep(100000);
        _exit(1);
    }
    waitpid(p, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGSYS);
    p = fork();
    if (!p) {
        abort();
    }
    waitpid(p, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGABRT);
    p = fork();
    if (!p) {
        set(SIGSEGV, SIG_IGN, 0);
        kill(getpid(), SIGSEGV);
        _exit(3);
    }
    waitpid(p, &st, 0);
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 3);
    p = fork();
    if (!p) {
        set(SIGSYS, h, 0);
        hits = 0;
        kill(getpid(), SIGSYS);
        _exit(hits >= 1 ? 4 : 5);
    }
    waitpid(p, &st, 0);
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 4);
    p = fork();
    if (!p) {
        set(SIGSEGV, h, SA_RESETHAND);
        hits = 0;
        kill(getpid(), SIGSEGV);
        struct sigaction b;
        sigaction(SIGSEGV, 0, &b);
        _exit(hits >= 1 && b.sa_handler == SIG_DFL ? 4 : 5);
    }
    waitpid(p, &st, 0);
    CHECK(WIFEXITED(st) && WEXITSTATUS(st) == 4);
    p = fork();
    if (!p) {
        for (;;) {
            struct stat s;
            stat("/etc/passwd", &s);
        }
    }
    usleep(2000);
    for (int i = 0; i < 50; i++) {
        kill(p, SIGSTOP);
        kill(p, SIGCONT);
    }
    CHECK(waitpid(p, &st, WNOHANG) == 0);
    kill(p, SIGTERM);
    waitpid(p, &st, 0);
    CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGTERM);
}
static sigjmp_buf sj;
static void hseg(int s, siginfo_t *i, void *u) {
    (void)u;
    struct stat st;
    stat("/etc/passwd", &st);
    if (i->si_addr != (void *)0x123000) bad++;
    siglongjmp(sj, s);
}
static void segv(void) {
    struct sigaction a = {0};
    a.sa_sigaction = hseg;
    a.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &a, 0);
    for (volatile int i = 0; i < N; i++) {
        if (!sigsetjmp(sj, 1)) {
            *(volatile int *)0x123000 = 1;
        }
    }
    set(SIGSEGV, SIG_DFL, 0);
}
static void conn(void) {
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strcpy(a.sun_path, sock);
    unlink(sock);
    CHECK(bind(s, (void *)&a, sizeof a) == 0);
    listen(s, 0);
    int c[4];
    for (int i = 0; i < 4; i++) {
        c[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        set(SIGALRM, h, 0);
        hits = 0;
        timer(5000);
        int r = connect(c[i], (void *)&a, sizeof a);
        if (r) {
            CHECK(errno == EINTR && hits >= 1);
        }
        timer(0);
    }
    for (int i = 0; i < 4; i++) close(c[i]);
    close(s);
    unlink(sock);
}
int main(int count, char **arguments) {
    if (count < 3) return 2;
    snprintf(fifo, sizeof fifo, "%s/fifo", arguments[1]);
    snprintf(sock, sizeof sock, "%s/sock", arguments[1]);
    N = atoi(arguments[2]);
    setvbuf(stdout, 0, _IONBF, 0);
    mkfifo(fifo, 0600);
#define TEST(name)                                                 \
    if (count == 3 || !strcmp(arguments[3], #name)) {              \
        int before = bad;                                          \
        name(); timer(0);                                            \
        printf("%s %s\n", before == bad ? "ok  " : "FAIL", #name); \
    }
    TEST(fifo_eintr)
    TEST(fifo_restart) TEST(longjmps) TEST(fifo_jmp) TEST(cancels) TEST(cancel_fifo) TEST(nest_alt) TEST(masks) TEST(handler_mask)
#ifdef __GLIBC__ /* others copy to the caller's memory themselves, and so die of a bad pointer */
        TEST(efault)
#endif
            TEST(rt) TEST(storm) TEST(spawns) TEST(defaults) TEST(segv) TEST(conn) unlink(fifo);
    return bad != 0;
}
