/* The container's root file system. */
#ifndef LICHEN_USERNS_ROOT_H
#define LICHEN_USERNS_ROOT_H

#include "plan.h"

/* Mounts the plan's tree or union; an O_PATH descriptor of its root. In user and mount namespaces of our own, among the host's processes, working directory: the container
   directory. */
int root_mount(const struct plan *plan);
/* Builds the whole tree of the plan on it, and makes it the root of this process; nothing of the host's tree stays reachable. In all namespaces of the container. */
void root_build(const struct plan *plan, int root);

#endif
