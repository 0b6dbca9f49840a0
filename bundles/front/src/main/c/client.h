/* lichen, the client: what the user calls. It shows what the runtime answers and carries out the plans that it sends; exec, attach and run-plan need no runtime. */
#ifndef LICHEN_FRONT_CLIENT_H
#define LICHEN_FRONT_CLIENT_H

#include "launchplan.h"

/* The command line, understood just enough; the runtime reads it whole. */
struct options {
    char **arguments;  /* without argv[0] */
    const char *home;  /* absolute */
    bool foreground;
    char **command;    /* the command word and what follows; NULL: none */
};

/* Where this program lies. */
struct distribution {
    char *root, *shim, *build;
};

/* options.c */
void options_read(struct options *options, char **arguments);
void distribution_find(struct distribution *distribution);

/* find.c: the directory of a container by name, id or the beginning of an id; -1: none, or several. */
int container_find(const char *home, const char *name);

/* exec.c, attach.c: answer only when the runtime has to do it. */
void exec_command(const struct options *options);
void attach_command(const struct options *options);

/* enter.c: runs an enter step in the container whose directory is the working directory. */
struct entering {
    bool terminal, interactive, detached;
    const char *keys;
    const int *passed; /* descriptors that stay open in the launcher, -1 at the end; NULL: none */
};
int enter(const struct step *step, const struct bytes *payload, const struct entering *how);
/* What is to be run in a container that has published how it is entered. */
struct entry {
    struct entering how;
    char **weak;        /* variables that give way to the container's own; or NULL */
    char **environment; /* and those that do not; or NULL */
    const char *directory; /* NULL: the container's */
    const char *user;      /* "": as whom it was started */
    char **command;
    bool exact; /* what the caller has opened is passed on, and a program that a signal ends ends us by it */
};
/* Enters and ends with it. Answers when the container in this directory has published nothing: it does not run. */
void enter_published(int directory, const struct entry *entry);

/* calls.c: calls of commands that containers have exposed. This call is counted: a container that runs for calls alone goes on at least until this process has ended. */
void calls_join(int directory);
/* Carries it out when this program was started by the name of an exposed command, <home>/bin/NAME; else it answers. */
void calls_exposed(char **arguments);

/* plans.c: carries out plans in turn and answers the exit status of the last; the last one may take our own place. */
int plans_execute(const struct distribution *distribution, const struct bytes *plans, size_t count, bool in_place);
int run_plan_command(const struct distribution *distribution, const struct options *options);

/* relay.c: between our terminal and a guest's. */
struct relay {
    int fd;          /* a terminal's master, or a connection to a shim */
    bool frames;     /* it is a connection */
    bool input;      /* our stdin is the guest's */
    bool signals;    /* ours are the guest's */
    pid_t guest;     /* whom signals go to, and whose end is the end, where it is not a connection */
    const char *keys;
};
enum { RELAY_DETACHED = -1 };
/* The guest's exit status, or RELAY_DETACHED when the keys were typed. */
int relay(const struct relay *relay);

/* runtime.c: a connection to the runtime, which is started when it is not there. */
struct runtime {
    const struct distribution *distribution;
    const struct options *options;
    char *run, *key, *socket, *log;
};
void runtime_prepare(struct runtime *runtime, const struct distribution *distribution, const struct options *options);
int runtime_connect(struct runtime *runtime);

/* java.c: the command line that starts the runtime's Java. */
char **java_command(const struct runtime *runtime);
char **java_environment(void);

/* cache.c: plans that were kept. Is there one for this command line? Keeps what the runtime sent (`stmp`* `plan`) for the next time. */
bool cache_find(const struct runtime *runtime, struct bytes *plan);
void cache_keep(const struct runtime *runtime, const void *kept, size_t size);

/* request.c: one request; answers the exit status. */
int request(struct runtime *runtime);

#endif
