/* The guest's own user database. No NSS: the files are read as they are. */
#ifndef LICHEN_LAUNCHER_USERS_H
#define LICHEN_LAUNCHER_USERS_H

#include "base.h"

struct account {
    uint32_t uid, gid;
    char *home; /* never NULL */
    uint32_t *groups;
    size_t group_count;
};

/* What etc/passwd and etc/group hold; empty: there is none. */
struct databases {
    struct bytes passwd, group;
};
/* `root`: a directory descriptor from which no link leads out (the guest's root after pivot_root, or a test's tree). */
void databases_read(struct databases *from, int root);

/* Looks up `NAME|UID[:GROUP|GID]`. A number needs no entry. Ends the program, as podman words it, for a name that is not there. */
void account_find(const struct databases *from, const char *user, struct account *account);
/* The home of a uid, or "/"; a copy. */
char *account_home(const struct databases *from, uint32_t uid);

#endif
