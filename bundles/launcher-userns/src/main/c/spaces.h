/* User and other namespaces: made by a start, joined by an enter. */
#ifndef LICHEN_USERNS_SPACES_H
#define LICHEN_USERNS_SPACES_H

#include "plan.h"

/* Unshares the user namespace and these others, and maps the ids of the plan's identity; afterwards this process is root in it, with all capabilities. */
void spaces_make(const struct plan *plan, unsigned namespaces);
/* Unshares more of them. */
void spaces_add(unsigned namespaces);
/* Joins the plan's namespaces of a running container. `inner`: the user namespace of its first process, else the one that owns its mounts (the two differ where the
   container was started as one user that is not root). */
void spaces_join(const struct plan *plan, pid_t pid, bool inner);
/* A user namespace below the present one, in which our id is `uid` and `gid`. `proc` is the host's /proc. */
void spaces_nest(int proc, uint32_t uid, uint32_t gid);
/* Names the host and sets the loopback interface up, in namespaces of our own. */
void spaces_settle(const struct plan *plan);

/* Why a user namespace could not be had. */
const char *spaces_reason(int error);

/* For a change of what is mounted: takes on the rights over the container's mounts, with a copy of the host's mounts to take from; answers what spaces_switch() then needs, after which the
   container's root is this process's. */
int spaces_borrow(pid_t pid);
void spaces_switch(int mounts);

#endif
