#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "places.h"
#include "process.h"
#include "records.h"
#include "shim.h"

enum { FULL = 256 * 1024, INPUT_FULL = 64 * 1024, PATIENCE_MS = 10000, FAREWELL_MS = 5000 };

struct client {
    struct client *next;
    int fd;       /* -1: to be removed */
    int passed;   /* a descriptor that came with its frame */
    bool primary; /* the one in the foreground: the guest waits for it as for a terminal */
    bool attached, types, waits;
    struct bytes in, out;
    int64_t stuck_since; /* its buffer is full and nothing goes out; 0: no */
};

void client_add(struct shim *shim, int fd, bool primary) {
    struct client *client = must_alloc(sizeof *client);
    *client = (struct client){.next = shim->clients, .fd = fd, .passed = -1, .primary = primary};
    shim->clients = client;
}

void client_accept(struct shim *shim) {
    int fd = accept4(shim->listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (socket_is_ours(fd)) client_add(shim, fd, false);
    else close(fd);
}

static void leave(struct client *client) {
    close_fd(&client->fd);
    client->attached = false;
}

static void flush(struct client *client) {
    size_t done = 0;
    while (client->fd >= 0 && done < client->out.size) {
        ssize_t sent = send(client->fd, client->out.data + done, client->out.size - done, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) done += (size_t)sent;
        else if (errno == EAGAIN) break;
        else if (errno != EINTR) leave(client);
    }
    if (done) client->stuck_since = 0;
    bytes_drop(&client->out, done);
}

static void answer_failure(struct client *client, const char *message) { frame_add_failure(&client->out, STATUS_LICHEN, message); }

static void attach(struct shim *shim, struct client *client, const struct frame *frame) {
    bool relayed = shim->plan.flags & (FLAG_TERMINAL | FLAG_DETACHED | FLAG_LOG);
    if (frame->size != 5) return leave(client);
    if (!relayed) return answer_failure(client, "cannot attach: the container's output goes directly to who started it");
    unsigned rows = (unsigned)(frame->data[0] << 8 | frame->data[1]), columns = (unsigned)(frame->data[2] << 8 | frame->data[3]);
    client->attached = true;
    client->types = frame->data[4] != 0;
    /* A program that draws on the whole terminal does so again when the size changes, if only for a moment. */
    if (!client->primary && shim->master >= 0 && rows > 1) terminal_resize(shim, rows - 1, columns);
    terminal_resize(shim, rows, columns);
}

static void tell_facts(struct shim *shim, struct client *client) {
    struct bytes json = {0};
    char began[TIME_ROOM];
    time_text(began, &shim->began);
    bytes_format(&json, "{\"id\":\"%s\",\"pid\":%d,\"shim\":%d,\"started\":\"%s\",\"terminal\":%s}", shim->container.id, (int)shim->first, (int)getpid(), began,
                 shim->plan.flags & FLAG_TERMINAL ? "true" : "false");
    frame_add(&client->out, 'k', json.data, json.size);
    bytes_clear(&json);
}

static void take_signal(struct shim *shim, struct client *client, const struct frame *frame, bool answered) {
    unsigned number = frame->size == 4 ? get_u32(frame->data) : NSIG;
    if (number >= NSIG) {
        if (answered) answer_failure(client, "cannot send the signal: there is no such signal");
        return;
    }
    if (number == 0) stop_guest(shim);
    else signal_guest(shim, (int)number, false);
    if (answered) frame_add(&client->out, 'k', NULL, 0);
}

static void take_listener(struct shim *shim, struct client *client, const struct frame *frame) {
    if (frame->size == 16 && client->passed >= 0) supervise(shim, client->passed, (uint32_t)get_u64(frame->data), (uint32_t)get_u64(frame->data + 8));
    else if (client->passed >= 0) close(client->passed);
    client->passed = -1;
}

static void take_host_commands(struct shim *shim, struct client *client, const struct frame *frame) {
    if (host_change(shim, frame->data, frame->size)) frame_add(&client->out, 'k', NULL, 0);
    else answer_failure(client, "cannot open the socket for calls of the host");
}

static void obey(struct shim *shim, struct client *client, const struct frame *frame) {
    switch (frame->type) {
        case 'A': attach(shim, client, frame); break;
        case 'I':
            if (client->types) input_add(shim, frame->data, frame->size);
            break;
        case 'W':
            if (frame->size == 4) terminal_resize(shim, (unsigned)(frame->data[0] << 8 | frame->data[1]), (unsigned)(frame->data[2] << 8 | frame->data[3]));
            break;
        case 'S': take_signal(shim, client, frame, false); break;
        case 'K': take_signal(shim, client, frame, true); break;
        case 'Z': client->waits = true; break;
        case 'N': tell_facts(shim, client); break;
        case 'P': take_host_commands(shim, client, frame); break;
        case 'L': take_listener(shim, client, frame); break;
        default: answer_failure(client, "unknown frame"); flush(client); leave(client);
    }
}

static void receive(struct shim *shim, struct client *client) {
    unsigned char piece[4096];
    int passed;
    ssize_t got = receive_with_fd(client->fd, piece, sizeof piece, &passed, MSG_DONTWAIT);
    if (passed >= 0) {
        if (client->passed >= 0) close(client->passed);
        client->passed = passed;
    }
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return leave(client);
    bytes_add(&client->in, piece, (size_t)got);
    size_t taken = 0;
    struct frame frame;
    int more;
    while (client->fd >= 0 && (more = frame_take(&client->in, &taken, &frame, FRAME_MOST)) != 0) {
        if (more > 0) obey(shim, client, &frame);
        else leave(client);
    }
    bytes_drop(&client->in, taken);
    flush(client);
}

static void on_client(struct shim *shim, void *what, short events) {
    struct client *client = what;
    if (client->fd >= 0 && events & POLLOUT) flush(client);
    if (client->fd >= 0 && events & (POLLIN | POLLHUP | POLLERR)) receive(shim, client);
}

static void sweep(struct shim *shim) {
    for (struct client **at = &shim->clients; *at;) {
        struct client *client = *at;
        if (client->fd >= 0) {
            at = &client->next;
            continue;
        }
        *at = client->next;
        if (client->passed >= 0) close(client->passed);
        bytes_clear(&client->in);
        bytes_clear(&client->out);
        free(client);
    }
}

void clients_watch(struct shim *shim) {
    sweep(shim);
    for (struct client *client = shim->clients; client; client = client->next) {
        bool waits_for_guest = client->types && shim->input_pending.size > INPUT_FULL;
        watch(client->fd, (short)((waits_for_guest ? 0 : POLLIN) | (client->out.size ? POLLOUT : 0)), on_client, client);
    }
}

void clients_output(struct shim *shim, char type, const void *data, size_t size) {
    for (struct client *client = shim->clients; client; client = client->next) {
        if (!client->attached) continue;
        frame_add(&client->out, type, data, size);
        flush(client);
    }
}

bool clients_full(const struct shim *shim) {
    for (const struct client *client = shim->clients; client; client = client->next)
        if (client->attached && client->out.size > FULL) return true;
    return false;
}

int64_t clients_check(struct shim *shim) {
    int64_t now = now_ms(), next = 0;
    for (struct client *client = shim->clients; client; client = client->next) {
        if (client->fd < 0 || client->primary || client->out.size <= FULL) {
            client->stuck_since = 0;
            continue;
        }
        if (!client->stuck_since) client->stuck_since = now;
        if (now - client->stuck_since >= PATIENCE_MS) leave(client);
        else if (!next || client->stuck_since + PATIENCE_MS < next) next = client->stuck_since + PATIENCE_MS;
    }
    return next;
}

void clients_fail(struct shim *shim, int status, const char *message) {
    for (struct client *client = shim->clients; client; client = client->next)
        if (client->primary) frame_add_failure(&client->out, status, message);
}

void clients_end(struct shim *shim) {
    int64_t until = now_ms() + FAREWELL_MS;
    bool left = true;
    for (struct client *client = shim->clients; client; client = client->next)
        if (client->attached || client->waits || client->primary) frame_add_number(&client->out, 'x', (uint32_t)shim->status);
    while (left && now_ms() < until) {
        left = false;
        for (struct client *client = shim->clients; client; client = client->next) {
            flush(client);
            if (client->fd < 0 || !client->out.size) continue;
            struct pollfd room = {.fd = client->fd, .events = POLLOUT};
            poll(&room, 1, 100);
            left = true;
        }
    }
}
