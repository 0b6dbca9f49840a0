/* Writing seccomp filters. Jumps are patched by the writer, so a filter reads top down. */
#ifndef LICHEN_USERNS_BPF_H
#define LICHEN_USERNS_BPF_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base.h"

enum { BPF_ROOM = 4096 };

struct filter {
    struct sock_filter code[BPF_ROOM];
    unsigned count;
};

/* From `number` on, up to the next rule, system calls get `action`. */
struct rule {
    uint32_t number, action;
};

void bpf_load(struct filter *filter, size_t offset);                /* a word of struct seccomp_data */
void bpf_return(struct filter *filter, uint32_t action);
void bpf_return_if(struct filter *filter, uint32_t value, uint32_t action); /* when the loaded word is `value` */
/* The code between the two is skipped unless the loaded word is `value`. */
unsigned bpf_if(struct filter *filter, uint32_t value);
void bpf_end(struct filter *filter, unsigned begun);
void bpf_and(struct filter *filter, uint32_t mask);
/* A binary search over rules that are sorted by number and begin at 0. */
void bpf_search(struct filter *filter, const struct rule *rules, size_t count);

/* Installs it for this process. Needs no_new_privs or CAP_SYS_ADMIN. Flags and result as seccomp(2); -1: errno. */
int bpf_install(const struct filter *filter, unsigned flags);

#define SECCOMP_WORD(field) offsetof(struct seccomp_data, field)
#define ERRNO_ACTION(error) (SECCOMP_RET_ERRNO | (uint32_t)(error))

#endif
