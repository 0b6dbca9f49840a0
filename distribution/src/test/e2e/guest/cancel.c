/* cancel DIRECTORY: threads that are ended (pthread_cancel) in calls that libc makes points of cancellation: while they block, when they have been asked before, and not in others. What they have
 * asked to be called at their end is called, and nothing is used up. Fails by its status; prints the line. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define IS(condition) ((condition) ? (void)0 : (printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno), exit(1)))
enum { OFTEN = 600 }; /* more than an engine has stacks */

static char fifo[4096], file[4096];
static struct sockaddr_un name = {.sun_family = AF_UNIX};
static int listening, full, pair[2], datagrams[2], called, left;
static sem_t ready;

static void opens(void) { open(fifo, O_RDONLY); }
static void opens_at(void) { openat(AT_FDCWD, fifo, O_WRONLY | O_CLOEXEC); }
static void accepts(void) { accept(listening, NULL, NULL); }
static void accepts_and_asks(void) {
    struct sockaddr_un address;
    socklen_t size = sizeof address;
    accept4(listening, (struct sockaddr *)&address, &size, SOCK_CLOEXEC);
}
static void connects(void) { connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name); }
static void receives(void) {
    char text[10];
    struct sockaddr_un address;
    socklen_t size = sizeof address;
    recvfrom(datagrams[0], text, sizeof text, 0, (struct sockaddr *)&address, &size);
}
static void receives_message(void) {
    char text[10];
    struct iovec vector = {text, sizeof text};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    recvmsg(datagrams[0], &message, 0);
}
static void sends(void) {
    static char much[65536];
    for (;;) sendto(pair[0], much, sizeof much, 0, NULL, 0);
}

static void commands(void) { system("exec sleep 1000"); }

static void at_end(void *data) { called += data == &called; }
static void leave(int *here) { left += *here; }
static void (*what)(void);
static void block(void) {
#ifdef __GLIBC__ /* unwinds; musl calls functions that were told alone */
    __attribute__((cleanup(leave))) int here = 1;
#else
    left++;
#endif
    sem_post(&ready);
    what();
}
static void *run(void *data) {
    pthread_cleanup_push(at_end, &called);
    block();
    pthread_cleanup_pop(0);
    return data;
}

static void cancel_in(void (*function)(void), int rounds) {
    what = function;
    called = left = 0;
    for (int i = 0; i < rounds; i++) {
        pthread_t thread;
        void *result;
        IS(pthread_create(&thread, NULL, run, NULL) == 0);
        sem_wait(&ready);
        if (i % 2) usleep(i < 20 ? 3000 : 200);
        IS(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0);
        IS(result == PTHREAD_CANCELED);
    }
    if (called != rounds || left != rounds) printf("%d threads: %d have called, %d were unwound\n", rounds, called, left), exit(1);
}

static void *asked_before(void *data) {
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    pthread_cancel(pthread_self());
    const int fd = open(file, O_RDONLY);
    if (fd < 0 || close(fd) || access(file, R_OK)) return "not while it is switched off";
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
    struct stat status;
    if (stat(file, &status) || access(file, F_OK) || unlink("/nowhere") == 0) return "these are no points of cancellation";
    open(data, O_RDONLY);
    return "an open that need not wait is one";
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    snprintf(fifo, sizeof fifo, "%s/fifo", arguments[1]);
    snprintf(file, sizeof file, "%s/file", arguments[1]);
    snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", arguments[1]);
    IS(mkfifo(fifo, 0600) == 0 && close(creat(file, 0600)) == 0 && sem_init(&ready, 0, 0) == 0);
    IS((listening = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 && bind(listening, (struct sockaddr *)&name, sizeof name) == 0 && listen(listening, 0) == 0);
    IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams) == 0);
    for (int i = 0; i < 5; i++) {
        pthread_t thread;
        void *result;
        IS(pthread_create(&thread, NULL, asked_before, i % 2 ? fifo : file) == 0 && pthread_join(thread, &result) == 0);
        if (result != PTHREAD_CANCELED) return printf("%s\n", (char *)result), 1;
    }
    cancel_in(opens, OFTEN);
    cancel_in(opens_at, 50);
    cancel_in(accepts, 50);
    cancel_in(accepts_and_asks, 50);
    cancel_in(receives, 50);
    cancel_in(receives_message, 50);
    cancel_in(sends, 10);
#ifdef __GLIBC__ /* others leave the command to itself */
    cancel_in(commands, 10);
    IS(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
#endif
    full = socket(AF_UNIX, SOCK_STREAM, 0); /* nobody takes what waits there */
    IS(connect(full, (struct sockaddr *)&name, sizeof name) == 0);
    cancel_in(connects, 50);
    struct stat status;
    IS(stat(file, &status) == 0);
    return 0;
}
