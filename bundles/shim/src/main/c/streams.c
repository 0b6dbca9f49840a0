#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "shim.h"

enum { PIECE = 65536, INTERRUPT_KEY = 3, END_OF_FILE_KEY = 4 };

static int open_null(void) {
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) die(STATUS_LICHEN, "cannot open /dev/null: %s", strerror(errno));
    return fd;
}

static void unblock(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/* A way to write to a descriptor of the caller without ever waiting. O_NONBLOCK belongs to the open file, which others share, so pipes and terminals are opened anew; where
   that is not allowed we keep ours, and POLLOUT promises room for a little. */
static void open_sink(struct stream *stream, int fd) {
    struct stat status;
    stream->sink = fd;
    if (fstat(fd, &status) != 0) stream->sink = -1; /* the caller has closed it */
    else if (S_ISSOCK(status.st_mode)) stream->sink_is_socket = true;
    else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (own >= 0) stream->sink = own;
    }
}

static int open_output(struct stream *stream) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    stream->from = ends[0];
    unblock(ends[0]);
    return ends[1];
}

static int open_input(struct shim *shim) {
    int ends[2];
    if (!(shim->plan.flags & FLAG_INTERACTIVE)) return open_null();
    if (!(shim->plan.flags & FLAG_DETACHED)) return STDIN_FILENO;
    if (pipe2(ends, O_CLOEXEC) != 0) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    shim->input = ends[1];
    unblock(ends[1]);
    return ends[0];
}

void streams_open(struct shim *shim, int stdio[3]) {
    unsigned flags = shim->plan.flags;
    shim->out = (struct stream){.name = "stdout", .type = 'o', .from = -1, .sink = -1};
    shim->err = (struct stream){.name = "stderr", .type = 'e', .from = -1, .sink = -1};
    stdio[0] = stdio[1] = stdio[2] = -1;
    if (flags & FLAG_TERMINAL) { /* the launcher opens it; its own messages still go to our stderr */
        stdio[0] = open_null();
        stdio[1] = STDERR_FILENO;
        stdio[2] = STDERR_FILENO;
        return;
    }
    stdio[0] = open_input(shim);
    if (!(flags & FLAG_DETACHED) && !(flags & FLAG_LOG)) {
        stdio[1] = STDOUT_FILENO;
        stdio[2] = STDERR_FILENO;
        return;
    }
    if (!(flags & FLAG_DETACHED)) {
        open_sink(&shim->out, STDOUT_FILENO);
        open_sink(&shim->err, STDERR_FILENO);
    }
    stdio[1] = open_output(&shim->out);
    stdio[2] = open_output(&shim->err);
}

static ssize_t write_sink(const struct stream *stream, const void *data, size_t size) {
    if (stream->sink_is_socket) return send(stream->sink, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!(fcntl(stream->sink, F_GETFL) & O_NONBLOCK)) {
        struct pollfd room = {.fd = stream->sink, .events = POLLOUT};
        struct stat status;
        if (fstat(stream->sink, &status) == 0 && !S_ISREG(status.st_mode)) {
            if (poll(&room, 1, 0) == 0) {
                errno = EAGAIN;
                return -1;
            }
            if (size > 512) size = 512;
        }
    }
    return write(stream->sink, data, size);
}

void stream_flush(struct shim *shim, struct stream *stream) {
    (void)shim;
    size_t done = 0;
    while (done < stream->pending.size) {
        ssize_t wrote = write_sink(stream, stream->pending.data + done, stream->pending.size - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno == EAGAIN) break;
        if (wrote < 0) {
            /* The reader has gone: as in any pipeline the guest gets SIGPIPE at its next write. A disk that is full is not the guest's end. */
            if (errno == EPIPE) close_fd(&stream->from);
            else complain("cannot write the container's %s: %s", stream->name, strerror(errno));
            stream->sink = -1;
            done = stream->pending.size;
            break;
        }
        done += (size_t)wrote;
    }
    if (done == stream->pending.size) bytes_clear(&stream->pending);
    else if (done) {
        memmove(stream->pending.data, stream->pending.data + done, stream->pending.size - done);
        stream->pending.size -= done;
    }
}

void stream_read(struct shim *shim, struct stream *stream) {
    static unsigned char piece[PIECE];
    if (stream->from < 0) return;
    ssize_t got = read_some(stream->from, piece, sizeof piece);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        /* A terminal that nobody has open now can be opened again as long as the guest lives. */
        if (stream->from == shim->master && got < 0 && errno == EIO) shim->master_quiet = true;
        if (stream->from != shim->master) close_fd(&stream->from);
        else if (shim->ended) stream->from = -1;
        return;
    }
    log_write(&shim->log, stream->name, piece, (size_t)got);
    clients_output(shim, stream->type, piece, (size_t)got);
    if (stream->sink < 0) return;
    bytes_add(&stream->pending, piece, (size_t)got);
    stream_flush(shim, stream);
}

/* End of input of a terminal is a key, and only where the guest's terminal is in its line mode. */
static void end_terminal_input(struct shim *shim) {
    struct termios mode;
    unsigned char key = END_OF_FILE_KEY;
    if (tcgetattr(shim->master, &mode) != 0 || !(mode.c_lflag & ICANON)) return;
    if (mode.c_cc[VEOF]) key = mode.c_cc[VEOF];
    bytes_add(&shim->input_pending, &key, 1);
}

void input_add(struct shim *shim, const void *data, size_t size) {
    bool terminal = shim->plan.flags & FLAG_TERMINAL;
    /* While there is no terminal yet that would make a signal of the key: Ctrl-C ends a long preparation. */
    if (terminal && shim->first <= 0 && size && memchr(data, INTERRUPT_KEY, size)) signal_guest(shim, SIGINT, false);
    if (shim->input < 0 && !terminal) return;
    if (size) bytes_add(&shim->input_pending, data, size);
    else if (!terminal) shim->input_ends = true;
    else if (shim->master >= 0) end_terminal_input(shim);
    input_flush(shim);
}

void input_flush(struct shim *shim) {
    size_t done = 0;
    if (shim->input < 0) return; /* a terminal that is still to come */
    while (done < shim->input_pending.size) {
        ssize_t wrote = write(shim->input, shim->input_pending.data + done, shim->input_pending.size - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno != EAGAIN) done = shim->input_pending.size; /* the guest reads no more */
        if (wrote < 0) break;
        done += (size_t)wrote;
    }
    shim->input_pending.size -= done;
    if (shim->input_pending.size) memmove(shim->input_pending.data, shim->input_pending.data + done, shim->input_pending.size);
    else bytes_clear(&shim->input_pending);
    if (shim->input_pending.size || !shim->input_ends) return;
    shim->input_ends = false;
    close_fd(&shim->input);
}

void terminal_arrived(struct shim *shim, int master) {
    shim->master = shim->out.from = master;
    shim->input = dup(master);
    unblock(master);
    if (shim->size.ws_row && shim->size.ws_col) ioctl(master, TIOCSWINSZ, &shim->size);
    input_flush(shim);
}

void terminal_resize(struct shim *shim, unsigned rows, unsigned columns) {
    if (!rows || !columns) return;
    shim->size = (struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (shim->master >= 0) ioctl(shim->master, TIOCSWINSZ, &shim->size);
}
