/* The commands of lichen-trap, and what they share: a container whose system calls are answered by an engine in its own processes (bundles/guest), which lichen-stage brings. */
#ifndef LICHEN_TRAP_LAUNCH_H
#define LICHEN_TRAP_LAUNCH_H

#include "console.h"
#include "credentials.h"
#include "tree.h"
#include "users.h"

struct launch {
    struct plan plan;
    int report; /* -1: nobody reads; failures are printed */
    int null;   /* /dev/null */
    bool entering;
    pid_t first;          /* of an enter: the container's first process */
    const char *block;    /* path of the engine's configuration */
    const char *stage;    /* path of lichen-stage */
    const char *images;   /* the directory of rewritten images, or NULL */
    const char *book, *table; /* of root emulation; NULL with identity `single` */
    long number;          /* in it: the credentials that the guest begins with */
    uint32_t uid, gid;    /* those ids */
    struct tree tree;
    struct console console;
};

/* Working directory: the container directory. */
_Noreturn void start_container(struct launch *launch, const char *stage);
_Noreturn void enter_container(struct launch *launch, pid_t pid);
/* In a container that another launcher has made and isolates (identity `full`), as its guest: becomes the guest's program. `place`: the directory that this program and lichen-stage
   have there for themselves; pid: of an enter, the container's first process, else 0. */
_Noreturn void inside_container(struct launch *launch, const char *place, pid_t pid);
/* Prints `system-call-traps=yes` or `=no: REASON`, found by running a program of the guest's kind. */
int probe(const char *stage);
/* What the probe runs as a guest: 0 if its system calls are answered. */
int probed(void);

/* A path in the container directory, which is the working directory. */
char *in_container(const char *name);

/* guest.c: looks the user up in the container's files, and sets HOME. */
void guest_user(struct launch *launch);
/* Directory, terminal; and whether the command is there. Leaves the container directory. */
void guest_settle(struct launch *launch);
/* The calling process becomes the guest's program. */
_Noreturn void guest_run(struct launch *launch);

/* command.c: ends the program, as other launchers word it, when the guest's command cannot be executed. In the guest's working directory. */
void command_check(struct tree *tree, const struct guest *guest);

#endif
