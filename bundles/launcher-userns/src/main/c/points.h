/* Mount points that images lack. */
#ifndef LICHEN_USERNS_POINTS_H
#define LICHEN_USERNS_POINTS_H

#include "plan.h"

/* An O_PATH descriptor of a directory with the mount points of the plan's own mounts and files, to be the lowest of its union: made once, beside the lowest layer, instead of
   again in every upper. -1: there is none (no layer of the store), and nothing is lost but time. */
int points_open(const struct plan *plan);

#endif
