#include "ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* 6.6 */
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif

enum { MOST_SETS = 0xffff, MOST_GROUPS = 65536, INDEX_BITS = 16, KEEPERS = 64 };
/* Marks a soft limit as ours; far below RLIM_INFINITY and far above what anyone sets. */
static const uint64_t MARK = 0x1c8e000000000000ULL;

/* A program that has asked to keep its capabilities when it changes its ids, and so may change them again (setpriv does). The address of its stack tells it from what it
   executes afterwards. */
struct keeper {
    pid_t pid;
    uint64_t stack;
};

struct ids {
    struct credentials *sets;
    unsigned count, room;
    struct seccomp_notif *request;
    struct seccomp_notif_resp *answer;
    struct keeper keepers[KEEPERS];
    unsigned next_keeper;
    size_t request_size, answer_size; /* what this kernel says; it may know more fields than our headers */
};

struct call {
    enum ids_operation operation;
    bool narrow; /* 16 bit ids */
};

static struct call call_of(const struct seccomp_data *data) {
    if (data->arch == AUDIT_ARCH_X86_64) switch (data->nr) {
#define CASE(name, x86_64, i386, old) \
    case x86_64: return (struct call){IDS_##name, false};
        IDS_SUPERVISED(CASE)
#undef CASE
#define CASE(name, x86_64, i386, argument, value) \
    case x86_64: return (struct call){IDS_##name, false};
        IDS_CONDITIONAL(CASE)
#undef CASE
    }
    if (data->arch == AUDIT_ARCH_I386) switch (data->nr) {
#define CASE(name, x86_64, i386, old)                    \
    case i386: return (struct call){IDS_##name, false}; \
    case old: return (struct call){IDS_##name, true};
        IDS_SUPERVISED(CASE)
#undef CASE
#define CASE(name, x86_64, i386, argument, value) \
    case i386: return (struct call){IDS_##name, false};
        IDS_CONDITIONAL(CASE)
#undef CASE
    }
    return (struct call){IDS_NONE, false};
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

struct ids *ids_new(void) {
    struct ids *ids = must_alloc(sizeof *ids);
    struct seccomp_notif_sizes sizes = {0};
    syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
    ids->request_size = larger(sizes.seccomp_notif, sizeof *ids->request);
    ids->answer_size = larger(sizes.seccomp_notif_resp, sizeof *ids->answer);
    ids->request = must_alloc(ids->request_size);
    ids->answer = must_alloc(ids->answer_size);
    return ids;
}

static bool same(const struct credentials *a, const struct credentials *b) {
    return !memcmp(&a->user, &b->user, sizeof a->user) && !memcmp(&a->group, &b->group, sizeof a->group) && a->group_count == b->group_count &&
           (!a->group_count || !memcmp(a->groups, b->groups, a->group_count * sizeof *a->groups));
}

/* The index of an equal set; a new set is copied. -1: the table is full. */
static int intern(struct ids *ids, const struct credentials *wanted) {
    for (unsigned i = 0; i < ids->count; i++)
        if (same(&ids->sets[i], wanted)) return (int)i;
    if (ids->count == MOST_SETS) return -1;
    if (ids->count == ids->room) {
        ids->room = ids->room ? ids->room * 2 : 8;
        ids->sets = must_realloc(ids->sets, ids->room, sizeof *ids->sets);
    }
    struct credentials *copy = &ids->sets[ids->count];
    *copy = *wanted;
    copy->groups = must_realloc(NULL, wanted->group_count, sizeof *copy->groups);
    if (wanted->group_count) memcpy(copy->groups, wanted->groups, wanted->group_count * sizeof *copy->groups);
    return (int)ids->count++;
}

unsigned ids_first(struct ids *ids, uint32_t uid, uint32_t gid) {
    struct credentials first = {{uid, uid, uid, uid}, {gid, gid, gid, gid}, 1, &gid};
    int index = intern(ids, &first);
    if (index < 0) die(STATUS_LICHEN, "too many different users in one container");
    return (unsigned)index;
}

void ids_listen(int listener) { ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL /* SYNC_WAKE_UP */); }

static unsigned state_get(const struct ids *ids, pid_t pid, unsigned first) {
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_LOCKS, NULL, &limit) != 0 || limit.rlim_cur >> INDEX_BITS != MARK >> INDEX_BITS) return first;
    unsigned index = (unsigned)(limit.rlim_cur & 0xffff);
    return index < ids->count ? index : first;
}

/* The hard limit stays; a guest that has lowered it below the mark keeps its first ids. */
static void state_set(pid_t pid, unsigned index) {
    struct rlimit limit;
    if (prlimit(pid, RLIMIT_LOCKS, NULL, &limit) != 0) return;
    limit.rlim_cur = MARK | index;
    prlimit(pid, RLIMIT_LOCKS, &limit, NULL);
}

/* Is the asking process still the one that asked? Its pid can be another's as soon as it is killed. 5.0-5.7 know the request with the wrong direction only. */
static bool valid(int listener, uint64_t id) {
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0 || (errno == EINVAL && ioctl(listener, _IOR('!', 2, uint64_t), &id) == 0);
}

/* The memory of the asking process. The descriptor stays with that very address space, so that after `valid` it cannot become another process's. */
static int open_memory(const struct ids *ids, int listener) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%u/mem", ids->request->pid);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && !valid(listener, ids->request->id)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool put_ids(int memory, uint64_t address, const uint32_t *list, size_t count, bool narrow) {
    if (!narrow) return pwrite(memory, list, count * 4, (off_t)address) == (ssize_t)(count * 4);
    for (size_t i = 0; i < count; i++) {
        uint16_t id = list[i] > 0xffff ? 65534 : (uint16_t)list[i];
        if (pwrite(memory, &id, sizeof id, (off_t)(address + 2 * i)) != sizeof id) return false;
    }
    return true;
}

static bool take_ids(int memory, uint64_t address, uint32_t *list, size_t count, bool narrow) {
    if (!narrow) return pread(memory, list, count * 4, (off_t)address) == (ssize_t)(count * 4);
    for (size_t i = 0; i < count; i++) {
        uint16_t id;
        if (pread(memory, &id, sizeof id, (off_t)(address + 2 * i)) != sizeof id) return false;
        list[i] = id;
    }
    return true;
}

static int answer_three(const struct ids *ids, int listener, const struct ids_set *set, bool narrow) {
    AUTO_CLOSE int memory = open_memory(ids, listener);
    const uint32_t list[3] = {set->real, set->effective, set->saved};
    for (int i = 0; i < 3; i++)
        if (memory < 0 || !put_ids(memory, ids->request->data.args[i], &list[i], 1, narrow)) return -EFAULT;
    return 0;
}

static int answer_groups(const struct ids *ids, int listener, const struct credentials *have, bool narrow) {
    int room = (int)ids->request->data.args[0];
    if (room < 0) return -EINVAL;
    if (room == 0) return (int)have->group_count;
    if ((size_t)room < have->group_count) return -EINVAL;
    AUTO_CLOSE int memory = open_memory(ids, listener);
    if (memory < 0 || !put_ids(memory, ids->request->data.args[1], have->groups, have->group_count, narrow)) return -EFAULT;
    return (int)have->group_count;
}

static bool able(const struct ids *ids, const struct credentials *have) {
    if (have->user.effective == 0) return true;
    for (unsigned i = 0; i < KEEPERS; i++)
        if (ids->keepers[i].pid == (pid_t)ids->request->pid) return ids->keepers[i].stack == process_stack(ids->keepers[i].pid);
    return false;
}

static int take_groups(const struct ids *ids, int listener, struct credentials *next, bool narrow) {
    size_t count = (size_t)(uint32_t)ids->request->data.args[0];
    if (!able(ids, next)) return -EPERM;
    if (count > MOST_GROUPS) return -EINVAL;
    next->groups = must_realloc(NULL, count, sizeof *next->groups);
    next->group_count = count;
    AUTO_CLOSE int memory = open_memory(ids, listener);
    return memory >= 0 && take_ids(memory, ids->request->data.args[1], next->groups, count, narrow) ? 0 : -EFAULT;
}

static void note_keeper(struct ids *ids, const struct credentials *have) {
    pid_t pid = (pid_t)ids->request->pid;
    bool keeps = ids->request->data.args[1] && able(ids, have); /* who has no capabilities keeps none */
    unsigned at = ids->next_keeper;
    for (unsigned i = 0; i < KEEPERS; i++)
        if (ids->keepers[i].pid == pid) at = i;
    if (at == ids->next_keeper) ids->next_keeper = (at + 1) % KEEPERS;
    ids->keepers[at] = (struct keeper){keeps ? pid : 0, keeps ? process_stack(pid) : 0};
}

/* The limit that we live in looks as on any machine. */
static int show_limit(const struct ids *ids, int listener, uint64_t address, size_t size, uint64_t value) {
    unsigned char limit[16];
    if (!address) return 0;
    AUTO_CLOSE int memory = open_memory(ids, listener);
    memcpy(limit, &value, size / 2);
    memcpy(limit + size / 2, &value, size / 2);
    return memory >= 0 && pwrite(memory, limit, size, (off_t)address) == (ssize_t)size ? 0 : -EFAULT;
}

/* Keeps the changed set and marks the process with it. */
static int keep(struct ids *ids, int listener, const struct credentials *next) {
    int index = intern(ids, next);
    if (index < 0) return -EAGAIN;
    if (valid(listener, ids->request->id)) state_set((pid_t)ids->request->pid, (unsigned)index);
    return 0;
}

static int change(struct ids *ids, int listener, unsigned index, struct call call, uint32_t *value) {
    struct credentials next = ids->sets[index];
    uint32_t arguments[3];
    for (int i = 0; i < 3; i++) {
        arguments[i] = (uint32_t)ids->request->data.args[i];
        if (call.narrow) arguments[i] = (uint16_t)arguments[i] == 0xffff ? UINT32_MAX : (uint16_t)arguments[i];
    }
    struct ids_set *set = ids_of_group(call.operation) ? &next.group : &next.user;
    int error = ids_apply(set, call.operation, arguments, able(ids, &next), value);
    return error ? error : keep(ids, listener, &next);
}

/* The result of the call: >= 0, or -errno. */
static int64_t result_of(struct ids *ids, int listener, unsigned first) {
    unsigned index = state_get(ids, (pid_t)ids->request->pid, first);
    const struct credentials *have = &ids->sets[index];
    struct call call = call_of(&ids->request->data);
    uint32_t value = 0;
    switch (call.operation) {
        case IDS_GETUID: return have->user.real;
        case IDS_GETEUID: return have->user.effective;
        case IDS_GETGID: return have->group.real;
        case IDS_GETEGID: return have->group.effective;
        case IDS_GETRESUID: return answer_three(ids, listener, &have->user, call.narrow);
        case IDS_GETRESGID: return answer_three(ids, listener, &have->group, call.narrow);
        case IDS_GETGROUPS: return answer_groups(ids, listener, have, call.narrow);
        case IDS_SETGROUPS: {
            struct credentials next = *have;
            next.groups = NULL;
            int error = take_groups(ids, listener, &next, call.narrow);
            if (!error) error = keep(ids, listener, &next);
            free(next.groups);
            return error;
        }
        case IDS_PRLIMIT: return show_limit(ids, listener, ids->request->data.args[3], 16, UINT64_MAX);
        case IDS_GETRLIMIT: return show_limit(ids, listener, ids->request->data.args[1], ids->request->data.arch == AUDIT_ARCH_I386 ? 8 : 16, UINT64_MAX);
        case IDS_OLDGETRLIMIT: return show_limit(ids, listener, ids->request->data.args[1], 8, INT32_MAX);
        case IDS_SETRLIMIT: return 0;
        case IDS_KEEPCAPS: note_keeper(ids, have); return 0;
        case IDS_NONE: return -ENOSYS;
        default: {
            int error = change(ids, listener, index, call, &value);
            return error ? error : (int64_t)value;
        }
    }
}

bool ids_serve(struct ids *ids, int listener, unsigned first) {
    memset(ids->request, 0, ids->request_size);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ids->request) != 0) return errno == EINTR || errno == ENOENT || errno == EAGAIN;
    memset(ids->answer, 0, ids->answer_size);
    ids->answer->id = ids->request->id;
    int64_t result = result_of(ids, listener, first);
    if (result < 0 && result > -4096) ids->answer->error = (int32_t)result;
    else ids->answer->val = result;
#ifdef SECCOMP_USER_NOTIF_FLAG_CONTINUE /* 5.5; the kernel's own flag is of no use to a process whose ids never change, but it is what PR_GET_KEEPCAPS tells */
    if (call_of(&ids->request->data).operation == IDS_KEEPCAPS) ids->answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
#endif
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, ids->answer) == 0) return true;
    if (errno == EINVAL && ids->answer->flags) {
        ids->answer->flags = 0;
        return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, ids->answer) == 0 || errno == ENOENT;
    }
    /* ENOENT: it was killed meanwhile. */
    return errno == ENOENT || errno == EINTR || errno == EINPROGRESS;
}
