/* What a guest may do with a file, decided as the kernel decides it (fs/namei.c, fs/attr.c, fs/inode.c), but on nodes. Pure; runs anywhere. Everything returns 0 or -errno. */
#ifndef LICHEN_ROOT_RIGHTS_H
#define LICHEN_ROOT_RIGHTS_H

#include <time.h>

#include "node.h"

/* Who asks: the file system ids of a process, or for access(2) its real ones. */
struct root_who {
    uint32_t uid, gid;
    uint64_t capabilities;
    const uint32_t *groups;
    uint32_t group_count;
};

enum { ROOT_EXECUTE = 1, ROOT_WRITE = 2, ROOT_READ = 4 };

bool root_able(const struct root_who *who, int capability);
bool root_in_group(const struct root_who *who, uint32_t gid);
/* Whether nothing has to be asked at all of a file but whether it can be executed: then no node need be looked up. */
bool root_almighty(const struct root_who *who);
bool root_owns(const struct root_who *who, const struct root_node *node); /* is its owner, or may act as if */

/* Reading, writing, executing; searching a directory is executing it. */
int root_may(const struct root_who *who, const struct root_node *node, unsigned want);
int root_may_create(const struct root_who *who, const struct root_node *directory);
/* Taking the name of a file out of a directory. */
int root_may_remove(const struct root_who *who, const struct root_node *directory, const struct root_node *file);
/* `target`: what has the new name, or NULL. `exchange`: both change places. */
int root_may_rename(const struct root_who *who, const struct root_node *from, const struct root_node *file, const struct root_node *to, const struct root_node *target, bool same_directory,
                    bool exchange);
/* A new name for a file; `protected` as the host's fs.protected_hardlinks says. */
int root_may_link(const struct root_who *who, const struct root_node *directory, const struct root_node *file, bool protected);
/* utimensat; times NULL: both now. */
int root_may_set_times(const struct root_who *who, const struct root_node *node, const struct timespec times[2]);
int root_may_open(const struct root_who *who, const struct root_node *node, int flags);

/* Below, *node is changed when the result is 0. -1 keeps an id. */
int root_chown_node(const struct root_who *who, struct root_node *node, uint32_t uid, uint32_t gid);
int root_chmod_node(const struct root_who *who, struct root_node *node, uint32_t mode);
/* What a write and a truncation do: whoever has no CAP_FSETID takes setuid and setgid away. */
void root_write_node(const struct root_who *who, struct root_node *node);
/* A new file: mode with its type and without what umask takes; umask is not applied to a symbolic link. */
int root_new_node(const struct root_who *who, const struct root_node *directory, uint32_t mode, uint32_t umask, uint64_t device, struct root_node *node);

#endif
