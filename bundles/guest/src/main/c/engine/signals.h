/* Signals of the guest, as on a bare kernel, although its system calls are answered by code of ours in the same thread.
 *
 * Every handler of the guest is entered through a wrapper (entry.S). What the guest has asked for (handler, mask, flags, restorer) is an *action*, interned in a table and never
 * changed; the kernel holds which one is in force, for the restorer that it is given is the stub with the action's number. So one rt_sigaction changes everything at once, a vfork
 * child with its own handlers in the same memory disturbs nobody, and the wrapper finds its action in the frame.
 *
 * Where the engine was interrupted, its call is given up, or brought to an end, before the handler runs (settle). Nothing is queued and nothing raised again: order, siginfo and
 * the saved registers are the kernel's own. */
#ifndef LICHEN_ENGINE_SIGNALS_H
#define LICHEN_ENGINE_SIGNALS_H

#include "call.h"

enum { SIGNAL_ILL = 4, SIGNAL_BUS = 7, SIGNAL_SEGV = 11, SIGNAL_SYS = 31, ACTION_COUNT = 2048 };
#define SIGNAL_BIT(number) (1ull << ((number)-1))

/* The kernel's struct sigaction. */
struct action {
    uint64_t handler, flags, restorer, mask;
};

extern int alternate_stack_used;

/* The handlers that are always in force. At the start of a process. */
long signals_start(void);

#endif
