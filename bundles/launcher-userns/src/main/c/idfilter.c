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
static void ignore_devices(struct filter *filter, uint32_t number, size_t mode) {
    unsigned begun = bpf_if(filter, number);
    bpf_load(filter, mode);
    bpf_and(filter, S_IFMT);
    bpf_return_if(filter, S_IFCHR, DONE);
    bpf_return_if(filter, S_IFBLK, DONE);
    bpf_return(filter, SECCOMP_RET_ALLOW);
    bpf_end(filter, begun);
}

/* What an id call gets. */
static uint32_t action(bool supervised, bool question) {
    if (supervised) return SECCOMP_RET_USER_NOTIF;
    return question ? SECCOMP_RET_ALLOW : DONE;
}

static bool is_question(const char *name) { return name[0] == 'G'; }

static void write_x86_64(struct filter *filter, bool supervised) {
#define SUPERVISE(name, x86_64, i386, old) bpf_return_if(filter, x86_64, action(supervised, is_question(#name)));
#define IGNORE(name, x86_64, i386, old) bpf_return_if(filter, x86_64, DONE);
    IDS_SUPERVISED(SUPERVISE)
    IDS_IGNORED(IGNORE)
#undef SUPERVISE
#undef IGNORE
    ignore_devices(filter, IDS_MKNOD_X86_64, SECCOMP_WORD(args[1]));
    ignore_devices(filter, IDS_MKNODAT_X86_64, SECCOMP_WORD(args[2]));
}

static void write_i386(struct filter *filter, bool supervised) {
#define BOTH(now, old, action)                             \
    bpf_return_if(filter, now, action);                    \
    if (old >= 0) bpf_return_if(filter, (uint32_t)old, action);
#define SUPERVISE(name, x86_64, i386, old) BOTH(i386, old, action(supervised, is_question(#name)))
#define IGNORE(name, x86_64, i386, old) BOTH(i386, old, DONE)
    IDS_SUPERVISED(SUPERVISE)
    IDS_IGNORED(IGNORE)
#undef BOTH
#undef SUPERVISE
#undef IGNORE
    ignore_devices(filter, IDS_MKNOD_I386, SECCOMP_WORD(args[1]));
    ignore_devices(filter, IDS_MKNODAT_I386, SECCOMP_WORD(args[2]));
}

void idfilter_write(struct filter *filter, bool supervised) {
    filter->count = 0;
    bpf_load(filter, SECCOMP_WORD(arch));
    unsigned begun = bpf_if(filter, AUDIT_ARCH_X86_64);
    bpf_load(filter, SECCOMP_WORD(nr));
    write_x86_64(filter, supervised);
    bpf_return(filter, SECCOMP_RET_ALLOW);
    bpf_end(filter, begun);
    begun = bpf_if(filter, AUDIT_ARCH_I386);
    bpf_load(filter, SECCOMP_WORD(nr));
    write_i386(filter, supervised);
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
