/* The container's place on disk and its run directory (docs/FORMATS.md, 6). */
#ifndef LICHEN_SHIM_CONTAINER_H
#define LICHEN_SHIM_CONTAINER_H

#include <time.h>

#include "launchplan.h"

struct container {
    const char *home;
    char *id, *name;
    int containers; /* $LICHEN_HOME/containers */
    int directory;  /* …/<id>, also our working directory */
    int lock;       /* held as long as the container runs; close-on-exec */
    char *run_path;
    char *run_all;  /* the run directory of all containers */
    int run;        /* the run directory, -1 until there */
};

/* Opens the plan's container, or makes a new one of the plan's content, and takes its lock. Ends the program when it is running, gone, or its name is in use. */
void container_open(struct container *container, const struct launch_plan *plan);
/* Makes the run directory and the link to it. */
void container_run(struct container *container);
/* Publishes how to enter it, and which processes these are. */
void container_publish(const struct container *container, const struct step *enter, pid_t first, int sealed);
/* Writes exit.json. */
void container_ended(const struct container *container, int status, const struct timespec *started, const char *error);
/* Removes what only a running container has, then gives the lock free. */
void container_leave(struct container *container);
/* Removes the container itself; its lock is held all the time. `clean` removes what belongs to other ids, or is absent. */
void container_remove(struct container *container, const struct step *clean);

/* RFC 3339 with nanoseconds, UTC. */
enum { TIME_ROOM = 40 };
void time_text(char text[TIME_ROOM], const struct timespec *when);

#endif
