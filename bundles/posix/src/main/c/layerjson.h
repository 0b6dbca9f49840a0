/* What a layer's index says (layer.json, docs/FORMATS.md, 7), as far as those need it who make a tree of it. */
#ifndef LICHEN_LAYERJSON_H
#define LICHEN_LAYERJSON_H

#include "base.h"

struct entry {
    char *path;    /* without a leading slash; the root is "" */
    char *target;  /* of a hard link, or NULL */
    uint32_t uid, gid;
    unsigned type; /* S_IF*; 0 if there is only a mark */
    unsigned mode; /* with setuid, setgid, sticky; as the image has it */
    unsigned major, minor;
    bool device;   /* on disk an empty file stands for it */
    bool attributes; /* it has extended attributes */
    bool implied;  /* the image has no such directory: its owner and mode mean nothing */
    bool hides;    /* lower layers have nothing here (whiteout) or nothing in it (opaque) */
};

struct index {
    struct entry *entries;
    size_t count, room;
    size_t *slots; /* hash table of positions + 1; 0 is free */
    size_t slot_count;
};

/* Reads an index from `layer`, a descriptor of the layer's directory. Without `everything` only what a merge must know is kept: devices, attributes, what is implied. Ends the
   program if it is damaged: nothing may be left out silently. A path that `replaced` says to forget may still be there, but never in place of what came after. */
void index_read(struct index *index, int layer, const char *name, bool everything);
/* NULL: the index says nothing, or nothing that was kept. */
const struct entry *index_find(const struct index *index, const char *path);

#endif
