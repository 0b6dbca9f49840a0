/* The container's files as its guest sees them, by the same union core that the engine uses. */
#ifndef LICHEN_TRAP_TREE_H
#define LICHEN_TRAP_TREE_H

#include "config.h"
#include "plan.h"

struct tree {
    struct union_config config;
    struct union_layer *layers;
    const char **indexes; /* of each layer, its binary index (layerindex.h); NULL: nobody asks */
    struct union_bind *binds;
    uint32_t bind_count;
    char *run; /* the real path of the container's run directory */
};

/* The tree of a plan, with all that is mounted in it; mount points and private files are made. In the container directory. */
void tree_build(struct tree *tree, const struct plan *plan);

/* The tree of a container that is there already, seen from inside: the root, and over it what the plan has mounted from the host. */
void tree_seen(struct tree *tree, const struct plan *plan);

/* Makes the mount point of a host's file or directory, and answers what of the tree it is bound to; the caller gets both texts. false: the source is not there. */
bool tree_bind(struct tree *tree, const char *source, const char *target, struct union_bind *bind);
/* The path that it really is, as far as it is there; "" is the root. */
char *tree_canonical(struct tree *tree, const char *path);

/* A file of the guest's, read whole; false: errno. */
bool tree_read(struct tree *tree, const char *path, struct bytes *into);
/* What a guest path leads to. It must not be kept. NULL: errno. */
struct union_place *tree_find(struct tree *tree, const char *path, unsigned flags);
/* Goes to a guest directory; false: errno. */
bool tree_enter(struct tree *tree, const char *path);
/* Makes a directory, or a file, with what leads to it; where a link leads nowhere, at its end. false: errno. */
bool tree_make(struct tree *tree, const char *path, bool directory);

/* Removes what was made to be mounted on, if nothing has come into it. */
void tree_unmake(struct tree *tree, const char *path);

#endif
