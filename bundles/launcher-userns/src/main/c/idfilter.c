#include "idfilter.h"

#include <errno.h>
#include <linux/audit.h>
#include <string.h>
#include <sys/stat.h>

#include "ids_calls.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* 5.19: a signal does not interrupt a call that the supervisor has begun to answer */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1U << 5)
#endif

static const uint32_t DONE = ERRNO_ACTION(0);

/* An unprivileged user can make every kind of file but devices. */
static void ignore_devices(struct filter *filter, size_t mode) {
    bpf_load(filter, mode);
    bpf_and(filter, S_IFMT);
    bpf_return_if(filter, S_IFCHR, DONE);
    bpf_return_if(filter, S_IFBLK, DONE);
    bpf_return(filter, SECCOMP_RET_ALLOW);
}

/* Not supervised, a question is answered by the kernel. */
static uint32_t action(bool supervised, const char *name) {
    if (supervised) return SECCOMP_RET_USER_NOTIF;
    return name[0] == 'G' ? SECCOMP_RET_ALLOW : DONE;
}

static void fill(struct table *table, bool i386, bool supervised) {
    bpf_fill(table, SECCOMP_RET_ALLOW);
#define SUPERVISE(name, x86_64, now, old)                             \
    bpf_set(table, i386 ? now : x86_64, action(supervised, #name)); \
    if (i386) bpf_set(table, old, action(supervised, #name));
#define IGNORE(name, x86_64, now, old)          \
    bpf_set(table, i386 ? now : x86_64, DONE); \
    if (i386) bpf_set(table, old, DONE);
    IDS_SUPERVISED(SUPERVISE)
    IDS_IGNORED(IGNORE)
#undef SUPERVISE
#undef IGNORE
}

enum label {
    MKNOD,
    MKNODAT,
#define LABEL(name, x86_64, i386, argument, value) IF_##name,
    IDS_CONDITIONAL(LABEL)
#undef LABEL
};

static void supervise_if(struct filter *filter, size_t argument, uint32_t value) {
    bpf_load(filter, argument);
    bpf_return_if(filter, value, SECCOMP_RET_USER_NOTIF);
    bpf_return(filter, SECCOMP_RET_ALLOW);
}

static void machine(struct filter *filter, bool i386, bool supervised) {
    static struct table table;
    fill(&table, i386, supervised);
    bpf_set(&table, i386 ? IDS_MKNOD_I386 : IDS_MKNOD_X86_64, GO_TO(MKNOD));
    bpf_set(&table, i386 ? IDS_MKNODAT_I386 : IDS_MKNODAT_X86_64, GO_TO(MKNODAT));
#define SET(name, x86_64, now, argument, value) \
    if (supervised) bpf_set(&table, i386 ? now : x86_64, GO_TO(IF_##name));
    IDS_CONDITIONAL(SET)
#undef SET
    bpf_load(filter, SECCOMP_WORD(nr));
    bpf_table(filter, &table, SECCOMP_RET_ALLOW);
#define CHECK(name, x86_64, now, argument, value) \
    bpf_label(filter, IF_##name);                 \
    supervise_if(filter, SECCOMP_WORD(args[argument]), value);
    IDS_CONDITIONAL(CHECK)
#undef CHECK
    bpf_label(filter, MKNOD);
    ignore_devices(filter, SECCOMP_WORD(args[1]));
    bpf_label(filter, MKNODAT);
    ignore_devices(filter, SECCOMP_WORD(args[2]));
}

void idfilter_write(struct filter *filter, bool supervised) {
    filter->count = filter->jump_count = 0;
    bpf_load(filter, SECCOMP_WORD(arch));
    unsigned begun = bpf_if(filter, AUDIT_ARCH_X86_64);
    machine(filter, false, supervised);
    bpf_end(filter, begun);
    begun = bpf_if(filter, AUDIT_ARCH_I386);
    machine(filter, true, supervised);
    bpf_end(filter, begun);
    bpf_return(filter, SECCOMP_RET_ALLOW);
}

int idfilter_install(void) {
    static struct filter filter;
    idfilter_write(&filter, true);
    int listener = bpf_install(&filter, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    if (listener < 0 && errno == EINVAL) listener = bpf_install(&filter, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (listener >= 0) return listener;
    complain("programs in the container cannot change their user (%s); they see themselves as they were started",
             errno == EBUSY ? "another container around this one answers for it" : "this kernel has no seccomp user notification");
    idfilter_write(&filter, false);
    if (bpf_install(&filter, 0) != 0) die(STATUS_LICHEN, "cannot install the filter of identity basic: %s", strerror(errno));
    return -1;
}
