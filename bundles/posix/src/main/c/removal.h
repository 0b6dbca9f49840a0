/* Removing a tree, which always succeeds for the owner: closed directories (also mode 000) are opened on the way, any depth, never through a link. */
#ifndef LICHEN_REMOVAL_H
#define LICHEN_REMOVAL_H

#include "base.h"

/* Removes directory/name and everything below. true when it is gone (or was not there), for `.` when it is empty; false: errno of the first thing that could not be removed. */
bool remove_all(int directory, const char *name);

#endif
