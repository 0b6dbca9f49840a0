/* Credentials: every call gives what the kernel gives a process that is in the same state. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "credentials.h"
#include "world.h"

enum { LENGTH = 12 };
static const uint32_t IDS[] = {0, 1, 2, 1000, UINT32_MAX};
static const enum ids_operation OPERATIONS[] = {IDS_SETUID, IDS_SETGID, IDS_SETREUID, IDS_SETREGID, IDS_SETRESUID, IDS_SETRESGID, IDS_SETFSUID, IDS_SETFSGID};
static const long NUMBERS[] = {SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid};
static const int PRCTLS[] = {PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT, PR_GET_NO_NEW_PRIVS};
static const int CAPABILITIES[] = {CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SYS_ADMIN, CAP_FOWNER, 63, 99};

struct call {
    int kind; /* 0-7 set*id, 8 setgroups, 9 capset, 10 prctl */
    uint32_t ids[3];
    uint64_t sets[3];
    int option;
    unsigned long arguments[4];
};

static struct call random_call(uint64_t *random) {
    struct call call = {.kind = world_random(random, 3) ? (int)world_random(random, 8) : (int)world_random(random, 3) + 8, .option = PRCTLS[world_random(random, 9)]};
    for (int i = 0; i < 3; i++) {
        call.ids[i] = IDS[world_random(random, 5)];
        for (int n = 0; n < 5; n++) call.sets[i] |= 1ull << world_random(random, 12);
        if (world_random(random, 2)) call.sets[i] = world_random(random, 2) ? 0 : ROOT_ALL_CAPABILITIES & ~(1ull << CAP_SYS_RESOURCE);
    }
    call.arguments[0] = (unsigned long)CAPABILITIES[world_random(random, 8)];
    if (call.option == PR_SET_KEEPCAPS) call.arguments[0] = world_random(random, 8) ? world_random(random, 2) : 7;
    if (call.option == PR_SET_SECUREBITS) call.arguments[0] = world_random(random, 3) ? 1u << world_random(random, 8) : world_random(random, 256); /* 6.14 has more, which we refuse as those before */
    if (call.option == PR_CAP_AMBIENT) {
        call.arguments[1] = call.arguments[0];
        call.arguments[0] = world_random(random, 6);
        if (call.arguments[0] == PR_CAP_AMBIENT_CLEAR_ALL && world_random(random, 4)) call.arguments[1] = 0;
    }
    return call;
}

static uint64_t joined(uint32_t low, uint32_t high) { return low | (uint64_t)high << 32; }

static void get_capabilities(struct root_credentials *c) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    CHECK(syscall(SYS_capget, &header, data) == 0);
    c->effective = joined(data[0].effective, data[1].effective);
    c->permitted = joined(data[0].permitted, data[1].permitted);
    c->inheritable = joined(data[0].inheritable, data[1].inheritable);
}

/* What the kernel knows of this process. */
static struct root_credentials kernel_state(void) {
    struct root_credentials c = {0};
    syscall(SYS_getresuid, &c.user.real, &c.user.effective, &c.user.saved);
    syscall(SYS_getresgid, &c.group.real, &c.group.effective, &c.group.saved);
    c.user.file = (uint32_t)syscall(SYS_setfsuid, -1);
    c.group.file = (uint32_t)syscall(SYS_setfsgid, -1);
    get_capabilities(&c);
    for (int i = 0; i <= CAP_LAST_CAP; i++) {
        c.bounding |= (uint64_t)(prctl(PR_CAPBSET_READ, i) == 1) << i;
        c.ambient |= (uint64_t)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1) << i;
    }
    c.securebits = (uint32_t)prctl(PR_GET_SECUREBITS);
    c.no_new_privs = (uint32_t)prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    c.group_count = (uint32_t)syscall(SYS_getgroups, ROOT_GROUPS, c.groups);
    return c;
}

static long kernel_call(const struct call *call) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct data[2] = {{(uint32_t)call->sets[0], (uint32_t)call->sets[1], (uint32_t)call->sets[2]},
                                                   {(uint32_t)(call->sets[0] >> 32), (uint32_t)(call->sets[1] >> 32), (uint32_t)(call->sets[2] >> 32)}};
    const unsigned long *a = call->arguments;
    long result = call->kind < 8    ? syscall(NUMBERS[call->kind], call->ids[0], call->ids[1], call->ids[2])
                  : call->kind == 8 ? syscall(SYS_setgroups, 3, call->ids)
                  : call->kind == 9 ? syscall(SYS_capset, &header, data)
                                    : syscall(SYS_prctl, call->option, a[0], a[1], a[2], a[3]);
    return result == -1 ? -errno : result;
}

static long our_call(struct root_credentials *c, const struct call *call) {
    long result = 0;
    if (call->kind < 8) return root_set_ids(c, OPERATIONS[call->kind], call->ids);
    if (call->kind == 8) return root_set_groups(c, call->ids, 3);
    if (call->kind == 9) return root_set_capabilities(c, call->sets[0], call->sets[1], call->sets[2]);
    CHECK(root_prctl(c, call->option, call->arguments, &result));
    return result;
}

static void print(const char *who, long result, const struct root_credentials *c) {
    fprintf(stderr, "%s: %ld; uid %u %u %u %u gid %u %u %u %u permitted %llx effective %llx inheritable %llx bounding %llx ambient %llx securebits %x groups %u\n", who, result, c->user.real,
            c->user.effective, c->user.saved, c->user.file, c->group.real, c->group.effective, c->group.saved, c->group.file, (unsigned long long)c->permitted,
            (unsigned long long)c->effective, (unsigned long long)c->inheritable, (unsigned long long)c->bounding, (unsigned long long)c->ambient, c->securebits, c->group_count);
}

static bool same(const struct root_credentials *a, const struct root_credentials *b) {
    char left[ROOT_TEXT], right[ROOT_TEXT];
    long size = root_credentials_write(a, left, sizeof left);
    CHECK(size > 0 && root_credentials_write(b, right, sizeof right) > 0);
    return !strcmp(left, right);
}

/* In a child that may do anything to itself. */
static void sequence(uint64_t random) {
    static struct root_credentials ours, kernels;
    ours = kernel_state();
    for (int i = 0; i < LENGTH; i++) {
        struct call call = random_call(&random);
        long expected = our_call(&ours, &call), result = kernel_call(&call);
        kernels = kernel_state();
        if (result == expected && same(&ours, &kernels)) continue;
        fprintf(stderr, "call %d, kind %d: ids %d %d %d, sets %llx %llx %llx, prctl %d %lu %lu\n", i, call.kind, (int)call.ids[0], (int)call.ids[1], (int)call.ids[2],
                (unsigned long long)call.sets[0], (unsigned long long)call.sets[1], (unsigned long long)call.sets[2], call.option, call.arguments[0], call.arguments[1]);
        print("kernel", result, &kernels);
        print("ours", expected, &ours);
        _exit(1);
    }
}

static void calls_sameAsTheKernel(void) {
    if (geteuid() != 0) {
        world_skip(__func__, false, "needs root");
        return;
    }
    uint64_t seed = world_number("LICHEN_SEED", (uint64_t)getpid() * 2654435761u), sequences = world_number("LICHEN_OPERATIONS", 20000) / LENGTH;
    printf("LICHEN_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < sequences; i++) {
        pid_t child = fork();
        int status;
        if (child == 0) sequence(seed * 1000003 + i * 7919 + 1), _exit(0);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
}

/* The program executed reports its own state; who it is before and the file's owner and mode vary. */
static void execute_sameAsTheKernel(void) {
    if (geteuid() != 0) {
        world_skip(__func__, false, "needs root");
        return;
    }
    static const uint32_t MODES[] = {0755, 04755, 02755, 06755, 02745, 04711};
    static const uint32_t OWNERS[] = {0, 1000, 5};
    char self[64];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    char command[160];
    CHECK(size > 0);
    snprintf(command, sizeof command, "cp /proc/%d/exe program", getpid());
    CHECK(system(command) == 0);
    uint64_t random = world_number("LICHEN_SEED", 77);
    for (int i = 0; i < 300; i++) {
        uint32_t uid = OWNERS[world_random(&random, 3)], gid = OWNERS[world_random(&random, 3)], mode = MODES[world_random(&random, 6)];
        CHECK(chown("program", uid, gid) == 0 && chmod("program", mode) == 0);
        struct root_credentials *ours = mmap(NULL, sizeof *ours, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        char text[ROOT_TEXT] = "";
        int channel[2], status;
        CHECK(ours != MAP_FAILED && pipe(channel) == 0);
        pid_t child = fork();
        if (child == 0) {
            for (int n = 0; n < 3; n++) {
                struct call call = random_call(&random);
                if (n == 2 && world_random(&random, 4) == 0) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                kernel_call(&call);
            }
            *ours = kernel_state();
            const struct root_node file = {S_IFREG | mode, uid, gid, 0, 0};
            bool secure = root_execute(ours, &file, false);
            dup2(channel[1], 1);
            execl("./program", "program", secure ? "secure" : "normal", NULL);
            _exit(3); /* it may have made itself unable to */
        }
        close(channel[1]);
        ssize_t got = read(channel[0], text, sizeof text - 1);
        CHECK(waitpid(child, &status, 0) == child && close(channel[0]) == 0);
        char wanted[ROOT_TEXT];
        CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3));
        if (WEXITSTATUS(status) == 0) {
            CHECK(got > 0 && root_credentials_write(ours, wanted, sizeof wanted) > 0);
            CHECK_TEXT(text, wanted);
        }
        munmap(ours, sizeof *ours);
    }
}

/* This program, executed by the test above. What a sanitizer does at exit is refused to a setuid program. */
_Noreturn static void report(const char *expected) {
    static struct root_credentials c;
    char text[ROOT_TEXT];
    unsigned long auxv[2];
    bool secure = false;
    int fd = open("/proc/self/auxv", O_RDONLY);
    while (fd >= 0 && read(fd, auxv, sizeof auxv) == sizeof auxv && auxv[0]) secure |= auxv[0] == 23 /* AT_SECURE */ && auxv[1];
    c = kernel_state();
    long size = root_credentials_write(&c, text, sizeof text);
    if (fd >= 0 && secure != !strcmp(expected, "secure")) fprintf(stderr, "secure is %d\n", secure), _exit(1);
    _exit(write(1, text, (size_t)size) == size ? 0 : 1);
}

static void noNewPrivs_onlyInOneWay(void) {
    static struct root_credentials c;
    long result;
    root_first(&c, 0, 0, NULL, 0, ROOT_ALL_CAPABILITIES);
    CHECK(root_prctl(&c, PR_SET_NO_NEW_PRIVS, (unsigned long[]){0, 0, 0, 0}, &result) && result == -EINVAL && root_prctl(&c, PR_SET_NO_NEW_PRIVS, (unsigned long[]){1, 0, 0, 0}, &result));
    CHECK(result == 0 && root_prctl(&c, PR_GET_NO_NEW_PRIVS, (unsigned long[]){0, 0, 0, 0}, &result) && result == 1 && !root_prctl(&c, PR_SET_NAME, (unsigned long[]){0, 0, 0, 0}, &result));
}

static void text_comesBackAndNothingElseIsRead(void) {
    static struct root_credentials c, back;
    static char text[ROOT_TEXT + 2];
    uint32_t groups[ROOT_GROUPS];
    uint64_t random = 5;
    for (uint32_t i = 0; i < ROOT_GROUPS; i++) groups[i] = 0xfffffffe - i;
    for (uint32_t count = 0; count <= ROOT_GROUPS; count += count < 4 ? 1 : 340) {
        root_first(&c, 0xfffffffe, 0xfffffffe, groups, count, ROOT_ALL_CAPABILITIES);
        long size = root_credentials_write(&c, text, sizeof text);
        CHECK(size > 0 && size < ROOT_TEXT && root_credentials_read(&back, text, (size_t)size) == 0 && same(&c, &back));
        CHECK(root_credentials_write(&c, text, (size_t)size) == -ENOSPC && root_credentials_write(&c, text, (size_t)size + 1) == size);
        for (long cut = 0; cut < size && count < 4; cut++) /* the last number may be shorter and right */
            CHECK(root_credentials_read(&back, text, (size_t)cut) == -EINVAL || cut > size - 8);
        CHECK(root_credentials_read(&back, text, (size_t)size + 1) == -EINVAL);
        for (int i = 0; i < 2000 && count < 4; i++) {
            long at = (long)world_random(&random, (uint32_t)size);
            char old = text[at];
            text[at] = "0123456789abcdef,gA -\n"[world_random(&random, 22)];
            static char again[ROOT_TEXT];
            if (root_credentials_read(&back, text, (size_t)size) == 0) CHECK(root_credentials_write(&back, again, sizeof again) == size && !memcmp(again, text, (size_t)size));
            text[at] = old;
        }
    }
}

static void signal_asKillSays(void) {
    static struct root_credentials root, user, other;
    root_first(&root, 0, 0, NULL, 0, ROOT_ALL_CAPABILITIES);
    root_first(&user, 1000, 1000, NULL, 0, ROOT_ALL_CAPABILITIES);
    root_first(&other, 1001, 1001, NULL, 0, ROOT_ALL_CAPABILITIES);
    CHECK(root_may_signal(&root, &user) == 0 && root_may_signal(&user, &root) == -EPERM && root_may_signal(&user, &other) == -EPERM && root_may_signal(&user, &user) == 0);
    root.user.real = 1000; /* su has been started by 1000 */
    CHECK(root_may_signal(&user, &root) == 0);
}

int main(int argc, char **argv) {
    if (argc == 2) report(argv[1]);
    world_make();
    CHECK(chmod(".", 0777) == 0);
    RUN(calls_sameAsTheKernel);
    RUN(execute_sameAsTheKernel);
    RUN(noNewPrivs_onlyInOneWay);
    RUN(text_comesBackAndNothingElseIsRead);
    RUN(signal_asKillSays);
}
