/* Layers with their real owners, with identity `ranges`. */
#ifndef LICHEN_USERNS_OWNED_H
#define LICHEN_USERNS_OWNED_H

#include "plan.h"

/* Makes the copy of a layer that has the real owners, once for all containers: whoever comes second waits for the first, a kill leaves what the next one removes, and what has
   its name is whole and on disk. As root of the user namespace with the ranges. */
void owned_make(const struct lower *lower);

#endif
