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
#include "union.h"
#include "upper.h"
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
static int find_status(const struct databases *from, const char *user) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct account account;
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        account_find(from, user, &account);
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
    struct databases from;
    databases_read(&from, root);
    account_find(&from, "pg", &account);
    CHECK(account.uid == 999 && account.gid == 998 && account.group_count == 2 && account.groups[0] == 998 && account.groups[1] == 101);
    CHECK_TEXT(account.home, "/var/lib/pg");
    account_find(&from, "999", &account);
    CHECK(account.uid == 999 && account.gid == 998 && account.group_count == 2);
    account_find(&from, "12", &account); /* a name goes before a number */
    CHECK(account.uid == 77);
    account_find(&from, "4242:ssl", &account);
    CHECK(account.uid == 4242 && account.gid == 101 && account.group_count == 1);
    CHECK_TEXT(account.home, "/");
    account_find(&from, "nohome:7", &account);
    CHECK(account.uid == 5 && account.gid == 7);
    CHECK_TEXT(account.home, "/");
    CHECK(find_status(&from, "nobody") == STATUS_LICHEN && find_status(&from, "pg:nogroup") == STATUS_LICHEN && find_status(&from, "4294967295") == STATUS_LICHEN);
    CHECK(find_status(&from, "root:root") == 0);
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

static void union_options_areNumbers(void) {
    int lowers[] = {10, 11, 5};
    struct parts parts = {.lowers = lowers, .lower_count = 3, .upper = 7, .work = 8};
    AUTO_FREE char *text = union_options(&parts, ",volatile");
    CHECK_TEXT(text, "lowerdir=10:11:5,upperdir=7,workdir=8,volatile");
    int many[500]; /* as many as the kernel takes fit into the page that it reads */
    for (int i = 0; i < 500; i++) many[i] = 1000 + i;
    AUTO_FREE char *long_text = union_options(&(struct parts){.lowers = many, .lower_count = 500, .upper = 7, .work = 8}, ",userxattr,index=off,volatile");
    CHECK(strlen(long_text) < 4096);
}

/* The exit status of reading a root record in a child. */
static int root_status(const char *const *pairs) {
    int status;
    struct bytes root = {0}, payload = {0};
    for (; *pairs; pairs += 2) {
        struct bytes lower = {0};
        record_add_text(&lower, "path", pairs[1]);
        if (!strcmp(pairs[0], "lowr")) record_add(&root, "lowr", lower.data, lower.size);
        else record_add_text(&root, pairs[0], pairs[1]);
        bytes_clear(&lower);
    }
    record_add_text(&payload, "argv", "sh");
    record_add(&payload, "root", root.data, root.size);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct plan plan = {0};
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        plan_read(&plan, &payload);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    bytes_clear(&root);
    bytes_clear(&payload);
    return WEXITSTATUS(status);
}

static void plan_root_isATreeOrAUnion(void) {
    CHECK(root_status((const char *[]){"path", "rootfs", NULL}) == 0);
    CHECK(root_status((const char *[]){"lowr", "/l", "lowr", "/m", "uppr", "upper", "work", "work", "flag", "once", "flag", "ro", NULL}) == 0);
    CHECK(root_status((const char *[]){"lowr", "/l", "uppr", "upper", NULL}) == STATUS_LICHEN);
    CHECK(root_status((const char *[]){"path", "rootfs", "lowr", "/l", "uppr", "upper", "work", "work", NULL}) == STATUS_LICHEN);
    CHECK(root_status((const char *[]){"flag", "ro", NULL}) == STATUS_LICHEN);
    CHECK(root_status((const char *[]){"path", "rootfs", "flag", "rw", NULL}) == STATUS_LICHEN);
}

static int mode_of(const char *path) {
    struct stat status;
    return fstatat(at, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? (int)(status.st_mode & 07777) : -1;
}

/* high/fs/a/b  implied "" "a" "a/b" "h" "l"   low/fs/ (0751)  a/ (0711)  a/b/ (0700)  .wh.-hidden h (aufs, in middle)  l -> /outside */
static void upper_beginsWithWhatTheLowersReallyHave(void) {
    begin();
    static const char *const MADE[] = {"high", "high/fs", "high/fs/a", "high/fs/a/b", "high/fs/h", "high/fs/l", "middle", "middle/fs", "low", "low/fs", "low/fs/a", "low/fs/a/b", "low/fs/h"};
    for (size_t i = 0; i < sizeof MADE / sizeof *MADE; i++) CHECK(mkdirat(at, MADE[i], 0755) == 0);
    CHECK(symlinkat("/outside", at, "low/fs/l") == 0);
    CHECK(fchmodat(at, "low/fs", 0751, 0) == 0 && fchmodat(at, "low/fs/a", 0711, 0) == 0 && fchmodat(at, "low/fs/a/b", 0700, 0) == 0 && fchmodat(at, "low/fs/h", 0700, 0) == 0);
    put("middle/fs/.wh.h", "");
    AUTO_CLOSE int implied = openat(at, "high/implied", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    static const char IMPLIED[] = "\0a\0a/b\0h\0l";
    CHECK(write_all(implied, IMPLIED, sizeof IMPLIED));
    AUTO_CLOSE int implied_root = openat(at, "middle/implied", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    CHECK(write_all(implied_root, "", 1));
    AUTO_FREE char *high = must_format("%s/high/layer.json", base);
    AUTO_FREE char *middle = must_format("%s/middle/layer.json", base);
    AUTO_FREE char *low = must_format("%s/low/layer.json", base);
    AUTO_FREE char *upper = must_format("%s/upper", base);
    AUTO_FREE char *work = must_format("%s/work", base);
    struct lower lowers[] = {{.path = "", .index = high}, {.path = "", .index = middle, .aufs = true}, {.path = "", .index = low}};
    struct root root = {.lowers = lowers, .lower_count = 3, .upper = upper, .work = work};
    int fds[] = {openat(at, "high/fs", O_PATH | O_CLOEXEC), openat(at, "middle/fs", O_PATH | O_CLOEXEC), openat(at, "low/fs", O_PATH | O_CLOEXEC)};
    CHECK(mkdirat(at, "upper.new", 0700) == 0); /* a kill left it */
    put("upper.new/left", "");
    upper_make(&root, fds);
    CHECK(mode_of("upper") == 0751 && mode_of("upper/a") == 0711 && mode_of("upper/a/b") == 0700);
    CHECK(!is_there("upper/h") && !is_there("upper/l") && !is_there("upper/left") && !is_there("upper.new"));
    put("upper/mine", "");
    upper_make(&root, fds); /* it is there: nothing is done to it */
    CHECK(is_there("upper/mine"));
    for (int i = 0; i < 3; i++) close(fds[i]);
    end();
}

int main(void) {
    RUN(walk_never_leavesTheRoot);
    RUN(users_areFoundInTheGuestsFiles);
    RUN(plan_variablesAndWords_lastOneWins);
    RUN(plan_root_isATreeOrAUnion);
    RUN(union_options_areNumbers);
    RUN(upper_beginsWithWhatTheLowersReallyHave);
    RUN(profile_everyCall_getsWhatTheTableSays);
    RUN(profile_whatNobodyNames_doesNotExist);
    RUN(profile_arguments_decide);
    RUN(profile_numbers_areTheKernels);
    RUN(idfilter_trapsIdsAndNothingElse);
}
