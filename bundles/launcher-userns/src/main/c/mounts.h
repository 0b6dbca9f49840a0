/* Mounting inside the new root. Runs in the container's first process, as root of the user namespace, before pivot_root. */
#ifndef LICHEN_USERNS_MOUNTS_H
#define LICHEN_USERNS_MOUNTS_H

#include "plan.h"

/* What the mount functions share. */
struct tree {
    int root;    /* O_PATH, the mounted new root */
    int scratch; /* directory on a private tmpfs for `file` records; -1 until needed */
    const char *scratch_path;
    const struct plan *plan;
};

/* A path by which mount(2) reaches what the descriptor refers to; good for a few calls. */
const char *fd_path(int fd);
/* The mount(2) flags for options of ours. */
unsigned long mount_flags(unsigned options);
/* Mounts a copy of the mounts at a host path over what `target` refers to. Recursive unless OPT_NOREC; the options hold for every mount in it. An O_PATH descriptor
   of what is now seen there, or -1 and errno. */
int bind_onto(const char *source, int target, unsigned options);
/* A copy of the mounts at a host path, with these options, that is mounted nowhere yet; -1 and errno, ENOSYS before kernel 5.12. */
int mount_copy(const char *source, unsigned options);
/* Mounts it over what `target` refers to; false: errno. */
bool mount_place(int copy, int target);
/* Adds ro, nosuid, nodev, noexec to the mount whose root `fd` refers to, and to all mounts below unless OPT_NOREC; false: errno. */
bool mount_restrict(int fd, unsigned options);
/* What is now on top of `target`, after something was mounted over it; -1 and errno. */
int top_of(int target);

/* Undoes the octal escapes of mountinfo, in place. */
void mount_unescape(char *text);

/* Ends the program with the user's truth about errno. */
_Noreturn void mount_failed(const char *what, const char *target);

/* Carries out one step of the plan; ends the program when it fails and is not optional. */
void mount_op(struct tree *tree, const struct op *op);
/* The minimal /dev, in a file of its own. */
void mount_dev(struct tree *tree, const struct op *op);

#endif
