/* lichen-shim: one process per container. It starts the launcher's step, keeps the container's lock, log and exit status, and serves its socket. One thread, one poll loop. */
#ifndef LICHEN_SHIM_SHIM_H
#define LICHEN_SHIM_SHIM_H

#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

#include "container.h"
#include "ids.h"
#include "launchplan.h"
#include "log.h"
#include "report.h"

/* One direction of the guest's output: read from it, into the log, to the attached clients, and, in the foreground, to a descriptor of the caller. */
struct stream {
    const char *name; /* in the log */
    char type;        /* of its frames */
    int from;         /* -1: none, or ended */
    int sink;         /* the caller's, -1: none */
    bool sink_is_socket;
    struct bytes pending; /* what the sink has not taken yet; while there is some, nothing is read */
};

struct listener {
    int fd;
    unsigned first;
};

struct client;

struct shim {
    struct launch_plan plan;
    struct container container;
    struct log log;
    int signals, listening;
    int report;  /* of the launcher; -1 after its end */
    int starter; /* who waits for a detached start to be done; -1: nobody */
    int sealed;  /* the launcher's sealed copy, -1: none */
    int calling; /* tells who accepts calls of the host from guests; -1: nobody does */
    int silence; /* readable once nobody calls any more; -1: not of interest */
    pid_t preparer, launcher, first;
    bool started; /* the guest's program runs */
    bool ended;   /* its first process has ended */
    bool first_of_namespace, together;
    int status;   /* exit status, once ended or failed */
    char *error;
    struct timespec began;

    int master; /* the terminal, -1: none (yet) */
    bool master_quiet; /* nobody has the other side open: looked at again later */
    struct winsize size;
    struct stream out, err;
    int input; /* writes to the guest's stdin, or -1 */
    struct bytes input_pending;
    bool input_ends;
    struct client *clients;

    struct ids *ids;
    struct listener *listeners;
    size_t listener_count;
    int64_t kill_at; /* monotonic milliseconds; 0: no */
};

int64_t now_ms(void);
void close_fd(int *fd);

/* launch.c: the start of the container. */
void launch(struct shim *shim);                      /* the preparation if it is needed, else the step */
void launch_prepared(struct shim *shim, int result); /* the preparation has ended */
void launch_step(struct shim *shim);
void launch_report(struct shim *shim); /* the report socket is readable */
void supervise(struct shim *shim, int listener, uint32_t uid, uint32_t gid);

/* signals.c: signals, and the processes that end. */
void signals_open(struct shim *shim);
void signals_read(struct shim *shim);
void signal_guest(struct shim *shim, int number, bool from_terminal);
void first_known(struct shim *shim); /* the launcher has told its pid */
void stop_guest(struct shim *shim); /* as the plan says: signal, time, SIGKILL */

/* streams.c: the guest's input and output. */
void streams_open(struct shim *shim, int stdio[3]); /* answers what the launcher gets as 0, 1, 2; closed by the caller when > 2 */
void stream_read(struct shim *shim, struct stream *stream);
void stream_flush(struct shim *shim, struct stream *stream);
void input_add(struct shim *shim, const void *data, size_t size); /* size 0: end of input */
void input_flush(struct shim *shim);
void terminal_arrived(struct shim *shim, int master);
void terminal_resize(struct shim *shim, unsigned rows, unsigned columns);

/* clients.c: connections to the socket. */
void client_accept(struct shim *shim);
void client_add(struct shim *shim, int fd, bool primary);
void clients_output(struct shim *shim, char type, const void *data, size_t size);
bool clients_full(const struct shim *shim); /* somebody attached does not keep up: read no more output for now */
int64_t clients_check(struct shim *shim);   /* drops who has not kept up for long; the next time to look, or 0 */
void clients_fail(struct shim *shim, int status, const char *message);
void clients_end(struct shim *shim); /* tells the exit status to all who wait for it, and waits until they have it, but not for ever */

/* calls.c: from when on the container runs for calls alone, if it does. */
void calls_begin(struct shim *shim);
void calls_watch(struct shim *shim);

/* host.c: what the container may call of the host. */
bool host_open(struct shim *shim);
/* Other commands from now on. */
bool host_change(struct shim *shim, const void *records, size_t size);

/* calls.c */
/* In a child: it ends with its parent, whose pid that is. */
void end_with(pid_t parent);

/* loop.c */
typedef void on_ready(struct shim *shim, void *what, short events);
void watch(int fd, short events, on_ready *ready, void *what);
void clients_watch(struct shim *shim);
void loop(struct shim *shim);

#endif
