#include "profile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static const uint32_t ALLOW = SECCOMP_RET_ALLOW;

struct entry {
    short x86_64, i386;
    signed char capability; /* ALWAYS, NEVER or the one that it needs */
};
enum { ALWAYS = -1, NEVER = -2 };

static const struct entry TABLE[] = {
#define ALLOWED(name, x86_64, i386) {x86_64, i386, ALWAYS},
#define GATED(name, x86_64, i386, capability) {x86_64, i386, capability},
#define REFUSED(name, x86_64, i386) {x86_64, i386, NEVER},
#include "profile.def"
#undef ALLOWED
#undef GATED
#undef REFUSED
};

static bool granted(const struct entry *entry, uint64_t capabilities) {
    return entry->capability == ALWAYS || (entry->capability >= 0 && capabilities >> entry->capability & 1);
}

/* The numbers of one machine: what nobody names does not exist. */
static void fill(struct table *table, bool i386, uint64_t capabilities) {
    bpf_fill(table, ERRNO_ACTION(ENOSYS));
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        bpf_set(table, i386 ? TABLE[i].i386 : TABLE[i].x86_64, granted(&TABLE[i], capabilities) ? ALLOW : ERRNO_ACTION(EPERM));
}

/* Pushing bytes into a terminal would type commands into the caller's shell. */
static void check_ioctl(struct filter *filter) {
    bpf_load(filter, SECCOMP_WORD(args[1]));
    bpf_return_if(filter, TIOCSTI, ERRNO_ACTION(EPERM));
    bpf_return_if(filter, TIOCLINUX, ERRNO_ACTION(EPERM));
    bpf_return(filter, ALLOW);
}

static void check_personality(struct filter *filter) {
    static const uint32_t GOOD[] = {0, 8, 0x20000, 0x20008, 0xffffffff}; /* Linux, Linux32, each with UNAME26; ask */
    bpf_load(filter, SECCOMP_WORD(args[0]));
    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) bpf_return_if(filter, GOOD[i], ALLOW);
    bpf_return(filter, ERRNO_ACTION(EPERM));
}

static void check_socket(struct filter *filter) {
    bpf_load(filter, SECCOMP_WORD(args[0]));
    unsigned netlink = bpf_if(filter, AF_NETLINK);
    bpf_load(filter, SECCOMP_WORD(args[2]));
    bpf_return_if(filter, NETLINK_AUDIT, ERRNO_ACTION(EINVAL));
    bpf_end(filter, netlink);
    bpf_return(filter, ALLOW);
}

enum label { IOCTL, PERSONALITY, SOCKET };

static void machine(struct filter *filter, bool i386, uint64_t capabilities) {
    static struct table table;
    fill(&table, i386, capabilities);
    bpf_set(&table, i386 ? 54 : 16, GO_TO(IOCTL));
    bpf_set(&table, i386 ? 136 : 135, GO_TO(PERSONALITY));
    if (!(capabilities >> CAP_AUDIT_WRITE & 1)) bpf_set(&table, i386 ? 359 : 41, GO_TO(SOCKET));
    bpf_load(filter, SECCOMP_WORD(nr));
    bpf_table(filter, &table, ERRNO_ACTION(ENOSYS)); /* the x32 numbers lie above every known one */
    bpf_label(filter, IOCTL);
    check_ioctl(filter);
    bpf_label(filter, PERSONALITY);
    check_personality(filter);
    bpf_label(filter, SOCKET);
    check_socket(filter);
}

void profile_write(struct filter *filter, uint64_t capabilities) {
    filter->count = filter->jump_count = 0;
    bpf_load(filter, SECCOMP_WORD(arch));
    unsigned begun = bpf_if(filter, AUDIT_ARCH_X86_64);
    machine(filter, false, capabilities);
    bpf_end(filter, begun);
    begun = bpf_if(filter, AUDIT_ARCH_I386);
    machine(filter, true, capabilities);
    bpf_end(filter, begun);
    bpf_return(filter, ERRNO_ACTION(ENOSYS));
}

void profile_install(uint64_t capabilities) {
    static struct filter filter;
    profile_write(&filter, capabilities);
    if (bpf_install(&filter, 0) != 0)
        die(STATUS_LICHEN, "cannot install the system call filter: %s\nhint: run without one: --security-opt seccomp=unconfined", strerror(errno));
}
