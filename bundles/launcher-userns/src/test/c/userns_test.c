#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "idfilter.h"
#include "ids_calls.h"
#include "plan.h"
#include "profile.h"
#include "removal.h"
#include "users.h"
#include "walk.h"

static const uint32_t ALLOW = SECCOMP_RET_ALLOW, FORBIDDEN = ERRNO_ACTION(EPERM), UNKNOWN = ERRNO_ACTION(ENOSYS), DONE = ERRNO_ACTION(0);

static char base[64];
static int at;

static void begin(void) {
    strcpy(base, "/tmp/lichen-test-XXXXXX");
    CHECK(mkdtemp(base));
    at = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(mkdirat(at, "root", 0755) == 0 && mkdirat(at, "outside", 0755) == 0);
}

static void end(void) {
    close(at);
    CHECK(remove_all(AT_FDCWD, base));
}

static void put(const char *path, const char *text) {
    AUTO_CLOSE int fd = openat(at, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write_all(fd, text, strlen(text)));
}

static bool is_there(const char *path) { return faccessat(at, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

typedef int walker(int root, const char *path, enum walk_make make);

/* root/                              outside/secret
 *   dir/file   up -> ../../..        out -> /outside   abs -> /dir   loop -> loop   dangling -> /new/deep   far -> ../../../../outside */
static void walk_never_leavesTheRoot(void) {
    static walker *const WALKERS[] = {walk_open, walk_slowly};
    begin();
    CHECK(mkdirat(at, "root/dir", 0755) == 0);
    put("root/dir/file", "inside");
    put("outside/secret", "outside");
    CHECK(symlinkat("../../..", at, "root/up") == 0 && symlinkat("/outside", at, "root/out") == 0 && symlinkat("/dir", at, "root/abs") == 0 &&
          symlinkat("loop", at, "root/loop") == 0 && symlinkat("/new/deep", at, "root/dangling") == 0 && symlinkat("../../../../outside", at, "root/far") == 0);
    AUTO_CLOSE int root = openat(at, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        walker *walk = WALKERS[i];
        static const char *const GOOD[] = {"/dir/file", "dir/file", "/abs/file", "/up/dir/file", "/../../dir/./file", "/dir/../dir/file", "//dir///file"};
        struct stat expected, status;
        CHECK(fstatat(root, "dir/file", &expected, 0) == 0);
        for (size_t n = 0; n < sizeof GOOD / sizeof *GOOD; n++) {
            AUTO_CLOSE int fd = walk(root, GOOD[n], WALK_EXISTING);
            CHECK(fd >= 0 && fstat(fd, &status) == 0 && status.st_ino == expected.st_ino);
        }
        CHECK(walk(root, "/out/secret", WALK_EXISTING) < 0 && walk(root, "/far/secret", WALK_EXISTING) < 0 && walk(root, "/../outside/secret", WALK_EXISTING) < 0);
        CHECK(walk(root, "/loop", WALK_EXISTING) < 0 && errno == ELOOP);
        CHECK(walk(root, "/dir/file/x", WALK_MAKE_FILE) < 0 && errno == ENOTDIR);
        AUTO_CLOSE int whole = walk(root, "/", WALK_EXISTING);
        CHECK(whole >= 0 && fstat(whole, &status) == 0 && fstatat(at, "root", &expected, 0) == 0 && status.st_ino == expected.st_ino);
    }
    AUTO_CLOSE int made = walk_open(root, "/dangling/more", WALK_MAKE_DIRECTORY);
    CHECK(made >= 0 && is_there("root/new/deep/more"));
    AUTO_CLOSE int file = walk_open(root, "/a/b/c", WALK_MAKE_FILE);
    struct stat status;
    CHECK(file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode));
    AUTO_CLOSE int far = walk_open(root, "/far/made", WALK_MAKE_DIRECTORY);
    CHECK(far >= 0 && is_there("root/outside/made") && !is_there("outside/made"));
    end();
}

/* The exit status of account_find in a child. */
static int find_status(int root, const char *user) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct account account;
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        account_find(root, user, &account);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
}

static void users_areFoundInTheGuestsFiles(void) {
    struct account account;
    begin();
    CHECK(mkdirat(at, "root/etc", 0755) == 0);
    put("root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nbroken\npg:x:999:998::/var/lib/pg:/bin/sh\n12:x:77:77::/odd:/bin/sh\nnohome:x:5:5:::");
    put("root/etc/group", "root:x:0:\nssl:x:101:www,pg\nother:x:102:pgx\n");
    AUTO_CLOSE int root = openat(at, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    account_find(root, "pg", &account);
    CHECK(account.uid == 999 && account.gid == 998 && account.group_count == 2 && account.groups[0] == 998 && account.groups[1] == 101);
    CHECK_TEXT(account.home, "/var/lib/pg");
    account_find(root, "999", &account);
    CHECK(account.uid == 999 && account.gid == 998 && account.group_count == 2);
    account_find(root, "12", &account); /* a name goes before a number */
    CHECK(account.uid == 77);
    account_find(root, "4242:ssl", &account);
    CHECK(account.uid == 4242 && account.gid == 101 && account.group_count == 1);
    CHECK_TEXT(account.home, "/");
    account_find(root, "nohome:7", &account);
    CHECK(account.uid == 5 && account.gid == 7);
    CHECK_TEXT(account.home, "/");
    CHECK(find_status(root, "nobody") == STATUS_LICHEN && find_status(root, "pg:nogroup") == STATUS_LICHEN && find_status(root, "4294967295") == STATUS_LICHEN);
    CHECK(find_status(root, "root:root") == 0);
    end();
}

static void plan_variablesAndWords_lastOneWins(void) {
    struct bytes payload = {0};
    struct plan plan = {0};
    record_add_text(&payload, "argv", "sh");
    record_add_text(&payload, "envi", "A=1");
    record_add_text(&payload, "envi", "AB=2");
    record_add_text(&payload, "envi", "A=3");
    record_add_text(&payload, "cwd.", "/a");
    record_add_text(&payload, "cwd.", "/b");
    plan_read(&plan, &payload);
    CHECK_TEXT(guest_variable(&plan.guest, "A"), "3");
    CHECK_TEXT(guest_variable(&plan.guest, "AB"), "2");
    CHECK(!guest_variable(&plan.guest, "B") && list_size(plan.guest.environment) == 2);
    CHECK_TEXT(plan.guest.directory, "/b");
    CHECK(plan.no_new_privileges);
    bytes_clear(&payload);
}

/* What the kernel would do with the filter: the instructions that our filters use, and no other. */
static uint32_t evaluate(const struct filter *filter, const struct seccomp_data *data) {
    uint32_t word = 0;
    for (unsigned pc = 0; pc < filter->count; pc++) {
        const struct sock_filter *code = &filter->code[pc];
        switch (code->code) {
            case BPF_LD | BPF_W | BPF_ABS:
                CHECK(code->k % 4 == 0 && code->k + 4 <= sizeof *data);
                memcpy(&word, (const char *)data + code->k, 4);
                break;
            case BPF_JMP | BPF_JA: pc += code->k; break;
            case BPF_JMP | BPF_JEQ | BPF_K: pc += word == code->k ? code->jt : code->jf; break;
            case BPF_JMP | BPF_JGE | BPF_K: pc += word >= code->k ? code->jt : code->jf; break;
            case BPF_ALU | BPF_AND | BPF_K: word &= code->k; break;
            case BPF_RET | BPF_K: return code->k;
            default: CHECK(!"an instruction that the kernel's cache of constant answers does not know");
        }
    }
    CHECK(!"the filter ends without an answer");
    return 0;
}

static struct filter filter;

static uint32_t answer(uint32_t machine, int number, uint64_t a, uint64_t b, uint64_t c) {
    struct seccomp_data data = {.nr = number, .arch = machine, .args = {a, b, c}};
    return evaluate(&filter, &data);
}

static const struct {
    const char *name;
    int x86_64, i386, capability;
} CALLS[] = {
#define ALLOWED(name, x86_64, i386) {#name, x86_64, i386, -1},
#define GATED(name, x86_64, i386, capability) {#name, x86_64, i386, capability},
#define REFUSED(name, x86_64, i386) {#name, x86_64, i386, -2},
#include "profile.def"
#undef ALLOWED
#undef GATED
#undef REFUSED
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

static bool by_argument(const char *name) { return !strcmp(name, "ioctl") || !strcmp(name, "personality") || !strcmp(name, "socket"); }

static void profile_everyCall_getsWhatTheTableSays(void) {
    const uint64_t kept = 1ULL << CAP_SYS_CHROOT | 1ULL << CAP_AUDIT_WRITE;
    profile_write(&filter, kept);
    for (int i = 0; i < CALL_COUNT; i++) {
        if (by_argument(CALLS[i].name)) continue;
        uint32_t expected = CALLS[i].capability == -1 || (CALLS[i].capability >= 0 && kept >> CALLS[i].capability & 1) ? ALLOW : FORBIDDEN;
        if (CALLS[i].x86_64 >= 0) CHECK(answer(AUDIT_ARCH_X86_64, CALLS[i].x86_64, 0, 0, 0) == expected);
        if (CALLS[i].i386 >= 0) CHECK(answer(AUDIT_ARCH_I386, CALLS[i].i386, 0, 0, 0) == expected);
    }
}

static void profile_whatNobodyNames_doesNotExist(void) {
    bool named[600] = {false};
    profile_write(&filter, UINT64_MAX);
    for (int i = 0; i < CALL_COUNT; i++)
        if (CALLS[i].x86_64 >= 0) named[CALLS[i].x86_64] = true;
    for (int number = 0; number < 600; number++)
        if (!named[number]) CHECK(answer(AUDIT_ARCH_X86_64, number, 0, 0, 0) == UNKNOWN);
    CHECK(answer(AUDIT_ARCH_X86_64, 0x40000000, 0, 0, 0) == UNKNOWN && answer(AUDIT_ARCH_X86_64, 0x40000001, 0, 0, 0) == UNKNOWN && answer(AUDIT_ARCH_X86_64, -1, 0, 0, 0) == UNKNOWN);
    CHECK(answer(AUDIT_ARCH_AARCH64, 0, 0, 0, 0) == UNKNOWN);
}

static void profile_arguments_decide(void) {
    profile_write(&filter, 0);
    CHECK(answer(AUDIT_ARCH_X86_64, 16, 0, 0x5412, 0) == FORBIDDEN && answer(AUDIT_ARCH_I386, 54, 0, 0x5412, 0) == FORBIDDEN && answer(AUDIT_ARCH_X86_64, 16, 0, 0x541c, 0) == FORBIDDEN);
    CHECK(answer(AUDIT_ARCH_X86_64, 16, 0, 0x100005412ULL, 0) == FORBIDDEN); /* the kernel looks at 32 bits */
    CHECK(answer(AUDIT_ARCH_X86_64, 16, 0, 0x5413, 0) == ALLOW);
    CHECK(answer(AUDIT_ARCH_X86_64, 135, 0, 0, 0) == ALLOW && answer(AUDIT_ARCH_X86_64, 135, 0x0040000, 0, 0) == FORBIDDEN && answer(AUDIT_ARCH_X86_64, 135, 0xffffffff, 0, 0) == ALLOW);
    CHECK(answer(AUDIT_ARCH_X86_64, 41, 16, 3, 9) == ERRNO_ACTION(EINVAL) && answer(AUDIT_ARCH_X86_64, 41, 16, 3, 0) == ALLOW && answer(AUDIT_ARCH_X86_64, 41, 2, 1, 9) == ALLOW);
    profile_write(&filter, 1ULL << CAP_AUDIT_WRITE);
    CHECK(answer(AUDIT_ARCH_X86_64, 41, 16, 3, 9) == ALLOW);
}

static void idfilter_trapsIdsAndNothingElse(void) {
    idfilter_write(&filter, true);
    int trapped = 0;
    for (int number = 0; number < 600; number++) trapped += answer(AUDIT_ARCH_X86_64, number, 0, 0, 0) != ALLOW;
#define ONE(name, x86_64, i386, old)                                                                                                          \
    CHECK(answer(AUDIT_ARCH_X86_64, x86_64, 0, 0, 0) == SECCOMP_RET_USER_NOTIF && answer(AUDIT_ARCH_I386, i386, 0, 0, 0) == SECCOMP_RET_USER_NOTIF && \
          answer(AUDIT_ARCH_I386, old, 0, 0, 0) == SECCOMP_RET_USER_NOTIF);                                                                    \
    trapped--;
#define NOTHING(name, x86_64, i386, old)                                                                        \
    CHECK(answer(AUDIT_ARCH_X86_64, x86_64, 0, 0, 0) == DONE && answer(AUDIT_ARCH_I386, i386, 0, 0, 0) == DONE); \
    trapped--;
    IDS_SUPERVISED(ONE)
    IDS_IGNORED(NOTHING)
    CHECK(trapped == 0);
    CHECK(answer(AUDIT_ARCH_X86_64, 133, 0, S_IFCHR | 0600, 0) == DONE && answer(AUDIT_ARCH_X86_64, 133, 0, S_IFIFO | 0600, 0) == ALLOW);
    CHECK(answer(AUDIT_ARCH_X86_64, 259, 0, 0, S_IFBLK) == DONE && answer(AUDIT_ARCH_I386, 297, 0, 0, S_IFREG) == ALLOW);
    CHECK(answer(AUDIT_ARCH_X86_64, 302, 0, 10, 0) == SECCOMP_RET_USER_NOTIF && answer(AUDIT_ARCH_X86_64, 302, 0, 7, 0) == ALLOW);
    CHECK(answer(AUDIT_ARCH_X86_64, 157, 8, 0, 0) == SECCOMP_RET_USER_NOTIF && answer(AUDIT_ARCH_X86_64, 157, 9, 0, 0) == ALLOW);
    idfilter_write(&filter, false);
    CHECK(answer(AUDIT_ARCH_X86_64, 105, 0, 0, 0) == DONE && answer(AUDIT_ARCH_X86_64, 102, 0, 0, 0) == ALLOW && answer(AUDIT_ARCH_X86_64, 115, 0, 0, 0) == ALLOW &&
          answer(AUDIT_ARCH_X86_64, 302, 0, 10, 0) == ALLOW);
}

/* Our numbers against a header of the machine, as far as it goes. */
static void compare(const char *path, bool i386) {
    FILE *file = fopen(path, "r");
    int seen = 0;
    if (!file) {
        printf("skip %s: it is not here\n", path);
        return;
    }
    char line[256], name[128];
    for (int number; fgets(line, sizeof line, file);) {
        if (sscanf(line, "#define __NR_%127s %d", name, &number) != 2) continue;
        for (int i = 0; i < CALL_COUNT; i++)
            if (!strcmp(CALLS[i].name, name)) {
                CHECK((i386 ? CALLS[i].i386 : CALLS[i].x86_64) == number);
                seen++;
            }
    }
    fclose(file);
    CHECK(seen > 300);
}

static void profile_numbers_areTheKernels(void) {
    compare("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", false);
    compare("/usr/include/x86_64-linux-gnu/asm/unistd_32.h", true);
}

int main(void) {
    RUN(walk_never_leavesTheRoot);
    RUN(users_areFoundInTheGuestsFiles);
    RUN(plan_variablesAndWords_lastOneWins);
    RUN(profile_everyCall_getsWhatTheTableSays);
    RUN(profile_whatNobodyNames_doesNotExist);
    RUN(profile_arguments_decide);
    RUN(profile_numbers_areTheKernels);
    RUN(idfilter_trapsIdsAndNothingElse);
}
