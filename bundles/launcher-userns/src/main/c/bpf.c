#include "bpf.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned emit(struct filter *filter, uint16_t code, uint8_t yes, uint8_t no, uint32_t value) {
    if (filter->count == BPF_ROOM) die(STATUS_LICHEN, "cannot make a system call filter: it is too long");
    filter->code[filter->count] = (struct sock_filter){code, yes, no, value};
    return filter->count++;
}

void bpf_load(struct filter *filter, size_t offset) { emit(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset); }

void bpf_return(struct filter *filter, uint32_t action) { emit(filter, BPF_RET | BPF_K, 0, 0, action); }

void bpf_return_if(struct filter *filter, uint32_t value, uint32_t action) {
    emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    bpf_return(filter, action);
}

/* A conditional jump reaches 255 instructions, an unconditional one any distance. */
unsigned bpf_if(struct filter *filter, uint32_t value) {
    emit(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
    return emit(filter, BPF_JMP | BPF_JA, 0, 0, 0);
}

void bpf_end(struct filter *filter, unsigned begun) { filter->code[begun].k = filter->count - begun - 1; }

void bpf_and(struct filter *filter, uint32_t mask) { emit(filter, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask); }

static void leaf(struct filter *filter, uint32_t action) {
    if (action < GO_TO(0)) {
        bpf_return(filter, action);
        return;
    }
    if (filter->jump_count == BPF_LABELS) die(STATUS_LICHEN, "cannot make a system call filter: it has too many labels");
    filter->jumps[filter->jump_count].at = emit(filter, BPF_JMP | BPF_JA, 0, 0, 0);
    filter->jumps[filter->jump_count++].label = action & 0xffff;
}

void bpf_label(struct filter *filter, unsigned label) {
    for (unsigned i = 0; i < filter->jump_count;) {
        if (filter->jumps[i].label != label) {
            i++;
            continue;
        }
        bpf_end(filter, filter->jumps[i].at);
        filter->jumps[i] = filter->jumps[--filter->jump_count];
    }
}

/* A search over n rules is 2n-1 instructions long, unless it is so long itself that its jumps need help. */
static void search(struct filter *filter, const struct rule *rules, size_t count) {
    if (count == 1) {
        leaf(filter, rules[0].action);
        return;
    }
    size_t half = count / 2, length = 2 * half - 1;
    if (length <= 255) {
        emit(filter, BPF_JMP | BPF_JGE | BPF_K, (uint8_t)length, 0, rules[half].number);
        search(filter, rules, half);
    } else {
        emit(filter, BPF_JMP | BPF_JGE | BPF_K, 0, 1, rules[half].number);
        unsigned jump = emit(filter, BPF_JMP | BPF_JA, 0, 0, 0);
        search(filter, rules, half);
        bpf_end(filter, jump);
    }
    search(filter, rules + half, count - half);
}

void bpf_fill(struct table *table, uint32_t action) {
    for (size_t i = 0; i < BPF_NUMBERS; i++) table->actions[i] = action;
}

void bpf_set(struct table *table, int number, uint32_t action) {
    if (number >= 0 && number < BPF_NUMBERS) table->actions[number] = action;
}

void bpf_table(struct filter *filter, const struct table *table, uint32_t beyond) {
    struct rule rules[BPF_NUMBERS + 1];
    size_t count = 0;
    for (uint32_t i = 0; i <= BPF_NUMBERS; i++) {
        uint32_t action = i < BPF_NUMBERS ? table->actions[i] : beyond;
        if (!count || rules[count - 1].action != action) rules[count++] = (struct rule){i, action};
    }
    search(filter, rules, count);
}

int bpf_install(const struct filter *filter, unsigned flags) {
    struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = (struct sock_filter *)(uintptr_t)filter->code};
    int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (result < 0 && (errno == ENOSYS || errno == EINVAL) && !flags) result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0); /* before 3.17, or where seccomp(2) is forbidden */
    return result;
}
