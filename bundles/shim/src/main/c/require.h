/* Requirements of a plan, tested on the machine that carries it out. */
#ifndef LICHEN_SHIM_REQUIRE_H
#define LICHEN_SHIM_REQUIRE_H

#include "launchplan.h"

/* Ends the program with 125, naming the first requirement that this machine does not meet. */
void require_all(const struct launch_plan *plan);
/* Is `version` (5.10.3-something) at least `least`? For tests. */
bool version_reaches(const char *version, const char *least);

#endif
