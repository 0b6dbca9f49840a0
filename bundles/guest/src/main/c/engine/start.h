/* The beginning of every process of the guest: the stage finds out what it is to be, and becomes it. */
#ifndef LICHEN_ENGINE_START_H
#define LICHEN_ENGINE_START_H

#include "engine.h"

/* What the first program of a container or of an entering process has to do before it. 0 or -errno. A launcher brings it. */
long stage_first(void);
/* Whether a system call of the guest's is trapped wherever it is made, so that rewriting is but for speed. A launcher tells. */
extern const bool stage_filtered;

/* As its string of the environment tells it (config.h). */
struct stage_program {
    const char *flags, *host, *interpreter, *executable, *name;
};
/* Where the engine is a library that the guest's own dynamic linker loads: has it load that, and the program. Only where the configuration says so. */
_Noreturn void stage_preload(const struct stage_program *program, char **argv, char **environment);

enum { STATUS_LICHEN = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };
_Noreturn void stage_fail(int status, const char *what, const char *which, long error);
_Noreturn void stage_main(uint64_t *stack);

#endif
