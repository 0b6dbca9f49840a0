/* The rules of identity `basic`, against what the kernel itself answers for the same calls. */
#include <errno.h>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "ids_rules.h"

static const uint32_t NONE = UINT32_MAX;

static struct ids_set of(uint32_t real, uint32_t effective, uint32_t saved) { return (struct ids_set){real, effective, saved, effective}; }

static int apply(struct ids_set *set, enum ids_operation operation, uint32_t a, uint32_t b, uint32_t c) {
    uint32_t arguments[3] = {a, b, c}, value;
    return ids_apply(set, operation, arguments, set->effective == 0, &value);
}

static bool is(const struct ids_set *set, uint32_t real, uint32_t effective, uint32_t saved) {
    return set->real == real && set->effective == effective && set->saved == saved && set->file == effective;
}

static void root_droppingPrivileges_cannotGetThemBack(void) {
    struct ids_set set = of(0, 0, 0);
    CHECK(apply(&set, IDS_SETUID, 33, 0, 0) == 0 && is(&set, 33, 33, 33));
    CHECK(apply(&set, IDS_SETUID, 0, 0, 0) == -EPERM && apply(&set, IDS_SETREUID, NONE, 0, 0) == -EPERM && is(&set, 33, 33, 33));
}

static void root_changingOnlyTheEffectiveId_canGoBack(void) {
    struct ids_set set = of(0, 0, 0);
    CHECK(apply(&set, IDS_SETRESUID, NONE, 33, NONE) == 0 && is(&set, 0, 33, 0));
    CHECK(apply(&set, IDS_SETUID, 34, 0, 0) == -EPERM);
    CHECK(apply(&set, IDS_SETUID, 0, 0, 0) == 0 && is(&set, 0, 0, 0));
}

static void setfsuid_answersTheOldId(void) {
    struct ids_set set = of(0, 0, 0);
    uint32_t arguments[3] = {5, 0, 0}, value = 99;
    CHECK(ids_apply(&set, IDS_SETFSUID, arguments, true, &value) == 0 && value == 0 && set.file == 5);
    arguments[0] = NONE;
    CHECK(ids_apply(&set, IDS_SETFSUID, arguments, true, &value) == 0 && value == 5 && set.file == 5);
}

/* A child starts with some ids and makes one call in the kernel; the same is asked of our rules. */
static bool kernel_agrees(const uint32_t start[3], enum ids_operation operation, const uint32_t arguments[3]) {
    struct ids_set ours = of(start[0], start[1], start[2]);
    uint32_t value;
    int status, expected = ids_apply(&ours, operation, arguments, start[1] == 0, &value);
    pid_t child = fork();
    if (child == 0) {
        uint32_t real, effective, saved;
        int number = operation == IDS_SETUID ? SYS_setuid : operation == IDS_SETREUID ? SYS_setreuid : SYS_setresuid;
        if (syscall(SYS_setresuid, start[0], start[1], start[2]) != 0) _exit(2);
        int result = (int)syscall(number, arguments[0], arguments[1], arguments[2]);
        result = result < 0 ? -errno : result;
        syscall(SYS_getresuid, &real, &effective, &saved);
        _exit(result == expected && is(&ours, real, effective, saved) && (uint32_t)setfsuid(NONE) == ours.file ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status == 0;
}

static void rules_sameAsTheKernel(void) {
    static const uint32_t IDS[] = {0, 1, 2, UINT32_MAX};
    static const enum ids_operation OPERATIONS[] = {IDS_SETUID, IDS_SETREUID, IDS_SETRESUID};
    if (geteuid() != 0) {
        puts("skip rules_sameAsTheKernel: needs root");
        return;
    }
    for (int first = 0; first < 27; first++)
        for (int call = 0; call < 3; call++)
            for (int wanted = 0; wanted < 64; wanted += first % 3 == 0 ? 1 : 3) {
                uint32_t start[3] = {IDS[first % 3], IDS[first / 3 % 3], IDS[first / 9]};
                uint32_t arguments[3] = {IDS[wanted % 4], IDS[wanted / 4 % 4], IDS[wanted / 16]};
                CHECK(kernel_agrees(start, OPERATIONS[call], arguments));
            }
}

int main(void) {
    RUN(root_droppingPrivileges_cannotGetThemBack);
    RUN(root_changingOnlyTheEffectiveId_canGoBack);
    RUN(setfsuid_answersTheOldId);
    RUN(rules_sameAsTheKernel);
}
