/* The seccomp filter: which system calls of the guest are made into SIGSYS, walked from the one table. It is installed once, before the first program, and inherited by all.
 *
 * What it decides by the number alone the kernel remembers (since 5.11), so a call that passes costs nothing. */
#include "filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "signals.h"
#include "start.h"
#include "table.h"

enum { MOST = 2048, NR = 0, ARCH = 4, IP_LOW = 8, IP_HIGH = 12, ARGUMENTS = 16, NNP = 38, SET_FILTER = 1, SPEC_ALLOW = 4 };

struct code {
    struct sock_filter at[MOST];
    unsigned size;
};

static unsigned emit(struct code *code, unsigned what, uint8_t yes, uint8_t no, uint32_t value) {
    if (code->size < MOST) code->at[code->size] = (struct sock_filter){(uint16_t)what, yes, no, value};
    return code->size++;
}
static void load(struct code *code, unsigned offset) { emit(code, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
static void answer(struct code *code, uint32_t action) { emit(code, BPF_RET | BPF_K, 0, 0, action); }
/* The next `skip` instructions are left out unless the accumulator is `value`, or if it is. */
static void unless_equal(struct code *code, uint32_t value, uint8_t skip) { emit(code, BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value); }
static void if_equal(struct code *code, uint32_t value, uint8_t skip) { emit(code, BPF_JMP | BPF_JEQ | BPF_K, skip, 0, value); }

/* To the engine, unless the engine makes it. Always the last word. */
static void trap(struct code *code) {
    load(code, IP_HIGH);
    unless_equal(code, (uint32_t)(ENGINE_TEXT >> 32), 4);
    load(code, IP_LOW);
    emit(code, BPF_JMP | BPF_JGE | BPF_K, 0, 2, (uint32_t)ENGINE_TEXT);
    emit(code, BPF_JMP | BPF_JGE | BPF_K, 1, 0, (uint32_t)ENGINE_TEXT + ENGINE_TEXT_SIZE);
    answer(code, SECCOMP_RET_ALLOW);
    answer(code, SECCOMP_RET_TRAP);
}

static unsigned argument(unsigned index) { return ARGUMENTS + 8 * index; }

static void trap_unless_null(struct code *code, unsigned index) {
    load(code, argument(index));
    unless_equal(code, 0, 3);
    load(code, argument(index) + 4);
    unless_equal(code, 0, 1);
    answer(code, SECCOMP_RET_ALLOW);
    trap(code);
}

static void trap_if(struct code *code, unsigned index, uint32_t value) {
    load(code, argument(index));
    if_equal(code, value, 1);
    answer(code, SECCOMP_RET_ALLOW);
    trap(code);
}

/* Calls that only some arguments make interesting. false: it is none of them. */
static bool by_arguments(struct code *code, unsigned number) {
    enum { UNBLOCK = 1, MARK = 10, PEER_CREDENTIALS = 17, NAMESPACES = 0x7e020000, EXECUTE = 4, ANONYMOUS = 0x20 };
    static const uint32_t HARMLESS[] = {1, 2, 3, 4, 15, 16}; /* PR_SET_PDEATHSIG …, PR_SET_NAME … */
    switch (number) {
        case __NR_mmap: /* of a file, to be executed */
            if (engine.config->images) {
                load(code, argument(2));
                emit(code, BPF_JMP | BPF_JSET | BPF_K, 1, 0, EXECUTE);
                answer(code, SECCOMP_RET_ALLOW);
                load(code, argument(3));
                emit(code, BPF_JMP | BPF_JSET | BPF_K, 0, 1, ANONYMOUS);
                answer(code, SECCOMP_RET_ALLOW);
                trap(code);
            } else {
                answer(code, SECCOMP_RET_ALLOW);
            }
            return true;
        case __NR_rt_sigprocmask:
            load(code, argument(0));
            unless_equal(code, UNBLOCK, 1);
            answer(code, SECCOMP_RET_ALLOW);
            trap_unless_null(code, 1);
            return true;
        case __NR_ppoll: trap_unless_null(code, 3); return true;
        case __NR_pselect6: trap_unless_null(code, 5); return true;
        case __NR_epoll_pwait:
        case __NR_epoll_pwait2:
        case __NR_sendto:
        case __NR_recvfrom: trap_unless_null(code, 4); return true;
        case __NR_accept:
        case __NR_accept4: trap_unless_null(code, 1); return true;
        case __NR_ptrace: trap_if(code, 0, 0); return true; /* PTRACE_TRACEME */
        case __NR_getsockopt: trap_if(code, 2, PEER_CREDENTIALS); return true;
        case __NR_prlimit64: trap_if(code, 1, MARK); return true;
        case __NR_getrlimit:
        case __NR_setrlimit: trap_if(code, 0, MARK); return true;
        case __NR_prctl:
            load(code, argument(0));
            for (unsigned i = 0; i < sizeof HARMLESS / sizeof *HARMLESS; i++) {
                unless_equal(code, HARMLESS[i], 1);
                answer(code, SECCOMP_RET_ALLOW);
            }
            trap(code);
            return true;
        case __NR_clone:
            load(code, argument(0));
            emit(code, BPF_JMP | BPF_JSET | BPF_K, 0, 1, NAMESPACES);
            answer(code, SECCOMP_RET_ERRNO | EPERM);
            answer(code, SECCOMP_RET_ALLOW);
            return true;
        default: return false;
    }
}

static uint32_t action_of(unsigned number, bool full) {
    const struct entry *entry = &table[number];
    switch ((enum treatment)entry->treatment) {
        case PASSED:
        case ANSWERED_INSIDE: return SECCOMP_RET_ALLOW;
        case FAILED: return SECCOMP_RET_ERRNO | entry->error;
        case UNKNOWN: return SECCOMP_RET_ERRNO | ENOSYS;
        case TRAPPED_FOR_ROOT: return full ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW;
        case TRAPPED_FOR_UNION: return engine.tree.layer_count > 1 ? SECCOMP_RET_TRAP : SECCOMP_RET_ALLOW;
        case TRAPPED: break;
    }
    return SECCOMP_RET_TRAP;
}

static bool is_conditional(unsigned number, bool full) {
    struct code none = {.size = MOST};
    return action_of(number, full) == SECCOMP_RET_TRAP && by_arguments(&none, number);
}

/* Numbers [from, to) by halves; neighbours that are treated alike are one. */
static void decide(struct code *code, unsigned from, unsigned to, bool full) {
    bool same = true;
    for (unsigned i = from + 1; i < to && same; i++) same = action_of(i, full) == action_of(from, full) && !is_conditional(i, full);
    if (same && (to - from == 1 || !is_conditional(from, full))) {
        const uint32_t action = action_of(from, full);
        if (is_conditional(from, full)) by_arguments(code, from);
        else if (action == SECCOMP_RET_TRAP) trap(code);
        else answer(code, action);
        return;
    }
    const unsigned middle = (from + to) / 2;
    emit(code, BPF_JMP | BPF_JGE | BPF_K, 0, 1, middle);
    const unsigned jump = emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
    decide(code, from, middle, full);
    if (jump < MOST) code->at[jump].k = code->size - jump - 1;
    decide(code, middle, to, full);
}

long filter_install(bool full) {
    static struct code code;
    code.size = 0;
    load(&code, ARCH);
    if_equal(&code, AUDIT_ARCH_X86_64, 1);
    answer(&code, SECCOMP_RET_ERRNO | ENOSYS);
    load(&code, NR);
    emit(&code, BPF_JMP | BPF_JGE | BPF_K, 0, 1, TABLE_SIZE); /* x32 too */
    answer(&code, SECCOMP_RET_ERRNO | ENOSYS);
    decide(&code, 0, TABLE_SIZE, full);
    if (code.size > MOST) return -E2BIG;
    const struct sock_fprog program = {(unsigned short)code.size, code.at};
    long result = SYS(prctl, NNP, 1);
    /* Without it the kernel would turn off speculation for the guest, which costs more than the filter. */
    if (result == 0) result = SYS(seccomp, SET_FILTER, SPEC_ALLOW, &program);
    return result == -EINVAL ? SYS(seccomp, SET_FILTER, 0, &program) : result;
}

const bool stage_filtered = true;

long stage_first(void) { return filter_install(engine.full); }

_Noreturn void stage_preload(const struct stage_program *program, char **argv, char **environment) {
    (void)argv, (void)environment;
    stage_fail(STATUS_LICHEN, "this launcher has no library to load", program->name, -EINVAL);
}
