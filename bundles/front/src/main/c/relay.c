#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"
#include "records.h"
#include "terminal.h"

enum { PIECE = 65536, QUEUE_FULL = 256 * 1024, RUNNING = -2 };

struct state {
    const struct relay *relay;
    struct keys keys;
    struct bytes in, out; /* from and to the guest's side */
    int signals;
    bool typing;     /* our stdin is still open */
    bool other_gone; /* the guest's side has ended */
    int result;      /* RUNNING, or what relay() answers */
};

static void shape(unsigned char data[4]) {
    struct winsize size = terminal_size();
    data[0] = (unsigned char)(size.ws_row >> 8);
    data[1] = (unsigned char)size.ws_row;
    data[2] = (unsigned char)(size.ws_col >> 8);
    data[3] = (unsigned char)size.ws_col;
}

static void send_size(struct state *state) {
    unsigned char data[4];
    struct winsize size = terminal_size();
    shape(data);
    if (state->relay->frames) frame_add(&state->out, 'W', data, sizeof data);
    else if (size.ws_row) ioctl(state->relay->fd, TIOCSWINSZ, &size);
}

static void send_signal(struct state *state, int number) {
    if (state->relay->frames) frame_add_number(&state->out, 'S', (uint32_t)number);
    else kill(state->relay->guest, number);
}

/* Whoever has started the guest as a child learns its end from there; the rest of its output comes first. */
static void reap(struct state *state) {
    int status;
    if (state->relay->guest <= 0 || waitpid(state->relay->guest, &status, WNOHANG) != state->relay->guest) return;
    if (state->relay->frames) return; /* a shim tells the status itself */
    state->result = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

static void read_signals(struct state *state) {
    struct signalfd_siginfo info;
    while (read(state->signals, &info, sizeof info) == sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGCHLD) reap(state);
        else if (number == SIGWINCH) send_size(state);
        else if (number == SIGCONT) terminal_raw();
        else if (state->relay->signals) send_signal(state, number);
        else {
            terminal_restore();
            _exit(STATUS_SIGNAL + number);
        }
    }
}

static void type(struct state *state, const unsigned char *data, size_t size) {
    if (state->relay->frames) frame_add(&state->out, 'I', data, size);
    else bytes_add(&state->out, data, size);
}

static void read_input(struct state *state) {
    unsigned char piece[4096];
    struct bytes passed = {0};
    ssize_t got = read_some(STDIN_FILENO, piece, sizeof piece);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        static const unsigned char END = 4; /* a terminal's master has no end of file but its key */
        state->typing = false;
        if (state->relay->frames) type(state, NULL, 0);
        else type(state, &END, 1);
        return;
    }
    if (keys_filter(&state->keys, piece, (size_t)got, &passed)) state->result = RELAY_DETACHED;
    if (passed.size) type(state, passed.data, passed.size);
    bytes_clear(&passed);
}

static void show(struct state *state, int fd, const unsigned char *data, size_t size) {
    if (write_all(fd, data, size)) return;
    if (errno == EAGAIN) { /* somebody else has made our terminal non-blocking */
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        poll(&room, 1, 1000);
        return;
    }
    if (errno == EPIPE) state->result = STATUS_SIGNAL + SIGPIPE;
}

static void obey(struct state *state, const struct frame *frame) {
    if (frame->type == 'o') show(state, STDOUT_FILENO, frame->data, frame->size);
    else if (frame->type == 'e') show(state, STDERR_FILENO, frame->data, frame->size);
    else if (frame->type == 'x' && frame->size == 4) {
        if (state->result == RUNNING) state->result = (int)get_u32(frame->data);
    } else if (frame->type == 'f' && frame->size >= 8) {
        terminal_restore();
        complain("%.*s", (int)(frame->size - 8), (const char *)frame->data + 8);
        state->result = (int)get_u64(frame->data);
    }
}

static void read_guest(struct state *state) {
    static unsigned char piece[PIECE];
    ssize_t got = read_some(state->relay->fd, piece, sizeof piece);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        state->other_gone = true;
        return;
    }
    if (!state->relay->frames) {
        show(state, STDOUT_FILENO, piece, (size_t)got);
        return;
    }
    size_t taken = 0;
    struct frame frame;
    bytes_add(&state->in, piece, (size_t)got);
    int more;
    while ((more = frame_take(&state->in, &taken, &frame, FRAME_MOST)) > 0) obey(state, &frame);
    if (more < 0) state->other_gone = true;
    bytes_drop(&state->in, taken);
}

static void flush(struct state *state) {
    size_t done = 0;
    while (done < state->out.size) {
        const unsigned char *at = state->out.data + done;
        size_t size = state->out.size - done;
        ssize_t sent = state->relay->frames ? send(state->relay->fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL) : write(state->relay->fd, at, size);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) done = state->out.size;
        if (sent < 0) break;
        done += (size_t)sent;
    }
    bytes_drop(&state->out, done);
}

static void open_signals(struct state *state) {
    static const int SIGNALS[] = {SIGCHLD, SIGWINCH, SIGCONT, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    sigset_t wanted;
    sigemptyset(&wanted);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) sigaddset(&wanted, SIGNALS[i]);
    sigprocmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGPIPE, SIG_IGN);
    state->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (state->signals < 0) die(STATUS_LICHEN, "cannot receive signals: %s", strerror(errno));
}

/* One round: waits for something and handles it. `drain`: the guest has ended, and only what is there is shown; false: nothing was. */
static bool turn(struct state *state, bool drain) {
    struct pollfd polled[] = {
        {.fd = state->relay->fd, .events = (short)(POLLIN | (state->out.size ? POLLOUT : 0))},
        {.fd = state->signals, .events = POLLIN},
        {.fd = state->typing && !drain && state->out.size < QUEUE_FULL ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int ready = poll(polled, 3, drain ? 50 : -1);
    if (ready <= 0) return false;
    if (polled[1].revents) read_signals(state);
    if (polled[2].revents) read_input(state);
    if (polled[0].revents & POLLOUT || state->out.size) flush(state);
    if (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) read_guest(state);
    return true;
}

int relay(const struct relay *relay) {
    struct state state = {.relay = relay, .typing = relay->input, .result = RUNNING};
    if (!keys_parse(&state.keys, relay->keys ? relay->keys : ""))
        die(STATUS_LICHEN, "cannot use the detach keys (%s): they are letters or ctrl- and a letter, with commas between\nhint: --detach-keys ctrl-p,ctrl-q", relay->keys);
    open_signals(&state);
    if (relay->frames) {
        unsigned char hello[5] = {0};
        shape(hello);
        hello[4] = relay->input;
        frame_add(&state.out, 'A', hello, sizeof hello);
        flush(&state);
    } else {
        fcntl(relay->fd, F_SETFL, fcntl(relay->fd, F_GETFL) | O_NONBLOCK);
        send_size(&state);
    }
    if (relay->input) terminal_raw();
    while (state.result == RUNNING && !state.other_gone) turn(&state, false);
    if (state.result >= 0 && !relay->frames)
        while (!state.other_gone && turn(&state, true)) continue;
    if (!relay->frames && state.result == RUNNING) { /* its terminal is closed; its end is near */
        int status;
        while (waitpid(relay->guest, &status, 0) < 0 && errno == EINTR) continue;
        state.result = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    }
    terminal_restore();
    if (state.result == RELAY_DETACHED) flush(&state);
    if (state.result == RUNNING) die(STATUS_LICHEN, "the container's shim has ended without telling the exit status");
    return state.result;
}
