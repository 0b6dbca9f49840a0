/* The directory for what a container writes. */
#ifndef LICHEN_LAUNCHER_UPPER_H
#define LICHEN_LAUNCHER_UPPER_H

#include "plan.h"

/* Makes the work directory unless it is there. */
void work_make(const struct root *root);

/* Makes the upper unless it is there. It begins with what the root's mode and owner are, and with those directories that a layer only implies (its archive has
   something in them and does not say what they are) and a layer below really has: the union would show the implied mode, owner and time. It appears whole. */
void upper_make(const struct root *root, const int *lowers);

#endif
