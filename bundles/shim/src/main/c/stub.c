/* lichen-host: what a container finds in the place of a command of the host. It hands over what it was called with, and ends as the command ends. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"
#include "hostcall.h"
#include "process.h"
#include "records.h"

extern char **environ;

static uint64_t ignored_signals(void) {
    uint64_t ignored = 0;
    struct sigaction action;
    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored |= 1ULL << (number - 1);
    return ignored;
}

static int hear_signals(void) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGSYS);
    sigprocmask(SIG_SETMASK, &all, NULL);
    return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int connect_to_host(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = HOSTCALL_SOCKET};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die(STATUS_LICHEN, "cannot call the host (%s): %s", HOSTCALL_SOCKET, strerror(errno));
    return fd;
}

static void call(int fd, char **arguments, const int *inherited) {
    char self[PATH_MAX], here[PATH_MAX];
    struct bytes request = {0};
    int passed[HOSTCALL_MOST], null = -1;
    size_t count = HOSTCALL_STDIO;
    const ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) die(STATUS_LICHEN, "cannot call the host: /proc/self/exe: %s", strerror(errno));
    self[size] = 0;
    record_add_text(&request, "gues", self);
    record_add_text(&request, "name", (const char *)getauxval(AT_EXECFN)); // NOLINT(performance-no-int-to-ptr)
    if (getcwd(here, sizeof here)) record_add_text(&request, "cwd.", here);
    for (char **word = arguments; *word; word++) record_add_text(&request, "argv", *word);
    for (char **variable = environ; *variable; variable++) record_add_text(&request, "envi", *variable);
    record_add_number(&request, "igno", ignored_signals());
    for (int i = 0; i < HOSTCALL_STDIO; i++) { /* one that is closed is handed over as nothing */
        passed[i] = i;
        if (fcntl(i, F_GETFD) >= 0) continue;
        if (null < 0) null = open("/dev/null", O_RDWR | O_CLOEXEC);
        passed[i] = null;
    }
    for (const int *at = inherited; *at >= 0; at++) {
        if (count == HOSTCALL_MOST) die(STATUS_LICHEN, "cannot call the host: more than %d descriptors are open", HOSTCALL_MOST);
        record_add_number(&request, "pass", (uint64_t)*at);
        passed[count++] = *at;
    }
    if (!hostcall_send(fd, 'H', request.data, request.size, passed, count)) die(STATUS_LICHEN, "cannot call the host: %s", strerror(errno));
}

static void send_signal(int fd, int number, bool from_terminal) {
    unsigned char data[5] = {0};
    put_u32(data, (uint32_t)number);
    data[4] = from_terminal;
    (void)frame_send(fd, 'S', data, sizeof data);
}

static void forward_signals(int fd, int signals, uint64_t ignored) {
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        const int number = (int)info.ssi_signo;
        if (number == SIGCHLD || number == SIGPIPE || ignored >> (number - 1) & 1) continue;
        send_signal(fd, number, info.ssi_code == SI_KERNEL);
    }
}

static _Noreturn void end_as(int status) {
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    end_by_signal(WTERMSIG(status));
}

static void answer(const struct frame *frame) {
    if (frame->type == 'x' && frame->size == 4) end_as((int)get_u32(frame->data));
    if (frame->type == 't') raise(SIGSTOP);
    if (frame->type == 'f' && frame->size >= 8) die((int)get_u64(frame->data), "%.*s", (int)(frame->size - 8), (const char *)frame->data + 8);
}

int main(int count, char **arguments) {
    struct bytes in = {0};
    char piece[4096];
    const uint64_t ignored = ignored_signals();
    const int *inherited = inherited_descriptors();
    const int signals = hear_signals(), fd = connect_to_host();
    struct pollfd polled[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    (void)count;
    call(fd, arguments, inherited);
    for (;;) {
        struct frame frame;
        size_t done = 0;
        if (poll(polled, 2, -1) < 0 && errno != EINTR) die(STATUS_LICHEN, "cannot wait for the host: %s", strerror(errno));
        if (polled[1].revents) forward_signals(fd, signals, ignored);
        if (!polled[0].revents) continue;
        const ssize_t got = read_some(fd, piece, sizeof piece);
        if (got <= 0) die(STATUS_LICHEN, "cannot call the host: the container's shim has ended the call");
        bytes_add(&in, piece, (size_t)got);
        while (frame_take(&in, &done, &frame, FRAME_MOST) > 0) answer(&frame);
        bytes_drop(&in, done);
    }
}
