/* The commands of lichen-userns. */
#ifndef LICHEN_USERNS_START_H
#define LICHEN_USERNS_START_H

#include "guest.h"

_Noreturn void start(struct launch *launch);
_Noreturn void enter(struct launch *launch, pid_t pid);
int change(struct launch *launch, pid_t pid);
int probe(const char *home); /* NULL: without what is to be known of its file system */
int remove_tree(char **arguments);
int pack_tree(char **arguments);

#endif
