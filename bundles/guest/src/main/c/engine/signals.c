#include "signals.h"

#include "image.h"
#include "mappings.h"
#include "start.h"
#include "table.h"
#include "unseen.h"
#include "text.h"

enum { DEFAULT = 0, IGNORE = 1, FREE = 0, FILLING, READY };
enum { SET_BLOCK = 0, SET_UNBLOCK = 1, SET_SETMASK = 2, MASK_SIZE = 8 };
#define SA_SIGINFO 4u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u
#define UNMASKABLE (SIGNAL_BIT(9) | SIGNAL_BIT(19))

struct context {
    uint64_t flags, link, stack[3];
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags, segments, error, trap, old_mask, address;
    uint64_t fpu, reserved[8], mask;
    int32_t info[32]; /* siginfo: number, errno, code */
};
_Static_assert(offsetof(struct context, rip) == UC_RIP && offsetof(struct context, info) == UC_SIZE, "as layout.h says");

extern const char entry[], take_test[], hold_number[], hold_scaled[], hold_call[], hold_end[], started[], leave_start[], leave_registers[], leave_slot[], leave_last[], leave_end[],
    window_start[], window_done[], window_back[], window_give_up[], masked_start[], masked_done[], masked_back[], exec_hold[], exec_start[], exec_done[], guest_copy_end[],
    guest_fault[], wrap[], wrap_look[], wrap_looked[], wrap_saved[], wrap_end[], wrap_fault[], on_sigsys[], stubs[], stubs_end[], guest_copy_start[] __asm__("guest_copy");
void resume(struct call *call, struct context *context);
struct context *relocate(struct context *context);
uint64_t settle(struct context *context, uint64_t *mask);
int on_fault(struct context *context);

extern const uint64_t every_signal;
const uint64_t every_signal = ~0ull;
int alternate_stack_used;

/* The table of entry.S's wrapper, which knows the size and the first word of an action. */
_Static_assert(sizeof(struct action) == 32, "the wrapper multiplies");
extern struct action actions[ACTION_COUNT];
struct action actions[ACTION_COUNT];
static uint8_t action_states[ACTION_COUNT];

/* ---- actions */

static uint64_t stub_of(const struct action *action) { return (uint64_t)stubs + 16u * (uint64_t)(action - actions); }
static struct action *action_of(uint64_t restorer) {
    return restorer >= (uint64_t)stubs && restorer < (uint64_t)stubs_end ? &actions[(restorer - (uint64_t)stubs) / 16] : NULL;
}

/* That of a frame that our wrapper was called with. */
static const struct action *action_in(const struct context *frame) { return &actions[(*(const uint64_t *)((uint64_t)frame - 8) - (uint64_t)stubs) / 16 % ACTION_COUNT]; }

/* An entry that another thread is filling is skipped, not waited for: that thread may not exist in a forked child. Having one twice does no harm. */
static struct action *intern(const struct action *wanted) {
    uint64_t at = (wanted->handler ^ wanted->mask * 31 ^ wanted->flags * 1000003 ^ wanted->restorer) * 0x9e3779b97f4a7c15u >> 53;
    for (int i = 0; i < ACTION_COUNT; i++, at = (at + 1) % ACTION_COUNT) {
        struct action *action = &actions[at];
        uint8_t state = __atomic_load_n(&action_states[at], __ATOMIC_ACQUIRE);
        if (state == READY && bytes_equal(action, wanted, sizeof *wanted)) return action;
        if (state != FREE || !__atomic_compare_exchange_n(&action_states[at], &state, FILLING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) continue;
        *action = *wanted;
        __atomic_store_n(&action_states[at], READY, __ATOMIC_RELEASE);
        return action;
    }
    return NULL;
}

static bool is_engines(int number) {
    return number == SIGNAL_SEGV || number == SIGNAL_BUS || number == SIGNAL_SYS || (number == SIGNAL_ILL && !stage_filtered);
}

/* Those by which calls come in: they are never blocked. */
static uint64_t ways_in(void) { return SIGNAL_BIT(SIGNAL_SYS) | (stage_filtered ? 0 : SIGNAL_BIT(SIGNAL_ILL)); }

static long sigaction(int number, const struct action *new, struct action *old) {
    struct action real, before = {0};
    if (new) {
        real = *new;
        real.flags &= 0xffffffffu;
        if (real.handler > IGNORE || is_engines(number)) {
            const struct action *action = intern(&real);
            if (!action) return -ENOMEM;
            real.restorer = stub_of(action);
            real.handler = (uint64_t)wrap;
            real.flags |= SA_RESTORER | SA_SIGINFO; /* without the latter the kernel leaves siginfo unwritten */
            if (is_engines(number)) {
                real.handler = number == SIGNAL_SYS ? (uint64_t)on_sigsys : (uint64_t)wrap_fault;
                real.mask = every_signal;
                real.flags = (real.flags & ~SA_RESETHAND) | SA_ONSTACK | (number == SIGNAL_SYS && new->handler <= IGNORE ? SA_RESTART : 0);
            }
        }
        if (!is_engines(number)) real.mask &= ~ways_in();
    }
    long result = SYS(rt_sigaction, number, new ? &real : NULL, &before, MASK_SIZE);
    if (result < 0 || !old) return result;
    const struct action *action = action_of(before.restorer);
    *old = action && before.flags & SA_RESTORER ? *action : before;
    return 0;
}

long signals_start(void) {
    static const int ALWAYS[] = {SIGNAL_SEGV, SIGNAL_BUS, SIGNAL_SYS, SIGNAL_ILL};
    static const struct action DEFAULTS = {.handler = DEFAULT}, IGNORED = {.handler = IGNORE};
    for (unsigned i = 0; i < sizeof ALWAYS / sizeof *ALWAYS - stage_filtered; i++) {
        struct action before;
        long result = sigaction(ALWAYS[i], &DEFAULTS, &before);
        if (result == 0 && before.handler == IGNORE) result = sigaction(ALWAYS[i], &IGNORED, NULL);
        if (result < 0) return result;
    }
    const uint64_t trap = ways_in();
    return SYS(rt_sigprocmask, SET_UNBLOCK, &trap, NULL, MASK_SIZE);
}

/* ---- regions: what a signal means where it has come. With every signal blocked, on the stack of the frame. */

static inline bool within(uint64_t address, const char *from, const char *to) { return address >= (uint64_t)from && address < (uint64_t)to; }
static bool is_in_slots(uint64_t address) { return address - ENGINE_SLOTS < (uint64_t)SLOT_COUNT * SLOT_SIZE; }
static struct call *call_of_stack(uint64_t rsp) { return &((union slot *)(uintptr_t)(rsp & ~(uint64_t)(SLOT_SIZE - 1)))->call; }

/* The frame whose wrapper was interrupted by the one with this context, or NULL. */
static struct context *frame_below(const struct context *context) {
    if (!within(context->rip, wrap, wrap_end)) return NULL;
    return (struct context *)(uintptr_t)(within(context->rip, wrap, wrap_saved) ? context->rdx : context->r14);
}

static uint64_t frame_end(const struct context *context) {
    enum { SOFTWARE_BYTES = 464, MAGIC = 0x46505853, LEGACY = 512 };
    if (!context->fpu) return (uint64_t)(context->info + 32);
    const uint32_t *software = (const uint32_t *)(uintptr_t)(context->fpu + SOFTWARE_BYTES);
    return context->fpu + (software[0] == MAGIC ? software[1] : LEGACY);
}

static void copy_words(uint64_t to, uint64_t from, uint64_t size) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

/* Frames that the kernel has put into a slot go to the guest's stack, where it would have put them had the guest been interrupted itself: the oldest first, each below the one
   before. Answers the new place of the youngest. */
struct context *relocate(struct context *context) {
    enum { DEEPEST = 64, RED_ZONE = 128 };
    struct context *chain[DEEPEST], *moved = NULL;
    int count = 0;
    uint64_t stack = 0;
    for (struct context *at = context; at && count < DEEPEST; at = frame_below(at)) chain[count++] = at;
    for (int i = count - 1; i >= 0; i--) {
        struct context *at = chain[i];
        const uint64_t frame = (uint64_t)at - 8;
        if (moved && within(at->rip, wrap, wrap_saved)) at->rdx = (uint64_t)moved;
        else if (moved) at->r14 = (uint64_t)moved;
        moved = NULL;
        if (!is_in_slots(frame)) {
            stack = frame - RED_ZONE;
            continue;
        }
        if (!stack) stack = call_of_stack(frame)->real_rsp - RED_ZONE;
        const uint64_t size = frame_end(at) - frame, to = ((stack - size) & ~63ull) + (frame & 63) - 64; /* the saved registers are aligned to 64 */
        copy_words(to, frame, size);
        moved = (struct context *)(uintptr_t)(to + 8);
        if (moved->fpu) moved->fpu += to - frame;
        stack = to - RED_ZONE;
    }
    return moved ? moved : context;
}

/* The guest's registers behind its call, or before it. */
static void leave(struct context *context, const struct call *call, bool again) {
    context->rdi = call->rdi, context->rsi = call->rsi, context->rdx = call->rdx, context->r10 = call->r10, context->r8 = call->r8, context->r9 = call->r9;
    context->rbx = call->rbx, context->rbp = call->rbp, context->r12 = call->r12, context->r13 = call->r13, context->r14 = call->r14, context->r15 = call->r15;
    context->rsp = call->rsp, context->rcx = call->back, context->r11 = context->eflags;
    context->rax = again ? call->number : (uint64_t)call->result;
    context->rip = again ? call->back - 2 : call->back;
    if (call->slot >= 0) slot_release(call->slot);
}

/* Nothing of the call is in memory yet: the registers are the guest's. */
static void again(struct context *context, int64_t slot) {
    context->rip = context->rcx - 2;
    context->r11 = context->eflags;
    if (slot >= 0) slot_release(slot);
}

static void finish(struct context *context, struct call *call) {
    resume(call, context);
    leave(context, call, call->rewind);
}

static bool can_read(uint64_t address) {
    uint64_t word;
    return guest_read(&word, address & ~4095ull, sizeof word) == 0;
}

static void mend(struct context *context) {
    enum { CARRY = 1 };
    const uint64_t at = context->rip;
    struct call *call = (struct call *)(uintptr_t)context->r15;
    if (at - ENGINE_TEXT >= ENGINE_TEXT_SIZE) {
        if (can_read(at)) context->rip = image_origin(at, context->rax);
        return;
    }
    if (within(at, entry, hold_number)) {
        again(context, at == (uint64_t)take_test && !(context->eflags & CARRY) ? (int64_t)context->r11 : -1);
    } else if (within(at, hold_number, hold_call)) {
        again(context, (int64_t)(at < (uint64_t)hold_scaled ? context->r11 : context->r11 >> SLOT_SHIFT));
    } else if (within(at, hold_call, hold_end)) {
        again(context, (int64_t)((context->r11 - ENGINE_SLOTS) >> SLOT_SHIFT));
    } else if (within(at, hold_end, started)) {
        call->slot = (int64_t)(((uint64_t)call - ENGINE_SLOTS) >> SLOT_SHIFT);
        leave(context, call, true);
    } else if (within(at, leave_start, leave_registers)) {
        leave(context, call, false);
    } else if (within(at, leave_registers, leave_slot)) {
        leave(context, (struct call *)(uintptr_t)context->r11, false);
    } else if (within(at, leave_slot, leave_end)) {
        if (at < (uint64_t)leave_last && (int64_t)context->r11 >= 0) slot_release((int64_t)context->r11);
        context->rip = context->rcx;
    } else if (within(at, exec_hold, exec_start)) {
        leave(context, (struct call *)(uintptr_t)context->r14, true);
    } else if (within(at, exec_start, exec_done)) {
        leave(context, call, true);
    } else if (at == (uint64_t)exec_done) {
        call->result = (long)context->rax;
        leave(context, call, false);
    } else if (within(at, window_start, window_done) || within(at, masked_start, masked_done)) {
        context->rip = (uint64_t)window_give_up;
        context->rsp = call->engine_rsp;
        finish(context, call);
    } else if (at == (uint64_t)window_done || within(at, masked_done, masked_back)) {
        if (at == (uint64_t)window_done) context->rip = (uint64_t)window_back;
        context->rsp = call->engine_rsp;
        finish(context, call);
    } else if (within(at, wrap, wrap_end)) {
        struct context *below = frame_below(context);
        if (!below) return;
        mend(below);
        const struct action *action = action_in(below);
        context->rip = action->handler, context->rsp = (uint64_t)below - 8;
        context->rdi = (uint64_t)below->info[0], context->rsi = (uint64_t)below->info, context->rdx = (uint64_t)below, context->rax = 0;
    } else if (is_in_slots(context->rsp)) {
        finish(context, call_of_stack(context->rsp));
    }
}

/* Makes the context the guest's. Answers the handler, and the mask that it is to run under. */
uint64_t settle(struct context *context, uint64_t *mask) {
    mend(context);
    const int number = context->info[0];
    const struct action *action = action_in(context);
    *mask = (context->mask | action->mask | (action->flags & SA_NODEFER ? 0 : SIGNAL_BIT(number))) & ~ways_in();
    if (is_engines(number) && action->flags & SA_RESETHAND) {
        const struct action none = {0};
        sigaction(number, &none, NULL);
    }
    return action->handler;
}

/* The `ud2` that a `syscall` has become: where nothing traps it, and there is no room for a jump, or a call is made again. */
static bool goes_in(struct context *context) {
    const uint64_t behind = context->rip + 2, raw = mapping_raw(behind);
    if (!raw) return false;
    context->rcx = behind;
    context->rip = context->rax < TABLE_SIZE && raw_numbers[context->rax] ? raw : (uint64_t)entry;
    return true;
}

/* 0: mended, go on; 1: it is for the guest. */
int on_fault(struct context *context) {
    const int number = context->info[0], code = context->info[2];
    const struct action *action = action_in(context);
    const bool ours = context->rip - ENGINE_TEXT < ENGINE_TEXT_SIZE && code > 0;
    if (number == SIGNAL_ILL && !ours && code > 0 && goes_in(context)) return 0;
    if (ours && within(context->rip, guest_copy_start, guest_copy_end)) {
        context->rip = (uint64_t)guest_fault;
        return 0;
    }
    if (ours && context->rip == (uint64_t)wrap_look) {
        context->rip = (uint64_t)wrap_looked;
        return 0;
    }
    if (number == SIGNAL_SYS && unseen_is_notice(context->info)) {
        unseen_take_notice();
        return 0;
    }
    if (action->handler > IGNORE && !ours) return 1;
    if (action->handler == IGNORE && code <= 0) return 0;
    /* The default: to fault again, or to be sent again, without us. */
    const struct action none = {.flags = SA_RESTORER, .restorer = stub_of(action)};
    SYS(rt_sigaction, number, &none, NULL, MASK_SIZE);
    if (code <= 0) SYS(tgkill, SYS(getpid, 0), SYS(gettid, 0), number);
    return 0;
}

/* ---- calls */

long call_rt_sigaction(struct call *call) {
    struct action new, old;
    long result = 0;
    if (call->r10 != MASK_SIZE) return -EINVAL;
    if (call->rsi) result = guest_read(&new, call->rsi, sizeof new);
    if (result == 0) result = sigaction((int)call->rdi, call->rsi ? &new : NULL, &old);
    return result == 0 && call->rdx ? guest_write(call->rdx, &old, sizeof old) : result;
}

/* What is blocked is changed by the window, so that a signal which it lets in comes as it would. */
long call_rt_sigprocmask(struct call *call) {
    uint64_t set = 0;
    if (call->r10 != MASK_SIZE) return -EINVAL;
    if (call->rsi && guest_read(&set, call->rsi, sizeof set) < 0) return -EFAULT;
    set &= ~ways_in();
    call->free[0] = set;
    if (!call->masked) return WINDOW(call, rt_sigprocmask, call->rdi, call->rsi ? &call->free[0] : NULL, call->rdx, MASK_SIZE);
    const uint64_t old = call->mask;
    if (call->rsi) {
        switch ((int)call->rdi) {
            case SET_BLOCK: call->mask |= set; break;
            case SET_UNBLOCK: call->mask &= ~set; break;
            case SET_SETMASK: call->mask = set; break;
            default: return -EINVAL;
        }
        call->mask &= ~UNMASKABLE;
    }
    return call->rdx ? guest_write(call->rdx, &old, sizeof old) : 0;
}

/* The mask that a call has for its own time, with what the engine needs taken out; a wrong size is left for the kernel to tell. */
static long own_mask(struct call *call, uint64_t *address, uint64_t size) {
    if (!*address || size != MASK_SIZE) return 0;
    if (guest_read(&call->free[0], *address, MASK_SIZE) < 0) return -EFAULT;
    call->free[0] &= ~ways_in();
    *address = (uint64_t)&call->free[0];
    return 0;
}

long call_rt_sigsuspend(struct call *call) {
    uint64_t mask = call->rdi;
    if (!mask) return call->rsi == MASK_SIZE ? -EFAULT : -EINVAL;
    long result = own_mask(call, &mask, call->rsi);
    return result < 0 ? result : WINDOW(call, rt_sigsuspend, mask, call->rsi);
}

long call_ppoll(struct call *call) {
    uint64_t mask = call->r10;
    long result = own_mask(call, &mask, call->r8);
    return result < 0 ? result : WINDOW(call, ppoll, call->rdi, call->rsi, call->rdx, mask, call->r8);
}

long call_pselect6(struct call *call) {
    uint64_t *pair = &call->free[1];
    if (!call->r9) return WINDOW(call, pselect6, call->rdi, call->rsi, call->rdx, call->r10, call->r8, 0);
    if (guest_read(pair, call->r9, 16) < 0) return -EFAULT;
    long result = own_mask(call, &pair[0], pair[1]);
    return result < 0 ? result : WINDOW(call, pselect6, call->rdi, call->rsi, call->rdx, call->r10, call->r8, pair);
}

static long epoll_wait(struct call *call, uint64_t number) {
    uint64_t mask = call->r8;
    long result = own_mask(call, &mask, call->r9);
    return result < 0 ? result : window(call, number, call->rdi, call->rsi, call->rdx, call->r10, mask, call->r9);
}
long call_epoll_pwait(struct call *call) { return epoll_wait(call, __NR_epoll_pwait); }
long call_epoll_pwait2(struct call *call) { return epoll_wait(call, __NR_epoll_pwait2); }

/* The kernel judges by the stack pointer, which in a window is the guest's. */
long call_sigaltstack(struct call *call) {
    if (call->rdi) __atomic_store_n(&alternate_stack_used, 1, __ATOMIC_SEQ_CST);
    return WINDOW(call, sigaltstack, call->rdi, call->rsi);
}
