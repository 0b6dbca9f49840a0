/* Waiting for the guest in a process that only passes things on. */
#ifndef LICHEN_LAUNCHER_WAIT_H
#define LICHEN_LAUNCHER_WAIT_H

#include <signal.h>

#include "base.h"

/* Blocks all signals, to be called before the fork, so that none is lost. */
void wait_prepare(void);
/* Forwards signals to `child`, reaps every other child, and answers the exit status (128+n for signal n). `together`: the child is in our process group, so that what the
   terminal sends reaches it by itself. */
int wait_for(pid_t child, bool together);
/* Where a signal has ended that child, ends by it, as a shell wants to see that it is to go no further; else it answers. */
void wait_end_alike(void);
/* A child that goes on after what it was waited for queues this signal to its parent, with the status as of waitpid. */
#define WAIT_TOLD (SIGRTMAX - 1)
/* The same for the first process of a container without a pid namespace, which never stops: -1 once `parent` is no longer our parent (prctl(PR_SET_PDEATHSIG) wakes us). */
int wait_as_init(pid_t child, bool together, pid_t parent);

/* What a guest without a program does: it waits to be told to end, and then ends well. Closes everything but stdin, stdout and stderr, so that it counts as running. */
_Noreturn void wait_idle(void);

/* From now on signals_default leaves ignored what is so now (nohup): for a program that takes its caller's place. To be called before wait_prepare. */
void signals_keep_ignored(void);
/* Default dispositions, but for what is kept, and an empty mask, as a guest's program is to begin. */
void signals_default(void);

#endif
