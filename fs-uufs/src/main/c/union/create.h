/* Things that can be made under a new name. */
#ifndef LICHEN_UNION_CREATE_H
#define LICHEN_UNION_CREATE_H

#include "inner.h"

struct thing {
    enum { THING_DIRECTORY, THING_NODE, THING_SYMLINK, THING_LINK, THING_FILE } kind;
    unsigned mode;
    uint64_t device;
    const char *text; /* of a symbolic link; or the name, in `dir`, of what is linked */
    int dir, flags;
};

/* Makes it at a place where nothing is shown, resolved by resolve_change() or under the lock. A file's descriptor, else 0. */
long create_thing(const struct union_config *u, struct union_place *place, const struct thing *thing);

#endif
