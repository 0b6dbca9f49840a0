/* Writing the id maps of a new user namespace. */
#ifndef LICHEN_USERNS_IDMAP_H
#define LICHEN_USERNS_IDMAP_H

#include "plan.h"

/* Maps one id of ours to one inside, for a namespace that this process has just made. `proc` is a descriptor of the host's /proc, or AT_FDCWD for /proc itself. */
void map_one(int proc, uint32_t inside_uid, uint32_t outside_uid, uint32_t inside_gid, uint32_t outside_gid);

/* Ranges are written by newuidmap and newgidmap, which must run outside of the new namespace: a child that waits there while its parent makes it. */
struct mapper {
    pid_t pid;
    int go; /* closing it lets the child run */
};
void mapper_prepare(struct mapper *mapper, const struct plan *plan);
void mapper_run(struct mapper *mapper);

#endif
