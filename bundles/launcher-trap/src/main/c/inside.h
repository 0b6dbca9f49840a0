#ifndef LICHEN_TRAP_INSIDE_H
#define LICHEN_TRAP_INSIDE_H

#include "launch.h"

/* In a container that another launcher has made and isolates (identity `full`), as its guest: becomes the guest's program. `place`: the directory that this program and lichen-stage
   have there for themselves; pid: of an enter, the container's first process, else 0. */
_Noreturn void inside_container(struct launch *launch, const char *place, pid_t pid);

/* The container's mounts have been changed. */
int changed_inside(struct launch *launch, const char *place);

#endif
