/* The supervisor of identity `basic`: one host id, but programs of the container change and ask ids as if they had many.
 *
 * The filter (launcher-userns/idfilter.h) hands set*id and get*id here; the kernel's own credentials never change. The state of a process is an index into a table of
 * credential sets, kept in its soft RLIMIT_LOCKS, which the kernel ignores since 2.4 and hands on over fork and execve: so no process has to be followed. A guest that forges
 * it changes nothing but the answers to its own questions.
 */
#ifndef LICHEN_IDS_H
#define LICHEN_IDS_H

#include "base.h"
#include "ids_calls.h"

struct ids;

struct ids *ids_new(void);
/* The index for processes that have not changed their ids yet: all ids `uid` and `gid`. */
unsigned ids_first(struct ids *ids, uint32_t uid, uint32_t gid);
/* Prepares a listener: answers at once, on the CPU of the asking process, where the kernel can. */
void ids_listen(int listener);
/* Answers one notification; call when poll says that the listener is readable. false: nobody is left behind it. */
bool ids_serve(struct ids *ids, int listener, unsigned first);

/* One credential set and the rules that change it; apart from the kernel, for tests. */
enum ids_operation {
#define IDS_NAME(name, a, b, c) IDS_##name,
    IDS_SUPERVISED(IDS_NAME)
#undef IDS_NAME
#define IDS_NAME(name, a, b, c, d) IDS_##name,
    IDS_CONDITIONAL(IDS_NAME)
#undef IDS_NAME
    IDS_NONE
};
struct ids_set {
    uint32_t real, effective, saved, file;
};
struct credentials {
    struct ids_set user, group;
    size_t group_count;
    uint32_t *groups;
};
/* Applies set*id with the kernel's rules; 0, or -errno with nothing changed. `able`: the process may take any id. The result of SETFS*ID is in *value. */
int ids_apply(struct credentials *credentials, enum ids_operation operation, const uint32_t arguments[3], bool able, uint32_t *value);

#endif
