#include "profile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { NUMBERS = 512 };
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

/* The table of one machine as rules: equal neighbours are one rule; what nobody names does not exist. */
static void search_table(struct filter *filter, bool i386, uint64_t capabilities) {
    uint32_t actions[NUMBERS];
    struct rule rules[NUMBERS + 1];
    size_t count = 0;
    for (size_t i = 0; i < NUMBERS; i++) actions[i] = ERRNO_ACTION(ENOSYS);
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        int number = i386 ? TABLE[i].i386 : TABLE[i].x86_64;
        if (number >= 0 && number < NUMBERS) actions[number] = granted(&TABLE[i], capabilities) ? ALLOW : ERRNO_ACTION(EPERM);
    }
    for (uint32_t i = 0; i < NUMBERS; i++)
        if (!count || rules[count - 1].action != actions[i]) rules[count++] = (struct rule){i, actions[i]};
    rules[count++] = (struct rule){NUMBERS, ERRNO_ACTION(ENOSYS)};
    bpf_search(filter, rules, count);
}

/* Calls that depend on an argument. Pushing bytes into a terminal (TIOCSTI, TIOCLINUX) would type commands into the caller's shell. */
static void refuse_arguments(struct filter *filter, uint32_t nr_ioctl, uint32_t nr_personality, uint32_t nr_socket, uint64_t capabilities) {
    static const uint32_t PERSONALITIES[] = {0, 8, 0x20000, 0x20008, 0xffffffff}; /* Linux, Linux32, each with UNAME26; ask */
    unsigned begun = bpf_if(filter, nr_ioctl);
    bpf_load(filter, SECCOMP_WORD(args[1]));
    bpf_return_if(filter, TIOCSTI, ERRNO_ACTION(EPERM));
    bpf_return_if(filter, TIOCLINUX, ERRNO_ACTION(EPERM));
    bpf_return(filter, ALLOW);
    bpf_end(filter, begun);

    begun = bpf_if(filter, nr_personality);
    bpf_load(filter, SECCOMP_WORD(args[0]));
    for (size_t i = 0; i < sizeof PERSONALITIES / sizeof *PERSONALITIES; i++) bpf_return_if(filter, PERSONALITIES[i], ALLOW);
    bpf_return(filter, ERRNO_ACTION(EPERM));
    bpf_end(filter, begun);

    if (capabilities >> CAP_AUDIT_WRITE & 1) return;
    begun = bpf_if(filter, nr_socket);
    bpf_load(filter, SECCOMP_WORD(args[0]));
    unsigned netlink = bpf_if(filter, AF_NETLINK);
    bpf_load(filter, SECCOMP_WORD(args[2]));
    bpf_return_if(filter, NETLINK_AUDIT, ERRNO_ACTION(EINVAL));
    bpf_end(filter, netlink);
    bpf_return(filter, ALLOW);
    bpf_end(filter, begun);
}

void profile_write(struct filter *filter, uint64_t capabilities) {
    filter->count = 0;
    bpf_load(filter, SECCOMP_WORD(arch));
    unsigned begun = bpf_if(filter, AUDIT_ARCH_X86_64);
    bpf_load(filter, SECCOMP_WORD(nr));
    refuse_arguments(filter, 16, 135, 41, capabilities);
    search_table(filter, false, capabilities); /* the x32 numbers lie above every known one */
    bpf_end(filter, begun);
    begun = bpf_if(filter, AUDIT_ARCH_I386);
    bpf_load(filter, SECCOMP_WORD(nr));
    refuse_arguments(filter, 54, 136, 359, capabilities);
    search_table(filter, true, capabilities);
    bpf_end(filter, begun);
    bpf_return(filter, ERRNO_ACTION(ENOSYS));
}

void profile_install(uint64_t capabilities) {
    static struct filter filter;
    profile_write(&filter, capabilities);
    if (bpf_install(&filter, 0) != 0)
        die(STATUS_LICHEN, "cannot install the system call filter: %s\nhint: run without one: --security-opt seccomp=unconfined", strerror(errno));
}
