/* The container's root file system. */
#ifndef LICHEN_USERNS_ROOT_H
#define LICHEN_USERNS_ROOT_H

#include "plan.h"

/* Builds the whole tree of the plan and makes it the root of this process; nothing of the host's tree stays reachable. In a mount namespace of our own, with all
   capabilities in it, working directory: the container directory. */
void root_build(const struct plan *plan);

#endif
