/* Makes the binary index of a layer (root/layerindex.h) from its layer.json. Hosted. */
#ifndef LICHEN_LAYERINDEX_MAKE_H
#define LICHEN_LAYERINDEX_MAKE_H

/* Publishes `layer.idx` in the layer's directory, in one step, unless one is there that was made from the same layer.json. Ends the program if layer.json is damaged or nothing can
   be written. */
void layerindex_make(const char *directory);

#endif
