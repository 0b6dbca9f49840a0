/* What a layer's index says (layer.json, docs/FORMATS.md, 7), as far as those need it who make a tree of it. */
#ifndef LICHEN_LAYERINDEX_H
#define LICHEN_LAYERINDEX_H

#include "base.h"

struct entry {
    char *path;    /* without a leading slash; the root is "" */
    char *target;  /* of a hard link, or NULL */
    uint32_t uid, gid;
    unsigned mode; /* with setuid, setgid, sticky; as the image has it */
    bool device;   /* on disk an empty file stands for it */
    bool attributes; /* it has extended attributes */
    bool implied;  /* the image has no such directory: its owner and mode mean nothing */
};

struct index {
    struct entry *entries;
    size_t count, room;
    size_t *slots; /* hash table of positions + 1; 0 is free */
    size_t slot_count;
};

/* Reads an index. Without `everything` only what a merge must know is kept: devices, attributes, what is implied. Ends the program if it is damaged: nothing may be left out silently. */
void index_read(struct index *index, int layer, const char *name, bool everything);
/* NULL: the index says nothing, or nothing that was kept. */
const struct entry *index_find(const struct index *index, const char *path);

#endif
