/* The supervisor of identity `basic`: one host id, but programs of the container change and ask ids as if they had many.
 *
 * The filter (launcher-userns/idfilter.h) hands set*id and get*id here; the kernel's own credentials never change. The state of a process is an index into a table of
 * credential sets, kept in its soft RLIMIT_LOCKS, which the kernel ignores since 2.4 and hands on over fork and execve: so no process has to be followed. A guest that forges
 * it changes nothing but the answers to its own questions.
 */
#ifndef LICHEN_IDS_H
#define LICHEN_IDS_H

#include "base.h"
#include "ids_rules.h"

struct ids;

struct ids *ids_new(void);
/* The index for processes that have not changed their ids yet: all ids `uid` and `gid`. */
unsigned ids_first(struct ids *ids, uint32_t uid, uint32_t gid);
/* Prepares a listener: answers at once, on the CPU of the asking process, where the kernel can. */
void ids_listen(int listener);
/* Answers one notification; call when poll says that the listener is readable. false: nobody is left behind it. */
bool ids_serve(struct ids *ids, int listener, unsigned first);

/* What the supervisor keeps of a process. */
struct credentials {
    struct ids_set user, group;
    size_t group_count;
    uint32_t *groups;
};

#endif
