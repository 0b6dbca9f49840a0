#include "rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    const char *name;
    int resource;
} LIMITS[] = {{"as", RLIMIT_AS},         {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
              {"fsize", RLIMIT_FSIZE},   {"locks", RLIMIT_LOCKS},     {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
              {"nice", RLIMIT_NICE},     {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
              {"rtprio", RLIMIT_RTPRIO}, {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK}};

void capabilities_bound(uint64_t mask) {
    for (unsigned long bit = 0; bit < 64; bit++) {
        if (mask >> bit & 1) continue;
        if (prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) break; /* the kernel's last capability is behind us */
        die(STATUS_LICHEN, "cannot drop capability %lu: %s", bit, strerror(errno));
    }
}

void capabilities_keep(uint64_t mask) {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* EINVAL before 4.3, where there are none */
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data) != 0) die(STATUS_LICHEN, "cannot read the capabilities: %s", strerror(errno));
    for (unsigned half = 0; half < 2; half++) {
        unsigned kept = data[half].permitted & (unsigned)(mask >> (32 * half));
        data[half] = (struct __user_cap_data_struct){.permitted = kept, .effective = kept};
    }
    if (syscall(SYS_capset, &header, data) != 0) die(STATUS_LICHEN, "cannot set the capabilities: %s", strerror(errno));
}

static void limit_set(const struct limit *limit) {
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        if (strcmp(limit->name, LIMITS[i].name) != 0) continue;
        struct rlimit wanted = {.rlim_cur = limit->soft, .rlim_max = limit->hard}, present = {0};
        if (setrlimit((__rlimit_resource_t)LIMITS[i].resource, &wanted) == 0) return;
        int error = errno;
        getrlimit((__rlimit_resource_t)LIMITS[i].resource, &present);
        if (error == EPERM)
            die(STATUS_LICHEN, "cannot set the limit (%s): %llu is above the %llu that this user has", limit->name, (unsigned long long)limit->hard,
                (unsigned long long)present.rlim_max);
        die(STATUS_LICHEN, "cannot set the limit (%s): %s", limit->name, strerror(error));
    }
    die(STATUS_LICHEN, "cannot set the limit (%s): there is no such limit", limit->name);
}

void limits_set(const struct plan *plan) {
    for (size_t i = 0; i < plan->limit_count; i++) limit_set(&plan->limits[i]);
    if (plan->has_umask) umask(plan->umask);
}

void no_new_privileges(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot set no_new_privs: %s", strerror(errno));
}
