/* Calls about ids, groups, capabilities and the limit that holds the process's mark. */
#include "engine.h"
#include "engine_ask.h"
#include "nest.h"

#include <linux/capability.h>
#include <linux/prctl.h>

enum { RLIMIT_MARK = 10 /* RLIMIT_LOCKS */, GROUPS_MOST = ROOT_GROUPS };

/* A changed copy becomes the caller's credentials when the result is no error. */
struct change {
    struct caller caller;
    struct root_credentials next;
};

static void begin(struct call *call, struct change *change) {
    find_caller(call, &change->caller);
    change->next = *change->caller.credentials;
}
static long commit(struct call *call, const struct change *change, long result) {
    if (result < 0 || bytes_equal(&change->next, change->caller.credentials, sizeof change->next)) return result;
    const long error = become(call, &change->next);
    return error < 0 ? error : result;
}

static long set_ids(struct call *call, enum ids_operation operation) {
    struct change change;
    const uint32_t arguments[3] = {(uint32_t)call->rdi, (uint32_t)call->rsi, (uint32_t)call->rdx};
    begin(call, &change);
    return commit(call, &change, root_set_ids(&change.next, operation, arguments));
}
long call_setuid(struct call *call) { return set_ids(call, IDS_SETUID); }
long call_setgid(struct call *call) { return set_ids(call, IDS_SETGID); }
long call_setreuid(struct call *call) { return set_ids(call, IDS_SETREUID); }
long call_setregid(struct call *call) { return set_ids(call, IDS_SETREGID); }
long call_setresuid(struct call *call) { return set_ids(call, IDS_SETRESUID); }
long call_setresgid(struct call *call) { return set_ids(call, IDS_SETRESGID); }
long call_setfsuid(struct call *call) { return set_ids(call, IDS_SETFSUID); }
long call_setfsgid(struct call *call) { return set_ids(call, IDS_SETFSGID); }

static const struct ids_set *ids(struct call *call, struct caller *caller, bool group) {
    find_caller(call, caller);
    return group ? &caller->credentials->group : &caller->credentials->user;
}
long call_getuid(struct call *call) {
    struct caller caller;
    return ids(call, &caller, false)->real;
}
long call_geteuid(struct call *call) {
    struct caller caller;
    return ids(call, &caller, false)->effective;
}
long call_getgid(struct call *call) {
    struct caller caller;
    return ids(call, &caller, true)->real;
}
long call_getegid(struct call *call) {
    struct caller caller;
    return ids(call, &caller, true)->effective;
}

static long three(struct call *call, bool group) {
    struct caller caller;
    const struct ids_set *set = ids(call, &caller, group);
    const uint32_t values[3] = {set->real, set->effective, set->saved};
    for (int i = 0; i < 3; i++)
        if (guest_write(call->arguments[i], &values[i], sizeof values[i]) < 0) return -EFAULT;
    return 0;
}
long call_getresuid(struct call *call) { return three(call, false); }
long call_getresgid(struct call *call) { return three(call, true); }

long call_getgroups(struct call *call) {
    struct caller caller;
    find_caller(call, &caller);
    const struct root_credentials *have = caller.credentials;
    if ((int)call->rdi < 0 || (call->rdi && call->rdi < have->group_count)) return -EINVAL;
    if (call->rdi && guest_write(call->rsi, have->groups, have->group_count * sizeof *have->groups) < 0) return -EFAULT;
    return have->group_count;
}

long call_setgroups(struct call *call) {
    struct change change;
    uint32_t *groups = (uint32_t *)scratch_of(call)->path;
    _Static_assert(sizeof(uint32_t) * GROUPS_MOST <= PATH_ROOM, "they are read into a path");
    begin(call, &change);
    if (call->rdi <= GROUPS_MOST && guest_read(groups, call->rsi, call->rdi * sizeof *groups) < 0) return -EFAULT;
    return commit(call, &change, root_set_groups(&change.next, groups, call->rdi));
}

/* ---- capabilities */

struct header {
    uint32_t version;
    int32_t pid;
};

/* How many words a set has in this version; a version that is not known is answered with the newest. */
static int words_of(struct call *call, struct header *header) {
    if (guest_read(header, call->rdi, sizeof *header) < 0) return -EFAULT;
    if (header->version == _LINUX_CAPABILITY_VERSION_1) return 1;
    if (header->version == _LINUX_CAPABILITY_VERSION_2 || header->version == _LINUX_CAPABILITY_VERSION_3) return 2;
    const uint32_t newest = _LINUX_CAPABILITY_VERSION_3;
    return guest_write(call->rdi, &newest, sizeof newest) < 0 ? -EFAULT : call->rsi ? -EINVAL : 0;
}

static bool is_caller(int pid) { return pid == 0 || pid == (int)SYS(gettid, 0) || pid == (int)SYS(getpid, 0); }

long call_capget(struct call *call) {
    struct caller caller;
    struct header header;
    const int words = words_of(call, &header);
    if (words <= 0 || !call->rsi) return words < 0 ? words : 0;
    if (header.pid < 0) return -EINVAL;
    find_caller(call, &caller);
    const struct root_credentials *of = caller.credentials;
    if (!is_caller(header.pid)) {
        const int error = root_book_who(engine.config->book, header.pid, &caller.room, scratch_of(call)->text);
        if (error) return -ESRCH;
        of = &caller.room;
    }
    for (int i = 0; i < words; i++) {
        const uint32_t sets[3] = {(uint32_t)(of->effective >> 32 * i), (uint32_t)(of->permitted >> 32 * i), (uint32_t)(of->inheritable >> 32 * i)};
        if (guest_write(call->rsi + (uint64_t)i * sizeof sets, sets, sizeof sets) < 0) return -EFAULT;
    }
    return 0;
}

long call_capset(struct call *call) {
    struct change change;
    struct header header;
    uint64_t wanted[3] = {0};
    const int words = words_of(call, &header);
    if (words <= 0) return words < 0 ? words : -EINVAL;
    if (!is_caller(header.pid)) return -EPERM;
    for (int i = 0; i < words; i++) {
        uint32_t sets[3];
        if (guest_read(sets, call->rsi + (uint64_t)i * sizeof sets, sizeof sets) < 0) return -EFAULT;
        for (int k = 0; k < 3; k++) wanted[k] |= (uint64_t)sets[k] << 32 * i;
    }
    begin(call, &change);
    return commit(call, &change, root_set_capabilities(&change.next, wanted[0], wanted[1], wanted[2]));
}

/* ---- prctl */

long call_prctl(struct call *call) {
    enum { SET_MM = 35, SET_SECCOMP = 22, GET_SECCOMP = 21, USER_DISPATCH = 59 };
    const unsigned long arguments[4] = {call->rsi, call->rdx, call->r10, call->r8};
    struct change change;
    long result;
    switch ((int)call->rdi) {
        case SET_SECCOMP: return -EINVAL; /* as a kernel without it: a filter of the guest's would judge the engine's calls */
        case GET_SECCOMP: return 0;
        case SET_MM: return -EPERM;
        case USER_DISPATCH: return -EINVAL;
        case ENGINE_ASK: return 1;
        default: break;
    }
    if (engine.full) {
        begin(call, &change);
        if (root_prctl(&change.next, (int)call->rdi, arguments, &result)) {
            /* Dumpable, the name and the like are the kernel's; no_new_privs is known to it too, and cannot be taken back. */
            return commit(call, &change, result);
        }
    }
    return WINDOW(call, prctl, call->rdi, call->rsi, call->rdx, call->r10, call->r8);
}

/* ---- the limit that holds the mark is neither seen nor set */

static const uint64_t UNLIMITED[2] = {~0ull, ~0ull};

long call_getrlimit(struct call *call) {
    if ((unsigned)call->rdi != RLIMIT_MARK) return WINDOW(call, getrlimit, call->rdi, call->rsi);
    return guest_write(call->rsi, UNLIMITED, sizeof UNLIMITED);
}
long call_setrlimit(struct call *call) {
    uint64_t unused[2];
    if ((unsigned)call->rdi != RLIMIT_MARK) return WINDOW(call, setrlimit, call->rdi, call->rsi);
    if (guest_read(unused, call->rsi, sizeof unused) < 0) return -EFAULT;
    nest_mark(unused[0]);
    return 0;
}
long call_prlimit64(struct call *call) {
    uint64_t unused[2];
    if ((unsigned)call->rsi != RLIMIT_MARK) return WINDOW(call, prlimit64, call->rdi, call->rsi, call->rdx, call->r10);
    if (call->rdx && guest_read(unused, call->rdx, sizeof unused) < 0) return -EFAULT;
    if (call->rdx) nest_mark(unused[0]);
    return call->r10 ? guest_write(call->r10, UNLIMITED, sizeof UNLIMITED) : 0;
}

/* New namespaces would show the guest's processes another tree than the one the engine sees. */
long call_unshare(struct call *call) {
    enum { NAMESPACES = 0x7e020000 | 0x80 /* CLONE_NEWTIME */ };
    return call->rdi & NAMESPACES ? -EPERM : WINDOW(call, unshare, call->rdi);
}
