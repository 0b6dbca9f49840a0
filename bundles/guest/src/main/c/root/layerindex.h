/* What an image says about the owners of one layer's files, to be asked without reading layer.json: `layer.idx` beside it, made by lichen-layer-index, mapped and read here.
 *
 *     header (64) | slots (a power of two, 32 bytes each) | names                 big endian; docs/FORMATS.md, 8
 *
 * Only what differs from a file of 0:0 with the mode on disk has a slot, and every directory, and what hides lower layers. Nothing in the file is believed: each number is checked
 * where it is used, so that opening it costs nothing and no content leads out of the mapping. Pure, but for mapping; runs anywhere. */
#ifndef LICHEN_ROOT_LAYERINDEX_H
#define LICHEN_ROOT_LAYERINDEX_H

#include <stddef.h>

#include "node.h"

#define ROOT_INDEX_NAME "layer.idx"
enum { ROOT_INDEX_HEADER = 64, ROOT_INDEX_SLOT = 32, ROOT_INDEX_IMPLIED = 1, ROOT_INDEX_HIDES = 2 };

/* A layer's index where it is mapped; map NULL: it has none, and all its files are what they are on disk. */
struct root_index {
    const unsigned char *map;
    size_t size;
    uint32_t slots;
};

struct root_index_entry {
    struct root_node node; /* mode 0: the path has a mark and no file */
    uint32_t flags;        /* IMPLIED: the image has no such directory; HIDES: lower layers have nothing here, or nothing in it */
};

/* false: the content is no index of this version. The rest of the header (how layer.json was when it was made) is for whoever checks stores. */
bool root_index_open(struct root_index *index, const void *map, size_t size);
/* Path as in layer.json: "usr/bin/su"; "" is the root. */
bool root_index_find(const struct root_index *index, const char *path, size_t size, struct root_index_entry *entry);

/* All layers of a container, 0 the highest. */
struct root_lowers {
    const struct root_place *place; /* for files that no index knows */
    const struct root_index *layers;
    unsigned count;
};

/* Makes them of the files that the indexes are in (lowers.c): `paths` of `count` layers, NULL for one that has none; `indexes` are zeros, and so many. What cannot be mapped knows nothing. */
void root_lowers_map(struct root_lowers *lowers, struct root_index *indexes, const char *const *paths, unsigned count, const struct root_place *place);

/* The node of a file that the union has found in this layer, whose host stat is known. A directory that the highest layer has only because of what is in it takes owner and mode from
   the next one that really has it. */
struct root_node root_look_lower(const struct root_lowers *lowers, unsigned layer, const char *path, const struct root_host *host);

#endif
