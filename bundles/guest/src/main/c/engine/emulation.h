/* The side of root emulation (root/) that knows the union and the process. */
#ifndef LICHEN_ENGINE_EMULATION_H
#define LICHEN_ENGINE_EMULATION_H

#include <sys/stat.h>

#include "book.h"
#include "call.h"
#include "calls.h"

/* Who makes a call. Large: 5 KiB. */
struct caller {
    bool emulated; /* else nothing else is filled in, and nobody but the kernel has to be asked */
    bool almighty; /* no right has to be asked for */
    struct root_who who, real;
    const struct root_credentials *credentials;
    struct root_credentials room;
};
void find_caller(struct call *call, struct caller *caller);
/* The calling process has these credentials from now on. 0 or -errno. */
long become(struct call *call, const struct root_credentials *credentials);

/* How owners are kept where a place is, and where a descriptor is; the latter has to find out its path. */
const struct root_place *owners_at(const struct union_place *place);
const struct root_place *owners_of(struct call *call, int fd);
/* For looking alone, in a single tree, where the descriptor's status is known: mostly without a path. */
const struct root_place *owners_seen(struct call *call, int fd, uint64_t device);
/* What the guest sees of what a descriptor is open on, whose status is known. 0 or -errno. */
long node_seen(struct call *call, int fd, uint64_t device, const struct root_host *host, struct root_node *node);
struct root_host host_of(const struct union_status *status);

/* From now on what is copied up keeps its owner. At the start of a process. */
void emulate_copying(void);

/* What the guest sees of the file that place has found and looked at. 0 or -errno. */
long node_of(const struct union_place *place, struct root_node *node);
long node_as(const struct union_place *place, const struct root_host *host, struct root_node *node); /* where the caller has looked at it */
/* Of the directory above. */
long parent_of(struct call *call, const struct union_place *place, struct root_node *node);
struct root_file file_of(const struct union_place *place);

/* The right to what was found (ROOT_READ …), and to search all that is above. 0 at once for the almighty. */
long may(const struct caller *caller, struct call *call, const struct union_place *place, unsigned want, bool real);
long may_search(const struct caller *caller, struct call *call, const struct union_place *place, bool real);
/* The right to make a name, or to remove the one found. */
long may_create(const struct caller *caller, struct call *call, const struct union_place *place);
long may_remove(const struct caller *caller, struct call *call, const struct union_place *place);

/* What was just made gets the owner and mode that the kernel would have given it. `mode`: as the guest asked, with the type. */
long made(struct call *call, const struct caller *caller, int dir, const char *path, uint32_t mode, uint64_t device);
long made_open(const struct caller *caller, const struct root_place *owners, const struct root_node *parent, int fd, uint32_t mode);

#endif
