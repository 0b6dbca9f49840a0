/* Owners of the files of a merged tree, as its image has them. */
#ifndef LICHEN_LAUNCHER_OWNERLIST_H
#define LICHEN_LAUNCHER_OWNERLIST_H

#include "base.h"

/* Gives what an O_PATH descriptor refers to, perhaps a link, to its owner. false: errno. */
typedef bool owner_give(int fd, uid_t uid, gid_t gid, mode_t mode);

/* Takes a list of `UID GID MODE(octal) PATH NUL` entries for the tree below `root`, once: the list is renamed to LIST.applied afterwards. A list that is not there has been
   applied. Links are never followed. In the container directory. */
void owner_list_apply(int root, const char *list, owner_give *give);

#endif
