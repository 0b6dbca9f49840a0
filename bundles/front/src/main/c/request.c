/* One conversation with the runtime (docs/FORMATS.md, 5). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "frames.h"
#include "terminal.h"

enum { SILENCE_MS = 60000, TRIES = 3, PIECE = 32768, GOING_ON = -1, LOST = -2, AGAIN = -3 };

struct talk {
    struct runtime *runtime;
    int fd, signals;
    bool typing;   /* the runtime wants our stdin */
    bool heard;    /* something has come: the request must not be repeated */
    int interrupts;
    struct bytes in, *plans;
    size_t plan_count;
    int result;
};

extern char **environ;

static void add_request(struct bytes *to, const struct runtime *runtime) {
    char directory[PATH_MAX];
    mode_t mask = umask(0);
    umask(mask);
    for (char **word = runtime->options->arguments; *word; word++) record_add_text(to, "argv", *word);
    for (char **variable = environ; *variable; variable++) record_add_text(to, "envi", *variable);
    record_add_text(to, "cwd.", getcwd(directory, sizeof directory) ? directory : "/");
    record_add_number(to, "umsk", mask);
    record_add_text(to, "home", runtime->options->home);
    struct winsize size = terminal_size();
    size_t terminal = record_begin(to, "term");
    record_add_number(to, "in..", (uint64_t)isatty(STDIN_FILENO));
    record_add_number(to, "out.", (uint64_t)isatty(STDOUT_FILENO));
    record_add_number(to, "err.", (uint64_t)isatty(STDERR_FILENO));
    record_add_number(to, "cols", size.ws_col);
    record_add_number(to, "rows", size.ws_row);
    record_add_text(to, "type", getenv("TERM") ? getenv("TERM") : "");
    record_end(to, terminal);
}

static void say(struct talk *talk, char type, const void *data, size_t size) { (void)frame_send(talk->fd, type, data, size); }

static void show(struct talk *talk, int fd, const struct frame *frame) {
    if (write_all(fd, frame->data, frame->size) || errno != EPIPE || fd != STDOUT_FILENO) return;
    say(talk, 'C', NULL, 0);
    terminal_restore();
    signal(SIGPIPE, SIG_DFL); /* as every filter whose reader goes away */
    raise(SIGPIPE);
}

static void keep_plan(struct talk *talk, const struct frame *frame) {
    talk->plans = must_realloc(talk->plans, talk->plan_count + 1, sizeof *talk->plans);
    talk->plans[talk->plan_count] = (struct bytes){0};
    bytes_add(&talk->plans[talk->plan_count++], frame->data, frame->size);
}

static void obey(struct talk *talk, const struct frame *frame) {
    if (frame->type != 'h') talk->heard = true;
    switch (frame->type) {
        case 'h': break;
        case 'o': show(talk, STDOUT_FILENO, frame); break;
        case 'e': show(talk, STDERR_FILENO, frame); break;
        case 'n': talk->typing = true; break;
        case 't':
            if (frame->size && frame->data[0]) terminal_raw();
            else terminal_restore();
            break;
        case 'p': keep_plan(talk, frame); break;
        case 'k': cache_keep(talk->runtime, frame->data, frame->size); break;
        case 'x': talk->result = frame->size == 4 ? (int)get_u32(frame->data) : STATUS_LICHEN; break;
        case 'g':
        case 'a': {
            terminal_restore();
            close(talk->fd);
            close(talk->signals);
            talk->fd = talk->signals = -1;
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
            signal(SIGPIPE, SIG_DFL);
            talk->result = plans_execute(talk->runtime->distribution, talk->plans, talk->plan_count, frame->type == 'g');
            if (frame->type == 'a') talk->result = AGAIN;
            break;
        }
        default: die(STATUS_LICHEN, "cannot understand lichen's runtime (frame '%c'): it is of another version\nhint: stop it: lichen system stop", frame->type);
    }
}

static void listen_to(struct talk *talk) {
    static unsigned char piece[PIECE];
    ssize_t got = read_some(talk->fd, piece, sizeof piece);
    if (got <= 0) {
        talk->result = LOST;
        return;
    }
    bytes_add(&talk->in, piece, (size_t)got);
    size_t taken = 0;
    struct frame frame;
    int more = 1;
    while (talk->result == GOING_ON && (more = frame_take(&talk->in, &taken, &frame, PLAN_MOST)) > 0) obey(talk, &frame);
    if (more < 0) die(STATUS_LICHEN, "cannot understand lichen's runtime: a frame of its is too long");
    bytes_drop(&talk->in, taken);
}

/* The first interrupt asks the runtime to give up, which it does at a place where everything is consistent; who insists leaves at once. */
static void interrupted(struct talk *talk, int number) {
    unsigned char data[4];
    put_u32(data, (uint32_t)number);
    if (talk->interrupts == 0) say(talk, 'S', data, sizeof data);
    if (talk->interrupts == 1) say(talk, 'C', NULL, 0);
    if (++talk->interrupts < 3) return;
    terminal_restore();
    exit(STATUS_SIGNAL + number);
}

static void read_signals(struct talk *talk) {
    struct signalfd_siginfo info;
    while (talk->signals >= 0 && read(talk->signals, &info, sizeof info) == sizeof info) {
        struct winsize size = terminal_size();
        unsigned char data[4] = {(unsigned char)(size.ws_row >> 8), (unsigned char)size.ws_row, (unsigned char)(size.ws_col >> 8), (unsigned char)size.ws_col};
        if (info.ssi_signo == SIGWINCH) say(talk, 'W', data, sizeof data);
        else interrupted(talk, (int)info.ssi_signo);
    }
}

static void read_input(struct talk *talk) {
    unsigned char piece[PIECE];
    ssize_t got = read_some(STDIN_FILENO, piece, sizeof piece);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) talk->typing = false;
    say(talk, 'I', piece, got > 0 ? (size_t)got : 0);
}

static void open_signals(struct talk *talk) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGHUP);
    sigaddset(&wanted, SIGQUIT);
    sigaddset(&wanted, SIGWINCH);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGPIPE, SIG_IGN);
    talk->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (talk->signals < 0) die(STATUS_LICHEN, "cannot receive signals: %s", strerror(errno));
}

static void converse(struct talk *talk) {
    struct bytes asked = {0};
    add_request(&asked, talk->runtime);
    bool sent = frame_send(talk->fd, 'R', asked.data, asked.size);
    bytes_clear(&asked);
    talk->result = sent ? GOING_ON : LOST;
    while (talk->result == GOING_ON) {
        struct pollfd polled[] = {{.fd = talk->fd, .events = POLLIN}, {.fd = talk->signals, .events = POLLIN}, {.fd = talk->typing ? STDIN_FILENO : -1, .events = POLLIN}};
        int ready = poll(polled, 3, SILENCE_MS);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) die(STATUS_LICHEN, "lichen's runtime does not answer\nhint: its log is %s", talk->runtime->log);
        if (polled[1].revents) read_signals(talk);
        if (polled[2].revents) read_input(talk);
        if (polled[0].revents) listen_to(talk);
    }
}

static int ask(struct runtime *runtime) {
    for (int tries = 0; tries < TRIES; tries++) {
        struct talk talk = {.runtime = runtime, .fd = runtime_connect(runtime)};
        open_signals(&talk);
        converse(&talk);
        terminal_restore();
        if (talk.fd >= 0) close(talk.fd);
        if (talk.signals >= 0) close(talk.signals);
        bytes_clear(&talk.in);
        if (talk.result != LOST) return talk.result;
        if (talk.heard) break;
        usleep(20000); /* it was just leaving; its socket goes first */
    }
    die(STATUS_LICHEN, "lichen's runtime ended in the middle of the command\nhint: its log is %s", runtime->log);
}

int request(struct runtime *runtime) {
    int result;
    do result = ask(runtime);
    while (result == AGAIN);
    return result;
}
