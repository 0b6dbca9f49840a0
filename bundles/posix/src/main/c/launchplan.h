/* A launch plan (docs/FORMATS.md, 2), decoded. It points into the bytes that it was read from. */
#ifndef LICHEN_LAUNCHPLAN_H
#define LICHEN_LAUNCHPLAN_H

#include "records.h"
#include "shared.h"

enum { PLAN_FORMAT = 1, PLAN_MOST = 16 * 1024 * 1024 };

enum plan_flag { FLAG_TERMINAL = 1, FLAG_INTERACTIVE = 2, FLAG_DETACHED = 4, FLAG_EPHEMERAL = 8, FLAG_LOG = 16, FLAG_CALLS = 32 };

struct step {
    bool present, sealed;
    const char *program;
    char **argv, **environment;
    struct record payload, whole;
};

struct requirement {
    const char *fact, *value, *why;
};

/* A command of the host that the container may call, by where it finds it. */
struct host_command {
    char *guest;
    char **argv; /* the program, by path or by name, and arguments before the caller's */
    bool paths;  /* arguments that are paths in shared directories become the host's */
};

struct launch_plan {
    struct requirement *requirements;
    size_t requirement_count;
    const char *home, *id, *name, *keys, *print, *local;
    struct host_command *host_commands;
    size_t host_command_count;
    char **host_variables; /* of the guest's, that are passed: NAME, or NAME* */
    struct shared shared;
    unsigned flags;
    int stop_signal;
    unsigned stop_seconds;
    bool has_content;
    struct record content; /* container.json */
    struct step prepare, start, enter, clean;
};

void launch_plan_read(struct launch_plan *plan, const struct bytes *bytes);
/* Other commands of the host than so far (a frame `P`). */
void launch_plan_host(struct launch_plan *plan, struct records list);
void step_read(struct step *step, const struct records *records);

/* Replaces every `${name}` in a text; a copy. */
char *substitute(const char *text, const char *name, const char *value);
/* The step's records with `${init.pid}` in argv replaced. `sealed`: a descriptor of ours with the program's sealed copy, which is named instead of the program; or -1. */
void step_publish(struct bytes *to, const struct step *step, pid_t first, int sealed);

/* Replaces this process by the step's program: payload on descriptor 3, `report` (or nothing: -1) on 4, everything else from 5 on closed; working directory and stdio are
   as they are. `sealed`: a sealed copy of the program, or -1. Ends the program when that
   fails. */
_Noreturn void step_execute(const struct step *step, const char *container, const void *payload, size_t size, int report, int sealed, const int *passed);

#endif
