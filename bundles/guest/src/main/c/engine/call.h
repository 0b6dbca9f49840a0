/* One system call of the guest on its way through the engine.
 *
 * A call is answered on a private stack of 128 KiB, a slot, taken from a pool for as long as the call lasts: guests' stacks can be too small (Go's have 100 bytes left at times).
 * What is in a slot:
 *
 *     scratch (struct slot.scratch) | stack, growing down to it | struct call
 *
 * Nothing of the engine is alive in a thread while code of its guest runs, so a handler that jumps out and a thread that is cancelled or killed leave nothing behind. */
#ifndef LICHEN_ENGINE_CALL_H
#define LICHEN_ENGINE_CALL_H

#include "layout.h"

#include "union.h"

#include <linux/errno.h>
#include "syscalls.h"

struct call {
    uint64_t number;
    long result;
    union {
        struct {
            uint64_t rdi, rsi, rdx, r10, r8, r9;
        };
        uint64_t arguments[6];
    };
    uint64_t back; /* the guest's address behind its `syscall` */
    uint64_t rsp, rbx, rbp, r12, r13, r14, r15;
    int64_t slot;       /* its number, or -1 */
    uint64_t waiter;    /* the stack of a signal's wrapper that waits for the end of the call, or 0 */
    uint64_t engine_rsp; /* while a window runs on the guest's stack */
    uint64_t rewind;    /* the call is to be made again by the guest */
    uint64_t masked;    /* it came from the alternate stack: every signal is blocked, and the guest's mask is: */
    uint64_t mask;
    uint64_t stack[3];  /* stack_t */
    uint64_t window[7];
    uint64_t real_rsp;  /* the guest's, for windows */
    uint64_t free[7];
};
_Static_assert(sizeof(struct call) == CALL_SIZE, "as layout.h says");
_Static_assert(offsetof(struct call, real_rsp) == C_REAL_RSP && offsetof(struct call, window) == C_WINDOW && offsetof(struct call, slot) == C_SLOT, "as layout.h says");

enum { PATH_ROOM = 4096 };
/* What handlers work with: too large for any stack. */
struct scratch {
    struct union_place place, other;
    char path[PATH_ROOM], other_path[PATH_ROOM];
    _Alignas(16) char text[21504];
};

union slot {
    struct scratch scratch;
    struct {
        char stack[SLOT_SIZE - CALL_SIZE];
        struct call call;
    };
};
_Static_assert(sizeof(union slot) == SLOT_SIZE, "as layout.h says");
_Static_assert(sizeof(struct scratch) <= SLOT_SIZE / 2 + SLOT_SIZE / 8, "the rest is stack, on which frames of signals of up to 12 KiB each come to lie");

static inline union slot *slot_of(const struct call *call) { return (union slot *)(uintptr_t)((uint64_t)call & ~(uint64_t)(SLOT_SIZE - 1)); }
static inline struct scratch *scratch_of(const struct call *call) { return &slot_of(call)->scratch; }

/* Makes the mappings that a process of the guest needs. Before anything else. */
long slots_make(void);
void slot_release(int64_t number);

/* entry.S */
long window(struct call *call, uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
#define WINDOW(call, name, ...) WINDOW_SIX(call, __NR_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define WINDOW_SIX(call, number, a, b, c, d, e, f, ...) \
    window(call, number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))

/* The guest's memory, which may not be there: 0, or -EFAULT. */
long guest_copy(void *to, const void *from, uint64_t size);
/* Copies a text: its size without the zero, -EFAULT, or -ENAMETOOLONG when it and its zero need more than the room. */
long guest_copy_text(char *to, const char *from, uint64_t room);
static inline long guest_read(void *to, uint64_t from, uint64_t size) { return guest_copy(to, (const void *)(uintptr_t)from, size); }
static inline long guest_write(uint64_t to, const void *from, uint64_t size) { return guest_copy((void *)(uintptr_t)to, from, size); }
static inline long guest_text(char *to, uint64_t from, uint64_t room) { return guest_copy_text(to, (const char *)(uintptr_t)from, room); }

/* dispatch.c: answers a call; the result is what the guest gets, unless the call is to be made again. */
long dispatch(struct call *call);

#endif
