#include "rlimits.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    int resource;
} LIMITS[] = {{"as", RLIMIT_AS},         {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},         {"data", RLIMIT_DATA},
              {"fsize", RLIMIT_FSIZE},   {"locks", RLIMIT_LOCKS},     {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE},
              {"nice", RLIMIT_NICE},     {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
              {"rtprio", RLIMIT_RTPRIO}, {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK}};

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
