#include <linux/openat2.h>

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

/* What is in `free` of a call. */
enum { BY_LIBC = 3, OWNER = 4, TAKEN = 5, THREAD = 6 };

static uint64_t *pool(void) { return (uint64_t *)ENGINE_POOL; }
static struct call *call_in(int64_t number) { return &((union slot *)(ENGINE_SLOTS + ((uint64_t)number << SLOT_SHIFT)))->call; }

/* The thread pointer, which tells threads apart. A vfork child has its parent's, which waits for it. */
static uint64_t thread(void) {
    uint64_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

static void give_back(struct call *call) {
    __atomic_store_n(&call->free[TAKEN], 0, __ATOMIC_RELEASE);
    slot_release(call->slot);
}

static bool is_alive(uint64_t owner) { return SYS(tgkill, SYS(getpid, 0), owner, 0) != -ESRCH; }

/* A handler that jumps out of a window leaves its slot behind: the same thread is now further up its stack. So does a thread that is ended in one. */
static void collect(uint64_t here) {
    for (int64_t i = 0; i < SLOT_COUNT; i++) {
        struct call *call = call_in(i);
        uint64_t owner = __atomic_load_n(&call->free[OWNER], __ATOMIC_ACQUIRE);
        if (!(pool()[i / 64] >> i % 64 & 1) || !__atomic_load_n(&call->free[TAKEN], __ATOMIC_ACQUIRE)) continue; /* or just being taken */
        const bool left = call->free[THREAD] == thread() && call->real_rsp < here && here - call->real_rsp < 1 << 23;
        if (!left && (!owner || is_alive(owner))) continue;
        if (__atomic_compare_exchange_n(&call->free[OWNER], &owner, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) give_back(call); /* else another was faster */
    }
}

/* A forked child begins with a pool that the kernel has cleared. A handler that has forked while its thread was in a window comes back to that window in the child too, so those slots are not free. */
static uint64_t ever[SLOT_WORDS]; /* the slots that were in use at some time */
static void settle(void) {
    for (int64_t i = 0; i < SLOT_COUNT; i++) {
        if (!(__atomic_load_n(&ever[i / 64], __ATOMIC_RELAXED) >> i % 64 & 1)) continue;
        struct call *call = call_in(i);
        if (!call->free[TAKEN] || call->free[THREAD] != thread()) continue;
        pool()[i / 64] |= 1ull << i % 64;
        if (call->free[OWNER]) call->free[OWNER] = (uint64_t)SYS(gettid, 0);
    }
    *settled() = 1;
}

static struct call *take(void) {
    if (!__atomic_load_n(settled(), __ATOMIC_RELAXED)) settle();
    for (;;) {
        for (int word = 0; word < SLOT_WORDS; word++) {
            const uint64_t taken = __atomic_load_n(&pool()[word], __ATOMIC_RELAXED);
            if (!~taken) continue;
            const int bit = __builtin_ctzll(~taken);
            if (__atomic_fetch_or(&pool()[word], 1ull << bit, __ATOMIC_SEQ_CST) >> bit & 1) continue;
            struct call *call = call_in(word * 64 + bit);
            if (!(__atomic_load_n(&ever[word], __ATOMIC_RELAXED) >> bit & 1)) __atomic_fetch_or(&ever[word], 1ull << bit, __ATOMIC_RELAXED);
            call->slot = word * 64 + bit;
            call->free[THREAD] = thread();
            __atomic_store_n(&call->free[TAKEN], 1, __ATOMIC_RELEASE);
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
    call->free[BY_LIBC] = from->free[BY_LIBC];
    const struct answer answer = slot_run(call, what);
    if (answer.kept) {
        give_back(call);
        set_mask(&mask, NULL);
    }
    return answer.result;
}

long engine_call(long number, long a, long b, long c, long d, long e, long f) {
    const struct call call = {.number = (uint64_t)number, .arguments = {(uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (uint64_t)e, (uint64_t)f}};
    return library_ready() ? run(dispatch, &call) : sys_call(number, a, b, c, d, e, f);
}

/* ---- points of cancellation: a call that may block is made by libc's own function, which knows how a thread is ended in it */

typedef long call_function(long a, long b, long c, long d, long e, long f);

/* NULL: libc has none for this call. */
static call_function *function_for(uint64_t number) {
    switch (number) {
        case __NR_openat: return LIBC(call_function, openat);
        case __NR_connect: return LIBC(call_function, connect);
        case __NR_accept: return LIBC(call_function, accept);
        case __NR_accept4: return LIBC(call_function, accept4);
        case __NR_sendto: return LIBC(call_function, sendto);
        case __NR_sendmsg: return LIBC(call_function, sendmsg);
        case __NR_recvfrom: return LIBC(call_function, recvfrom);
        case __NR_recvmsg: return LIBC(call_function, recvmsg);
        default: return NULL;
    }
}

static bool is_size(uint64_t number) { return number == __NR_sendto || number == __NR_sendmsg || number == __NR_recvfrom || number == __NR_recvmsg; }

/* Libc has no openat2, and of what openat2 opens only these can block. */
static bool blocks(const uint64_t *window) {
    const struct open_how *how = (const struct open_how *)window[3];
    struct union_status status;
    if (how->flags & (O_PATH | O_DIRECTORY | O_NONBLOCK)) return false;
    if (sys_stat((int)window[1], (const char *)window[2], &status, how->resolve ? AT_SYMLINK_NOFOLLOW : 0) < 0) return false;
    return S_ISFIFO(status.mode) || S_ISCHR(status.mode);
}
static void as_openat(uint64_t *window) {
    const struct open_how *how = (const struct open_how *)window[3];
    window[4] = how->mode;
    window[3] = how->flags | O_LARGEFILE;
    window[0] = __NR_openat;
}

/* On the guest's stack, with its mask. A thread that is ended here leaves its slot behind, and a descriptor where a path is too long for the kernel. */
long window_by_libc(struct call *call);
long window_by_libc(struct call *call) {
    uint64_t *window = call->window;
    if (window[0] == __NR_openat2 && blocks(window)) as_openat(window);
    call_function *function = function_for(window[0]);
    if (!function) return sys_call((long)window[0], (long)window[1], (long)window[2], (long)window[3], (long)window[4], (long)window[5], (long)window[6]);
    const int before = get_errno();
    __atomic_store_n(&call->free[OWNER], (uint64_t)SYS(gettid, 0), __ATOMIC_RELEASE);
    long result = function((long)window[1], (long)window[2], (long)window[3], (long)window[4], (long)window[5], (long)window[6]);
    __atomic_store_n(&call->free[OWNER], 0, __ATOMIC_RELEASE);
    if (!is_size(window[0])) result = (int)result;
    if (result < 0) result = -get_errno();
    set_errno(before);
    return result;
}

typedef void test_function(void);
long engine_cancellable(long number, long a, long b, long c, long d, long e, long f) {
    const struct call call = {.number = (uint64_t)number, .arguments = {(uint64_t)a, (uint64_t)b, (uint64_t)c, (uint64_t)d, (uint64_t)e, (uint64_t)f}, .free[BY_LIBC] = 1};
    if (!library_ready()) return sys_call(number, a, b, c, d, e, f);
    test_function *test = LIBC(test_function, pthread_testcancel);
    if (test) test();
    return run(dispatch, &call);
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
long call_shmat(struct call *call) { return pass(call); }

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
