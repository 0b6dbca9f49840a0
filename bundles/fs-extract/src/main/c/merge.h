/* Merges the layers into one tree: every directory is looked at in all layers at once, so that nothing is copied which a higher layer replaces. */
#ifndef LICHEN_EXTRACT_MERGE_H
#define LICHEN_EXTRACT_MERGE_H

#include "layers.h"

struct merge {
    const struct layer *layers; /* highest first */
    size_t layer_count;
    const char *name; /* of the new tree, for messages */
    int root;         /* the new tree, empty */
    int owners;       /* list of real owners (docs/FORMATS.md, 4), or -1 */
};

/* Returns when the tree is whole; ends the program otherwise. */
void merge_run(const struct merge *merge);

#endif
