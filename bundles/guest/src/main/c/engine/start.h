/* The beginning of every process of the guest: the stage finds out what it is to be, and becomes it. */
#ifndef LICHEN_ENGINE_START_H
#define LICHEN_ENGINE_START_H

#include "engine.h"

/* What the first program of a container or of an entering process has to do before it. 0 or -errno. A launcher brings it. */
long stage_first(void);
/* Whether a system call of the guest's is trapped wherever it is made, so that rewriting is but for speed. A launcher tells. */
extern const bool stage_filtered;
_Noreturn void stage_main(uint64_t *stack);

#endif
