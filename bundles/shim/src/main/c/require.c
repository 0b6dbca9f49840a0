#include "require.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_ask.h"

bool version_reaches(const char *version, const char *least) {
    while (*least) {
        char *after_version, *after_least;
        unsigned long have = strtoul(version, &after_version, 10), need = strtoul(least, &after_least, 10);
        if (have != need) return have > need;
        if (*after_least != '.') return true;
        least = after_least + 1;
        version = *after_version == '.' ? after_version + 1 : "";
    }
    return true;
}

/* Really made and mapped: a kernel may grant a namespace and refuse its map. In a child, which is the only one that changes. Mounts are left to the launcher: a mount namespace
   that goes keeps others waiting. */
static bool try_user_namespace(void) {
    AUTO_FREE char *map = must_format("0 %u 1\n", geteuid());
    pid_t child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 && write_file(AT_FDCWD, "/proc/self/uid_map", map, strlen(map)) ? 0 : 1);
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool try_seccomp(void) {
    uint32_t action = SECCOMP_RET_ALLOW;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 || (errno != ENOSYS && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT);
}

static bool met(const struct requirement *requirement, const struct utsname *system, const char **instead) {
    const char *fact = requirement->fact, *value = requirement->value;
    *instead = "no";
    if (!strcmp(fact, "machine")) {
        *instead = system->machine;
        return !strcmp(system->machine, value);
    }
    if (!strcmp(fact, "kernel")) {
        *instead = system->release;
        return version_reaches(system->release, value);
    }
    if (!strcmp(fact, "path")) {
        *instead = "it is not there";
        return access(value, F_OK) == 0;
    }
    if (!strcmp(fact, "user-namespaces")) return strcmp(value, "yes") != 0 || try_user_namespace();
    /* Inside of a container of that kind the engine which is there takes the next container too, and no filter can be added. */
    if (!strcmp(fact, "system-call-traps")) return strcmp(value, "yes") != 0 || try_seccomp() || prctl(ENGINE_ASK, 0, 0, 0, 0) == 1;
    if (!strcmp(fact, "rewritten-code") || !strcmp(fact, "preload-symbols")) return true; /* it asks nothing of the machine but its kind; what else is missing the launcher tells */
    if (!strcmp(fact, "seccomp")) return strcmp(value, "yes") != 0 || try_seccomp();
    *instead = "this version of lichen cannot test it";
    return false;
}

void require_all(const struct launch_plan *plan) {
    struct utsname system;
    uname(&system);
    for (size_t i = 0; i < plan->requirement_count; i++) {
        const struct requirement *requirement = &plan->requirements[i];
        const char *instead;
        if (met(requirement, &system, &instead)) continue;
        die(STATUS_LICHEN, "cannot carry out the plan on this machine (%s must be %s): %s%s%s", requirement->fact, requirement->value, instead,
            requirement->why ? "\nhint: " : "", requirement->why ? requirement->why : "");
    }
}
