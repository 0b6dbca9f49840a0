/* Writing seccomp filters. Jumps are patched by the writer, so a filter reads top down. */
#ifndef LICHEN_USERNS_BPF_H
#define LICHEN_USERNS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base.h"

enum { BPF_ROOM = 4096, BPF_LABELS = 32 };

struct filter {
    struct sock_filter code[BPF_ROOM];
    unsigned count;
    struct {
        unsigned at, label;
    } jumps[BPF_LABELS]; /* to labels that are still to come */
    unsigned jump_count;
};

/* From `number` on, up to the next rule, system calls get `action`: a SECCOMP_RET_ value, or GO_TO(label). */
struct rule {
    uint32_t number, action;
};
#define GO_TO(label) (0xffff0000U | (label))

/* The whole table of one machine, number by number; then written as a search over its runs. The kernel walks a filter once for every system call when it is installed (to
   know which are always allowed), so a short way through it is a quick start of each program. */
enum { BPF_NUMBERS = 512 };
struct table {
    uint32_t actions[BPF_NUMBERS];
};

void bpf_load(struct filter *filter, size_t offset);                /* a word of struct seccomp_data */
void bpf_return(struct filter *filter, uint32_t action);
void bpf_return_if(struct filter *filter, uint32_t value, uint32_t action); /* when the loaded word is `value` */
/* The code between the two is skipped unless the loaded word is `value`. */
unsigned bpf_if(struct filter *filter, uint32_t value);
void bpf_end(struct filter *filter, unsigned begun);
void bpf_and(struct filter *filter, uint32_t mask);
void bpf_fill(struct table *table, uint32_t action);
/* Ignores numbers that are not in the table, such as -1. */
void bpf_set(struct table *table, int number, uint32_t action);
/* A binary search for the loaded word; `beyond` is the action for numbers behind the table. */
void bpf_table(struct filter *filter, const struct table *table, uint32_t beyond);
/* Here is where GO_TO(label) goes. */
void bpf_label(struct filter *filter, unsigned label);

/* Installs it for this process. Needs no_new_privs or CAP_SYS_ADMIN. Flags and result as seccomp(2); -1: errno. */
int bpf_install(const struct filter *filter, unsigned flags);

#define SECCOMP_WORD(field) offsetof(struct seccomp_data, field)
#define ERRNO_ACTION(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

#endif
