#include "unseen.h"

#include <linux/sched.h>

#include "signals.h"
#include "start.h"

enum { WRITE = 2, EXECUTE = 4, SHARED = 1, KIND = 0x0f, FIXED = 0x10, ANONYMOUS = 0x20, LOW = 0x40, GROWS_DOWN = 0x100, STACK = 0x20000, FIXED_NEW = 0x100000 };

/* Above the shadow memory of sanitizers, below everything that the kernel finds a place for. */
#define BELOW 0x200000000000
#define BELOW_END 0x300000000000
#define USER_END 0x7ffffffff000

extern const struct {
    uint64_t begin, size;
} net_ranges[];
const __typeof__(net_ranges[0]) net_ranges[] = {
    [NET_NONE] = {0, 0},
    [NET_BELOW] = {BELOW_END, USER_END - BELOW_END},
    [NET_EVERYWHERE] = {ENGINE_TEXT, ENGINE_TEXT_SIZE},
};
extern uint32_t net; /* entry.S: what a new thread or process starts with */
uint32_t net;

static bool spread(enum net level) {
    enum { USER_DISPATCH = 59, ON = 1 };
    return SYS(prctl, USER_DISPATCH, ON, net_ranges[level].begin, net_ranges[level].size, NULL) == 0;
}

/* ---- other threads: each has to ask for itself. Those that they make meanwhile do so already (entry.S, `begun`). */

#define NOTICE 0x4c696368656e6e65
enum { QUEUED = -1 };

static void notify(long pid, long thread) {
    struct {
        int32_t number, error, code, padding, pid, uid;
        uint64_t value;
        uint64_t rest[12];
    } info = {.number = SIGNAL_SYS, .code = QUEUED, .pid = (int32_t)pid, .value = NOTICE};
    SYS(rt_tgsigqueueinfo, pid, thread, SIGNAL_SYS, &info);
}

bool unseen_is_notice(const int32_t info[32]) {
    uint64_t value;
    bytes_copy(&value, info + 6, sizeof value);
    return info[0] == SIGNAL_SYS && info[2] == QUEUED && value == NOTICE && info[4] == SYS(getpid, 0);
}
void unseen_take_notice(void) { spread((enum net)__atomic_load_n(&net, __ATOMIC_ACQUIRE)); }

static void notify_others(void) {
    struct entry {
        uint64_t inode, next;
        uint16_t size;
        uint8_t type;
        char name[];
    };
    _Alignas(8) char text[2048];
    const long pid = SYS(getpid, 0), own = SYS(gettid, 0), fd = sys_openat(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    for (long size; fd >= 0 && (size = SYS(getdents64, fd, text, sizeof text)) > 0;) {
        for (long at = 0; at < size; at += ((const struct entry *)(text + at))->size) {
            long thread = 0;
            for (const char *digit = ((const struct entry *)(text + at))->name; *digit >= '0' && *digit <= '9'; digit++) thread = thread * 10 + *digit - '0';
            if (thread && thread != own) notify(pid, thread);
        }
    }
    sys_close(fd);
}

static bool trap(enum net level) {
    uint32_t before = __atomic_load_n(&net, __ATOMIC_ACQUIRE);
    if (stage_filtered || before >= level) return true;
    if (!spread(level)) return false;
    while (before < level && !__atomic_compare_exchange_n(&net, &before, level, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {}
    notify_others();
    return true;
}

static enum net level_of(uint64_t address, uint64_t size) { return address + size <= BELOW_END ? NET_BELOW : NET_EVERYWHERE; }

bool unseen_trap(uint64_t address, uint64_t size) { return trap(level_of(address, size)); }

/* ---- memory */

static bool has_calls(struct call *call, uint64_t address, uint64_t size) {
    enum { STEP = 16384 };
    char *text = scratch_of(call)->text;
    _Static_assert(STEP <= sizeof scratch_of(call)->text, "one step");
    for (uint64_t at = 0; at + 1 < size; at += STEP - 1) {
        const uint64_t part = size - at < STEP ? size - at : STEP;
        if (guest_read(text, address + at, part) < 0) return true;
        for (uint64_t i = 0; i + 1 < part; i++)
            if (text[i] == 0x0f && text[i + 1] == 0x05) return true;
    }
    return false;
}

/* What lies below is trapped as one, whatever is in it. Above it is worth a look; what can be written may be written yet. */
void unseen_appeared(struct call *call, uint64_t address, uint64_t size, bool writable) {
    if (level_of(address, size) == NET_BELOW || writable || has_calls(call, address, size)) unseen_trap(address, size);
}

/* Out of what is trapped as one: whether it may be executed is not known here. */
void unseen_moved(uint64_t from, uint64_t to, uint64_t size) {
    if (__atomic_load_n(&net, __ATOMIC_ACQUIRE) != NET_NONE && from < BELOW_END && to + size > BELOW_END) unseen_trap(to, size);
}

bool unseen_maybe(const struct call *call) {
    enum { RESERVATION = 1 << 20 };
    const uint64_t protection = call->rdx, flags = call->r10;
    if (stage_filtered || flags & (FIXED | FIXED_NEW | LOW | GROWS_DOWN | STACK) || (call->rdi && call->rdi < BELOW_END)) return false;
    if (flags & ANONYMOUS) return protection & EXECUTE || (protection == 0 && call->rsi >= RESERVATION);
    return protection & EXECUTE && (flags & KIND) != 2;
}

/* The next free place, from one that differs from process to process. */
static uint64_t next_place(uint64_t size) {
    enum { GAP = 1 << 16 };
    static uint64_t next;
    uint64_t before = __atomic_load_n(&next, __ATOMIC_RELAXED), at;
    do {
        at = before;
        if (!at) SYS(getrandom, &at, sizeof at, 0);
        if (!before) at = BELOW + (at % (BELOW_END - BELOW) / 2 & ~(uint64_t)(GAP - 1));
        if (at + size > BELOW_END) at = BELOW;
    } while (!__atomic_compare_exchange_n(&next, &before, at + ((size + 2 * GAP - 1) & ~(uint64_t)(GAP - 1)), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return at;
}

enum { TRIES = 32 };

long unseen_map(const struct call *call) {
    for (int i = 0; i < TRIES && call->rsi < (BELOW_END - BELOW) / 2; i++) {
        const uint64_t wanted = next_place(call->rsi);
        const long at = SYS(mmap, wanted, call->rsi, call->rdx, call->r10 | FIXED_NEW, call->r8, call->r9);
        if (at == (long)wanted) return at;
        if (at >= 0) SYS(munmap, at, call->rsi); /* before Linux 4.17 */
        else if (at != -EEXIST) return at;
    }
    return SYS(mmap, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
}

long unseen_attach(const struct call *call, uint64_t size) {
    for (int i = 0; !call->rsi && i < TRIES && size < (BELOW_END - BELOW) / 2; i++) {
        const long at = SYS(shmat, call->rdi, next_place(size), call->rdx);
        if (at != -EINVAL) return at; /* else something is there */
    }
    return SYS(shmat, call->rdi, call->rsi, call->rdx);
}

/* ---- processes: the child begins behind the `syscall`, on a stack of its own or a copy; so that is in entry.S, and where to go on lies on either stack, out of the way of frames. A process
   that would share our memory and our stack becomes one with copies of them. */

extern const char make_process[];

long unseen_make_process(struct call *call) {
    const bool is_clone = call->number == __NR_clone;
    const uint64_t words[MAKE_ROOM / 8] = {call->back, call->rdi, call->rsi};
    if (is_clone && !call->rsi) call->rdi &= ~(uint64_t)(CLONE_VM | CLONE_VFORK);
    if (guest_write(call->rsp - MAKE_ROOM, words, sizeof words) < 0) return -EFAULT;
    if (is_clone && call->rsi) {
        call->rsi -= MAKE_ROOM;
        if (guest_write(call->rsi, words, sizeof words) < 0) return -EFAULT;
    }
    call->rsp -= MAKE_ROOM;
    call->real_rsp = call->rsp;
    call->back = (uint64_t)make_process;
    return is_clone ? __NR_clone : __NR_fork;
}
