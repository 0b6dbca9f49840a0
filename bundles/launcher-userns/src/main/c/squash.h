/* Images that are mounted as they are: a squashfs in a file. */
#ifndef LICHEN_USERNS_SQUASH_H
#define LICHEN_USERNS_SQUASH_H

#include "plan.h"

/* Mounts it on the directory `place` (over what is mounted there) and answers an O_PATH descriptor of its root; ends the program where that fails. Without `real_ids` all of it belongs to us,
   as in an unpacked layer. The kernel's own squashfs is never tried: no kernel lets a user namespace mount it. */
int squash_open(const struct lower *lower, const char *place, bool real_ids);
/* Is one of the programs that serve a squashfs there? */
bool squash_present(void);

#endif
