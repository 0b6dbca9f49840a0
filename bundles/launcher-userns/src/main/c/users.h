/* The guest's own user database. No NSS: the files are read as they are. */
#ifndef LICHEN_USERNS_USERS_H
#define LICHEN_USERNS_USERS_H

#include "base.h"

struct account {
    uint32_t uid, gid;
    char *home; /* never NULL */
    uint32_t *groups;
    size_t group_count;
};

/* Looks up `NAME|UID[:GROUP|GID]` in etc/passwd and etc/group below `root`, a directory descriptor from which no link leads out (the guest's root after pivot_root, or
   a test's tree). A number needs no entry. Ends the program, as podman words it, for a name that is not there. */
void account_find(int root, const char *user, struct account *account);
/* The home of a uid, or "/"; a copy. */
char *account_home(int root, uint32_t uid);

#endif
