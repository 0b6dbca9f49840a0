/* Waiting for the guest in a process that only passes things on. */
#ifndef LICHEN_LAUNCHER_WAIT_H
#define LICHEN_LAUNCHER_WAIT_H

#include "base.h"

/* Blocks all signals, to be called before the fork, so that none is lost. */
void wait_prepare(void);
/* Forwards signals to `child`, reaps every other child, and answers the exit status (128+n for signal n). `together`: the child is in our process group, so that what the
   terminal sends reaches it by itself. */
int wait_for(pid_t child, bool together);

/* Default dispositions and an empty mask, as a guest's program is to begin. */
void signals_default(void);

#endif
