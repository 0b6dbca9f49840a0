/* Lichen inside Lichen: when a guest executes a stage, the engine that is here already becomes that container's, for the kernel would trap the calls of two engines into the same
   process. The inner configuration names files by paths of the outer guest; it is written anew with those of the host. So containers in containers cost no more than one. */
#ifndef LICHEN_ENGINE_NEST_H
#define LICHEN_ENGINE_NEST_H

#include "engine.h"

/* From the string of the environment that a launcher in here has made for a stage to the one that the stage outside understands, in place. 0 or -errno. */
long nest_state(struct call *call, char *state, size_t room);
/* A launcher in here marks its first process as it would outside; the mark is kept until that process executes the stage. */
void nest_mark(uint64_t limit);

#endif
