/* What a launcher's program finds when it is started (docs/FORMATS.md, 3). */
#ifndef LICHEN_LAUNCHER_GIVEN_H
#define LICHEN_LAUNCHER_GIVEN_H

#include "plan.h"

/* Descriptor 4 where it is the report socket, made close-on-exec; else -1. From then on failures are reported there, or printed. */
int given_report(void);
/* What else is on descriptor 3 is read from stdin. */
void given_input(void);
/* Reads the payload from descriptor 3. */
void given_payload(struct plan *plan);
/* Ends the program unless `pid` is the container's first process still: the number could be another process's by now, and what the shim has published beside it decides.
   Working directory: the container directory. */
void given_check(pid_t pid);

/* Gives the guest what its caller has opened, the last thing before it is executed: a descriptor of ours with such a number is lost. One that is `exact` is killed with who waits for it, our parent. */
void given_pass(const struct guest *guest);
/* For a process that only waits: it must not hold open what the guest closes. */
void given_let_go(const struct guest *guest);

#endif
