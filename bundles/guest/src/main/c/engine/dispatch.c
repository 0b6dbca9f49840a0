#include "engine.h"
#include "table.h"

/* ---- slots: free ones are zeros in the pool, so that a forked child, whose copy of the pool the kernel clears, has all of them: other threads of its parent do not exist in it. */

extern const uint64_t slot_calls;
const uint64_t slot_calls = ENGINE_SLOTS + SLOT_SIZE - CALL_SIZE;

enum { POOL_SIZE = 4096 };
void slot_release(int64_t number) { __atomic_fetch_and(&((uint64_t *)ENGINE_POOL)[number / 64], ~(1ull << number % 64), __ATOMIC_SEQ_CST); }

long slots_make(void) {
    enum { FIXED = 0x10, NO_RESERVE = 0x4000, WIPE_ON_FORK = 18 };
    long result = SYS(mmap, ENGINE_SLOTS, (uint64_t)SLOT_COUNT * SLOT_SIZE, SYS_PROT_RW, SYS_MAP_SCRATCH | FIXED | NO_RESERVE, -1, 0);
    if (result >= 0) result = SYS(mmap, ENGINE_POOL, POOL_SIZE, SYS_PROT_RW, SYS_MAP_SCRATCH | FIXED, -1, 0);
    if (result < 0) return result;
    SYS(madvise, ENGINE_POOL, POOL_SIZE, WIPE_ON_FORK); /* before Linux 4.14: slots that are in use at a fork are lost to the child */
    return 0;
}

/* ---- */

long dispatch(struct call *call) {
    const struct entry *entry = &table[call->number % TABLE_SIZE];
    if (call->number >= TABLE_SIZE) return -ENOSYS;
    switch ((enum treatment)entry->treatment) {
        case TRAPPED:
        case ANSWERED_INSIDE: return entry->answer(call);
        case TRAPPED_FOR_ROOT:
            if (engine.full) return entry->answer(call);
            break;
        case TRAPPED_FOR_UNION:
            if (engine.tree.layer_count > 1) return entry->answer(call);
            break;
        case FAILED: return -entry->error;
        case UNKNOWN: return -ENOSYS;
        case PASSED: break;
    }
    return window(call, call->number, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
}
