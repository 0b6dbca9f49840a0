#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "shim.h"

enum { QUIET_MS = 500, DRAIN_MS = 100 };

/* What is polled is collected anew for each round: a handful of descriptors, and no state that could disagree with the shim's. */
static struct {
    struct pollfd *polled;
    struct {
        on_ready *ready;
        void *what;
    } *actions;
    size_t count, room;
} table;

void watch(int fd, short events, on_ready *ready, void *what) {
    if (fd < 0) return;
    if (table.count == table.room) {
        table.room = table.room ? table.room * 2 : 16;
        table.polled = must_realloc(table.polled, table.room, sizeof *table.polled);
        table.actions = must_realloc(table.actions, table.room, sizeof *table.actions);
    }
    table.polled[table.count] = (struct pollfd){.fd = fd, .events = events};
    table.actions[table.count].ready = ready;
    table.actions[table.count++].what = what;
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void on_signals(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    signals_read(shim);
}

static void on_report(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    launch_report(shim);
}

static void on_connection(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    client_accept(shim);
}

static void on_output(struct shim *shim, void *what, short events) {
    (void)events;
    stream_read(shim, what);
}

static void on_sink(struct shim *shim, void *what, short events) {
    (void)events;
    stream_flush(shim, what);
}

static void on_input(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    input_flush(shim);
}

static void on_listener(struct shim *shim, void *what, short events) {
    struct listener *listener = what;
    if (!(events & POLLIN) || !ids_serve(shim->ids, listener->fd, listener->first)) close_fd(&listener->fd);
}

/* Whoever waited for a detached start has gone before it was done. */
static void on_starter(struct shim *shim, void *what, short events) {
    (void)what, (void)events;
    close_fd(&shim->starter);
    signal_guest(shim, SIGTERM, false);
}

static void watch_stream(struct shim *shim, struct stream *stream) {
    if (stream->pending.size) watch(stream->sink, POLLOUT, on_sink, stream);
    else if (!clients_full(shim) && !(shim->master_quiet && stream->from == shim->master)) watch(stream->from, POLLIN, on_output, stream);
}

static void collect(struct shim *shim) {
    table.count = 0;
    /* First the ids: a process waits for each answer. */
    for (size_t i = 0; i < shim->listener_count; i++) watch(shim->listeners[i].fd, POLLIN, on_listener, &shim->listeners[i]);
    watch(shim->signals, POLLIN, on_signals, NULL);
    watch(shim->report, POLLIN, on_report, NULL);
    if (!shim->started) watch(shim->starter, POLLHUP, on_starter, NULL);
    watch(shim->listening, POLLIN, on_connection, NULL);
    watch_stream(shim, &shim->out);
    watch_stream(shim, &shim->err);
    if (shim->input_pending.size || shim->input_ends) watch(shim->input, POLLOUT, on_input, NULL);
    clients_watch(shim);
    calls_watch(shim);
}

static int64_t sooner(int64_t a, int64_t b) { return !a || (b && b < a) ? b : a; }

/* Milliseconds until something has to be done without being asked; -1: never. */
static int next_time(struct shim *shim) {
    int64_t now = now_ms(), next = sooner(shim->kill_at, clients_check(shim));
    if (shim->master_quiet) next = sooner(next, now + QUIET_MS);
    if (!next) return -1;
    return next <= now ? 0 : (int)(next - now);
}

static void timers(struct shim *shim) {
    shim->master_quiet = false;
    if (shim->kill_at && now_ms() >= shim->kill_at) {
        shim->kill_at = 0;
        signal_guest(shim, SIGKILL, false);
    }
}

static bool round_of(struct shim *shim, int timeout) {
    collect(shim);
    int ready = poll(table.polled, table.count, timeout);
    if (ready < 0 && errno != EINTR) die(STATUS_LICHEN, "cannot wait for the container: %s", strerror(errno));
    timers(shim);
    /* An action may close what a later entry names: then its descriptor is -1 in the shim's own state, and the action finds that. */
    for (size_t i = 0, count = table.count; ready > 0 && i < count; i++)
        if (table.polled[i].revents) table.actions[i].ready(shim, table.actions[i].what, table.polled[i].revents);
    return ready > 0;
}

/* Runs until the guest has ended and its output is all there. Without a pid namespace others may hold the output open for ever: then what is there now is all. */
void loop(struct shim *shim) {
    while (!shim->ended) round_of(shim, next_time(shim));
    process_end_children(); /* without a pid namespace, only this ends what a killed first process leaves to us */
    shim->kill_at = 0;
    close_fd(&shim->input);
    while (shim->out.from >= 0 || shim->err.from >= 0 || shim->out.pending.size || shim->err.pending.size) {
        bool waiting = shim->out.pending.size || shim->err.pending.size || clients_full(shim);
        if (shim->master_quiet || (!round_of(shim, waiting ? 1000 : DRAIN_MS) && !waiting)) break;
        clients_check(shim);
    }
}
