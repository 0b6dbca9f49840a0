/* From a process in the container's namespaces to the guest's program: what a start and an enter have in common. */
#ifndef LICHEN_USERNS_GUEST_H
#define LICHEN_USERNS_GUEST_H

#include "console.h"
#include "plan.h"

struct launch {
    struct plan plan;
    int payload; /* of identity `full`, for the program that emulates root; else -1 */
    int report; /* -1: nobody reads; failures are printed */
    int proc;   /* the host's /proc */
    int null;   /* the host's /dev/null */
    int shim;   /* of an enter: the container's shim, which takes the listener of identity basic; else -1 */
    bool entering;
    pid_t first;   /* of an enter: the container's first process */
    bool has_user; /* `user` names somebody */
    bool other;    /* with `ranges`: ids below are to be taken */
    uint32_t uid, gid;
    uint32_t *groups;
    size_t group_count;
    struct console console;
};

/* Looks the user up in the present root, sets HOME, and with the identities `single` and `basic` makes the user namespace that this user needs. */
void guest_user(struct launch *launch);
/* Directory, limits, terminal, capabilities, filter, ids: everything that this process and its children share. */
void guest_settle(struct launch *launch);
/* What only the guest has: its session, its ids' filter; then its program. */
_Noreturn void guest_run(struct launch *launch);

#endif
