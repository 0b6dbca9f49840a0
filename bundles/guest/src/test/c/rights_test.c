/* What may be done, and what comes of it: the kernel and the pure functions are asked the same of one real file in whatever state it is, by processes with any ids, groups and some
 * of root's capabilities. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "credentials.h"
#include "world.h"

enum { FILES = 6, ASKED = 60 };
static const uint32_t IDS[] = {0, 1, 2, 1000};
static const int SOME[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_MKNOD};
static char names[FILES][4] = {"f0", "f1", "f2", "d0", "d1", "d2"};
static bool hardlinks_protected;
static unsigned asked; /* names what is made, for not all of it can be taken away again */

static struct root_node real(const char *name) {
    struct stat s;
    CHECK(syscall(SYS_newfstatat, AT_FDCWD, name, &s, AT_SYMLINK_NOFOLLOW) == 0);
    return (struct root_node){s.st_mode, s.st_uid, s.st_gid, 0, 0};
}

/* In a child, started as root. */
static void become(uint64_t *random, struct root_credentials *c) {
    uint32_t groups[2] = {IDS[world_random(random, 4)], 77}, uid = IDS[world_random(random, 4)], gid = IDS[world_random(random, 4)], count = world_random(random, 3);
    uint64_t set = 0;
    for (int i = 0; i < 6; i++) set |= world_random(random, 2) && world_random(random, 2) ? 1ull << SOME[i] : 0;
    if (world_random(random, 3) == 0) set = 0;
    const struct __user_cap_data_struct data[2] = {{(uint32_t)set, (uint32_t)set, 0}, {0, 0, 0}};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && syscall(SYS_setgroups, count, groups) == 0 && syscall(SYS_setresgid, gid, gid, gid) == 0 && syscall(SYS_setresuid, uid, uid, uid) == 0);
    CHECK(syscall(SYS_capset, &header, data) == 0);
    root_first(c, uid, gid, groups, count, 0);
    c->effective = c->permitted = set;
}

static int kernel(long result) { return result < 0 ? -errno : 0; }

static int closed(int fd) { return fd < 0 ? -errno : close(fd); }

static bool agrees(const char *what, const struct root_who *who, const struct root_node *node, int expected, int result, const struct root_node *wanted, const struct root_node *is) {
    if (expected == result && (!wanted || root_same(wanted, is))) return true;
    fprintf(stderr, "%s of %o %u:%u by %u:%u (%u groups, first %u) capabilities %llx: kernel %d, ours %d", what, node->mode, node->uid, node->gid, who->uid, who->gid, who->group_count,
            who->groups[0], (unsigned long long)who->capabilities, result, expected);
    if (wanted) fprintf(stderr, "; then %o %u:%u, ours %o %u:%u", is->mode, is->uid, is->gid, wanted->mode, wanted->uid, wanted->gid);
    fputc('\n', stderr);
    return false;
}

static bool ask_change(const struct root_who *who, const char *name, uint64_t *random) {
    struct root_node before = real(name), wanted = before, is;
    uint32_t uid = world_random(random, 5) ? IDS[world_random(random, 4)] : UINT32_MAX, gid = world_random(random, 5) ? IDS[world_random(random, 4)] : UINT32_MAX;
    uint32_t mode = world_random(random, 010000);
    bool chmods = world_random(random, 2);
    int expected = chmods ? root_chmod_node(who, &wanted, mode) : root_chown_node(who, &wanted, uid, gid);
    int result = kernel(chmods ? chmod(name, mode) : lchown(name, uid, gid));
    is = real(name);
    return agrees(chmods ? "chmod" : "chown", who, &before, expected, result, &wanted, &is);
}

static bool ask_open(const struct root_who *who, const char *name, uint64_t *random) {
    int flags = (int[]){O_RDONLY, O_WRONLY, O_RDWR}[world_random(random, 3)] | (world_random(random, 3) ? 0 : O_NOATIME);
    struct root_node node = real(name), wanted = node, is;
    if (S_ISDIR(node.mode)) flags &= ~O_ACCMODE;
    int expected = root_may_open(who, &node, flags), fd = open(name, flags), result = fd < 0 ? -errno : 0;
    if (fd >= 0 && flags & O_ACCMODE) {
        CHECK(write(fd, "x", 1) == 1);
        root_write_node(who, &wanted);
    }
    if (fd >= 0) close(fd);
    is = real(name);
    return agrees("open", who, &node, expected, result, &wanted, &is);
}

static bool ask_new(const struct root_who *who, const char *directory, uint64_t *random) {
    char name[16];
    struct root_node parent = real(directory), wanted, is = {0};
    uint32_t type = (uint32_t[]){S_IFREG, S_IFDIR, S_IFIFO, S_IFCHR, S_IFLNK}[world_random(random, 5)], mode = world_random(random, 010000), mask = (uint32_t[]){0, 022, 0277}[world_random(random, 3)];
    dev_t device = type == S_IFCHR ? world_random(random, 2) * 0x103 : 0;
    snprintf(name, sizeof name, "%s/%u", directory, asked);
    umask(mask);
    int expected = root_may_create(who, &parent);
    if (!expected) expected = root_new_node(who, &parent, type | mode, mask, device, &wanted);
    int result = kernel(type == S_IFDIR ? mkdir(name, mode) : type == S_IFLNK ? symlink("x", name) : mknod(name, type | mode, device));
    umask(0);
    if (result || expected) return agrees("new file", who, &parent, expected, result, NULL, NULL);
    is = real(name);
    wanted.major = wanted.minor = 0;
    bool fine = agrees("new file", who, &parent, 0, 0, &wanted, &is);
    expected = root_may_remove(who, &parent, &is);
    return fine && agrees("removal", who, &parent, expected, kernel(type == S_IFDIR ? rmdir(name) : unlink(name)), NULL, NULL);
}

static bool ask_link(const struct root_who *who, const char *name, const char *directory) {
    char linked[16];
    struct root_node node = real(name), parent = real(directory);
    snprintf(linked, sizeof linked, "%s/%u", directory, asked);
    int expected = root_may(who, &parent, ROOT_EXECUTE), result = kernel(link(name, linked)); /* first it is looked whether the name is there */
    if (!expected) expected = root_may_link(who, &parent, &node, hardlinks_protected);
    if (!agrees("link", who, &node, expected, result, NULL, NULL)) return false;
    return result != 0 || agrees("unlink", who, &parent, root_may_remove(who, &parent, &node), kernel(unlink(linked)), NULL, NULL);
}

static bool ask(const struct root_credentials *c, uint64_t *random) {
    static const struct timespec TIMES[][2] = {{{0, UTIME_NOW}, {0, UTIME_NOW}}, {{7, 0}, {8, 0}}, {{0, UTIME_NOW}, {0, UTIME_OMIT}}, {{0, UTIME_OMIT}, {0, UTIME_OMIT}}};
    const struct root_who who = root_who(c), real_who = root_who_real(c);
    const char *file = names[world_random(random, 3)], *directory = names[3 + world_random(random, 3)], *any = names[world_random(random, FILES)];
    const struct root_node node = real(any);
    unsigned want = world_random(random, 8);
    const struct timespec *times = TIMES[world_random(random, 4)];
    switch (world_random(random, 7)) {
        case 0: return agrees("access", &real_who, &node, root_may(&real_who, &node, want), kernel(syscall(SYS_faccessat, AT_FDCWD, any, want)), NULL, NULL);
        case 1: return agrees("faccessat AT_EACCESS", &who, &node, root_may(&who, &node, want), kernel(syscall(439, AT_FDCWD, any, want, AT_EACCESS)), NULL, NULL);
        case 2: return ask_open(&who, any, random);
        case 3: return ask_new(&who, directory, random);
        case 4: return agrees("utimensat", &who, &node, root_may_set_times(&who, &node, times), kernel(utimensat(AT_FDCWD, any, times, 0)), NULL, NULL);
        case 5: return ask_link(&who, file, directory);
        default: return ask_change(&who, any, random);
    }
}

/* What a child leaves behind because it may not take it away. */
static void restore(uint64_t *random) {
    for (int i = 0; i < FILES; i++) {
        char left[16];
        for (unsigned n = 0; i >= 3 && n < ASKED; n++) {
            snprintf(left, sizeof left, "%s/%u", names[i], n);
            remove(left);
        }
        CHECK(chown(names[i], IDS[world_random(random, 4)], IDS[world_random(random, 4)]) == 0 && chmod(names[i], world_random(random, 010000)) == 0);
    }
}

static void rights_sameAsTheKernel(void) {
    uint64_t seed = world_number("LICHEN_SEED", (uint64_t)getpid() * 2654435761u), rounds = world_number("LICHEN_OPERATIONS", 60000) / ASKED;
    printf("LICHEN_SEED=%llu\n", (unsigned long long)seed);
    for (int i = 0; i < FILES; i++) CHECK(i < 3 ? closed(open(names[i], O_CREAT | O_WRONLY, 0600)) == 0 : mkdir(names[i], 0700) == 0);
    for (uint64_t round = 0; round < rounds; round++) {
        uint64_t random = seed * 1000003 + round * 7919 + 1;
        restore(&random);
        pid_t child = fork();
        int status;
        if (child == 0) {
            static struct root_credentials c;
            become(&random, &c);
            for (; asked < ASKED; asked++)
                if (!ask(&c, &random)) _exit(1);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
}

int main(void) {
    hardlinks_protected = world_protects_hardlinks();
    if (geteuid() != 0) {
        world_skip("rights", false, "the kernel's own answers need root");
        return 0;
    }
    world_make();
    RUN(rights_sameAsTheKernel);
}
