/* What a process may use. */
#ifndef LICHEN_LAUNCHER_RLIMITS_H
#define LICHEN_LAUNCHER_RLIMITS_H

#include "plan.h"

/* rlimits and umask of the plan. */
void limits_set(const struct plan *plan);

#endif
