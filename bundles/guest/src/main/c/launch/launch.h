/* What a launcher's program does whose containers have an engine in their own processes, which lichen-stage brings. Hosted. */
#ifndef LICHEN_LAUNCH_LAUNCH_H
#define LICHEN_LAUNCH_LAUNCH_H

#include "console.h"
#include "credentials.h"
#include "tree.h"
#include "users.h"

enum rewriting { REWRITING_NEEDED, REWRITING_WANTED, REWRITING_OFF };

struct launch {
    enum rewriting rewriting; /* of the guest's code (images/image.h) */
    struct plan plan;
    int report; /* -1: nobody reads; failures are printed */
    int null;   /* /dev/null */
    bool entering;
    pid_t first;          /* of an enter: the container's first process */
    const char *block;    /* path of the engine's configuration */
    const char *stage;    /* path of lichen-stage */
    const char *images;   /* the directory of rewritten images, or NULL */
    const char *preload;  /* path of the engine as a library, or NULL */
    const char *book, *table; /* of root emulation; NULL with identity `single` */
    long number;          /* in it: the credentials that the guest begins with */
    uint32_t uid, gid;    /* those ids */
    struct tree tree;
    struct console console;
};

/* What it was given: the plan, and whom to report to. */
void launch_prepare(struct launch *launch, enum rewriting rewriting);
/* Working directory: the container directory. */
_Noreturn void start_container(struct launch *launch, const char *stage, const char *preload);
_Noreturn void enter_container(struct launch *launch, pid_t pid);
/* Changes a running one: what is mounted from the host, rules, variables. The plan is read from stdin. */
int change_container(struct launch *launch, pid_t pid);
/* Prints `FACT=yes` or `=no: REASON`, found by running a program of the guest's kind. */
int probe(const char *fact, enum rewriting rewriting, const char *stage);
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

/* command.c: ends the program, as other launchers word it, when the guest's command cannot be executed. In the guest's working directory. `dynamic`: static programs cannot. */
void command_check(struct tree *tree, const struct guest *guest, bool dynamic);

#endif
