#include "library.h"
#include "cache.h"
#include "table.h"

extern const uint64_t every_signal __attribute__((visibility("hidden")));
const uint64_t every_signal = ~0ull;

/* For maps.c: the last that is mapped at an address of its own. */
extern const uint64_t engine_end;
const uint64_t engine_end = ENGINE_POOL + 4096;
bool image_mapped(const char *directory, const char *path, size_t size, uint64_t *device, uint64_t *inode, struct image_header *header) {
    (void)directory, (void)path, (void)size, (void)device, (void)inode, (void)header;
    return false; /* there are none */
}

struct answer {
    long result, kept;
};
struct answer slot_run(struct call *call, long (*answer)(struct call *));

static uint64_t *pool(void) { return (uint64_t *)ENGINE_POOL; }
static struct call *call_in(int64_t number) { return &((union slot *)(ENGINE_SLOTS + ((uint64_t)number << SLOT_SHIFT)))->call; }

/* The thread pointer, which tells threads apart. A vfork child has its parent's, which waits for it. */
static uint64_t thread(void) {
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

/* A handler that jumps out of a window leaves its slot behind: the same thread is now further up its stack. */
static void collect(uint64_t here) {
    for (int64_t i = 0; i < SLOT_COUNT; i++) {
        const struct call *call = call_in(i);
        if (pool()[i / 64] >> i % 64 & 1 && call->free[6] == thread() && call->real_rsp < here && here - call->real_rsp < 1 << 23) slot_release(i);
    }
}

static struct call *take(void) {
    for (;;) {
        for (int word = 0; word < SLOT_WORDS; word++) {
            const uint64_t taken = __atomic_load_n(&pool()[word], __ATOMIC_RELAXED);
            if (!~taken) continue;
            const int bit = __builtin_ctzll(~taken);
            if (__atomic_fetch_or(&pool()[word], 1ull << bit, __ATOMIC_SEQ_CST) >> bit & 1) continue;
            struct call *call = call_in(word * 64 + bit);
            call->slot = word * 64 + bit;
            return call;
        }
        collect((uint64_t)__builtin_frame_address(0));
        SYS(sched_yield, 0);
    }
}

static void set_mask(const uint64_t *set, uint64_t *old) {
    enum { SETMASK = 2 };
    SYS(rt_sigprocmask, SETMASK, set, old, sizeof *set);
}

static long run(long (*what)(struct call *), const struct call *from) {
    uint64_t mask;
    set_mask(&every_signal, &mask);
    struct call *call = take();
    call->number = from->number;
    bytes_copy(call->arguments, from->arguments, sizeof call->arguments);
    call->mask = mask;
    call->waiter = call->masked = call->rewind = 0;
    call->free[6] = thread();
    const struct answer answer = slot_run(call, what);
    if (answer.kept) {
        slot_release(call->slot);
        set_mask(&mask, NULL);
    }
    return answer.result;
}

long engine_call(long number, long a, long b, long c, long d, long e, long f) {
    const struct call call = {.number = (uint64_t)number, .arguments = {(uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (uint64_t)e, (uint64_t)f}};
    return library_ready() ? run(dispatch, &call) : sys_call(number, a, b, c, d, e, f);
}

long engine_do(long (*what)(struct call *), void *data) {
    const struct call call = {.arguments = {(uint64_t)data}};
    return library_ready() ? run(what, &call) : -ENOSYS;
}

/* ---- the guest's memory is not asked for: a pointer that is bad is found as any function of libc would find it. But for those that are tried on purpose. */

static bool is_nowhere(const void *at) { return (uint64_t)at - 65536 >= 0x7ffffffff000 - 65536; }

long guest_copy(void *to, const void *from, uint64_t size) {
    if (is_nowhere(to) || is_nowhere(from)) return size ? -EFAULT : 0;
    bytes_copy(to, from, size);
    return 0;
}

long guest_copy_text(char *to, const char *from, uint64_t room) {
    if (is_nowhere(from)) return -EFAULT;
    for (uint64_t i = 0; i < room; i++)
        if (!(to[i] = from[i])) return (long)i;
    return -ENAMETOOLONG;
}

/* ---- calls of the table that concern the thread alone, and not its files. Signals are the guest's own affair here. */

static long pass(struct call *call) { return window(call, call->number, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9); }
long call_mmap(struct call *call) { return pass(call); }
long call_rt_sigaction(struct call *call) { return pass(call); }
long call_rt_sigprocmask(struct call *call) { return pass(call); }
long call_rt_sigsuspend(struct call *call) { return pass(call); }
long call_sigaltstack(struct call *call) { return pass(call); }
long call_pselect6(struct call *call) { return pass(call); }
long call_ppoll(struct call *call) { return pass(call); }
long call_epoll_pwait(struct call *call) { return pass(call); }
long call_epoll_pwait2(struct call *call) { return pass(call); }
long call_clone(struct call *call) { return pass(call); }
long call_fork(struct call *call) { return pass(call); }
long call_vfork(struct call *call) { return pass(call); }
long call_mprotect(struct call *call) { return pass(call); }
long call_pkey_mprotect(struct call *call) { return pass(call); }
long call_mremap(struct call *call) { return pass(call); }

static bool is_threads(long number) {
    switch (number) {
        case __NR_mmap:
        case __NR_rt_sigaction:
        case __NR_rt_sigprocmask:
        case __NR_rt_sigsuspend:
        case __NR_sigaltstack:
        case __NR_pselect6:
        case __NR_ppoll:
        case __NR_epoll_pwait:
        case __NR_epoll_pwait2:
        case __NR_clone:
        case __NR_fork:
        case __NR_vfork:
        case __NR_mprotect:
        case __NR_pkey_mprotect:
        case __NR_ptrace: return true;
        default: return number >= 0 && number < TABLE_SIZE && raw_numbers[number];
    }
}

long lib_syscall(long number, long a, long b, long c, long d, long e, long f) EXPORTED("syscall");
long lib_syscall(long number, long a, long b, long c, long d, long e, long f) {
    return told(is_threads(number) ? sys_call(number, a, b, c, d, e, f) : engine_call(number, a, b, c, d, e, f));
}
