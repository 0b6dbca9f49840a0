/* The layers that are merged, highest first. */
#ifndef LICHEN_EXTRACT_LAYERS_H
#define LICHEN_EXTRACT_LAYERS_H

#include "layerjson.h"

struct layer {
    const char *name; /* its directory */
    int files;        /* its fs/ */
    bool aufs;        /* encoding of whiteouts: .wh.NAME instead of a device 0:0 */
    struct index index;
};

/* Opens DIRECTORY:WHITEOUTS. */
void layer_open(struct layer *layer, const char *argument, bool with_owners);
/* Whether this directory of a layer hides what the layers below have in it. */
bool layer_opaque(const struct layer *layer, int directory);
/* Whether a name in a directory of a layer is a mark and no file. */
bool layer_mark(const struct layer *layer, int directory, const char *name, unsigned char type);
/* Whether a directory of a layer hides `name` of the layers below. */
bool layer_hides(const struct layer *layer, int directory, const char *name);

#endif
