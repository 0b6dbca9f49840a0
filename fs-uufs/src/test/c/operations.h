/* Random operations of a guest, made once and performed on either side. */
#ifndef LICHEN_OPERATIONS_H
#define LICHEN_OPERATIONS_H

#include "side.h"

enum { SLOTS = 6, PATHS = 1400 };

struct operation {
    enum operation_kind {
        OP_OPEN, OP_CLOSE, OP_READ, OP_WRITE, OP_FTRUNCATE, OP_STAT, OP_FSTAT, OP_MKDIR, OP_MKNOD, OP_SYMLINK, OP_LINK, OP_UNLINK, OP_RMDIR, OP_RENAME, OP_READLINK, OP_CHMOD,
        OP_FCHMOD, OP_UTIMENS, OP_FUTIMENS, OP_TRUNCATE, OP_SETXATTR, OP_REMOVEXATTR, OP_GETXATTR, OP_LISTXATTR, OP_LIST, OP_EMPTY, OP_LINK_UNNAMED, OP_KINDS,
        OP_DUMP, OP_END
    } kind;
    int slot, dir, dir2; /* slots; dir: -1 for none */
    int flags;
    mode_t mode;
    off_t offset;
    size_t size;
    unsigned choice;
    char path[PATHS], path2[PATHS];
};

struct outcome {
    long result;
    bool incomparable; /* the other side is not even asked */
    char text[4000]; /* what was seen */
};

extern const char *const operation_names[];
void operation_make(struct operation *operation, struct random *random);
/* `slots`: the side's open descriptors, -1 where none. A dump goes to `dump`. */
void operation_perform(const struct side *side, const struct operation *operation, int slots[SLOTS], struct outcome *outcome, FILE *dump);
void operation_print(const struct operation *operation, const struct outcome *outcome);

#endif
