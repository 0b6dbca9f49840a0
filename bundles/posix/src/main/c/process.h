/* Facts about processes from /proc. */
#ifndef LICHEN_PROCESS_H
#define LICHEN_PROCESS_H

#include "base.h"

/* When a process was started, in clock ticks since boot (field 22 of /proc/PID/stat): with the pid, it names one process. 0: there is none. */
unsigned long long process_begun(pid_t pid);
/* Is this still the process that was started then, and has it not ended (a zombie has)? */
bool process_runs(pid_t pid, unsigned long long begun);
/* Where its stack begins (field 28), another one after each execve; 0: unknown. */
unsigned long long process_stack(pid_t pid);
/* One mask of /proc/PID/status (`SigCgt`, `SigIgn`, `SigBlk`); all bits when it cannot be read. */
uint64_t process_mask(pid_t pid, const char *name);
/* Is it the first process of a pid namespace below ours? */
bool process_is_first(pid_t pid);
/* Kills and reaps every child, and what becomes our child by that, until there is none: for a child subreaper all that was ever started under it. */
void process_end_children(void);

/* Ends as a process ends that this signal has ended, and leaves no core: who has really ended has left the one that tells something. */
_Noreturn void end_by_signal(int number);

#endif
