/* Random sequences of calls by guest root and guest users, in a directory of an unprivileged user under the emulation, and by the real root and real users in another directory: the
 * same results, the same errno, and stat says the same of every file. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "credentials.h"
#include "world.h"

/* 84 paths of up to three names: a to d, each of them in each, twice. */
enum { NAMES = 4, DEPTH = 3, PATHS = NAMES + NAMES * NAMES + NAMES * NAMES * NAMES, WHOLE_TREE_EVERY = 64 };
enum kind { MKDIR, CREATE, FIFO, SOCKET, DEVICE, SYMLINK, LINK, UNLINK, RMDIR, RENAME, CHOWN, CHMOD, ACCESS, OPEN, UTIMENS, KINDS };
static const char *const KIND[] = {"mkdir", "create", "mkfifo", "mksocket", "mkdevice", "symlink", "link", "unlink", "rmdir", "rename", "chown", "chmod", "access", "open", "utimens"};
static const unsigned WEIGHT[KINDS] = {10, 12, 4, 3, 4, 5, 4, 5, 4, 10, 14, 16, 6, 10, 5};

static const struct user {
    uint32_t uid, gid, groups[2], group_count;
} USERS[] = {{0, 0, {0}, 1}, {1000, 1000, {50, 1000}, 2}, {1001, 1001, {50}, 1}, {33, 33, {0}, 0}};

struct operation {
    enum kind kind;
    const struct user *user;
    char path[DEPTH * 2], other[DEPTH * 2];
    uint32_t mode, umask, uid, gid;
    unsigned flags;
    dev_t device;
};

/* What both sides say. */
struct seen {
    uint32_t mode, uid, gid, links;
    uint64_t device;
};
struct answer {
    int error; /* 0 or an errno */
    struct seen seen[2];
};

static void path_number(uint32_t number, char *path) {
    unsigned depth = number < NAMES ? 1 : number < NAMES + NAMES * NAMES ? 2 : 3;
    number -= depth == 1 ? 0 : depth == 2 ? NAMES : NAMES + NAMES * NAMES;
    for (unsigned i = 0; i < depth; i++, number /= NAMES) {
        *path++ = (char)('a' + number % NAMES);
        *path++ = i + 1 < depth ? '/' : 0;
    }
}

static void random_path(uint64_t *state, char *path) {
    static const uint32_t FIRST[] = {0, NAMES, NAMES + NAMES * NAMES}, COUNT[] = {NAMES, NAMES * NAMES, NAMES * NAMES * NAMES};
    uint32_t depth = world_random(state, 5) * 2 / 3;
    path_number(FIRST[depth] + world_random(state, COUNT[depth]), path);
}

static struct operation random_operation(uint64_t *state) {
    static const uint32_t IDS[] = {0, 33, 50, 1000, 1001, 4242, UINT32_MAX};
    static const uint32_t MODES[] = {0, 0644, 0755, 0777, 0600, 0700, 04755, 02755, 06711, 01777, 02775, 02644, 03777, 0070, 0007, 0444, 0555};
    static const uint32_t UMASKS[] = {022, 0, 077, 02, 0277};
    static const dev_t DEVICES[] = {0, 0x103, 0x10000fff};
    struct operation o = {.user = &USERS[world_random(state, 3) == 0 ? 0 : world_random(state, 4)]};
    uint32_t pick = 0, at = 0;
    for (unsigned i = 0; i < KINDS; i++) pick += WEIGHT[i];
    for (pick = world_random(state, pick); pick >= WEIGHT[at]; at++) pick -= WEIGHT[at];
    o.kind = (enum kind)at;
    random_path(state, o.path);
    random_path(state, o.other);
    o.mode = world_random(state, 4) ? MODES[world_random(state, 17)] : world_random(state, 010000);
    o.umask = UMASKS[world_random(state, 5)];
    o.uid = IDS[world_random(state, 7)];
    o.gid = IDS[world_random(state, 7)];
    o.flags = world_random(state, 1 << 16);
    o.device = DEVICES[world_random(state, 3)];
    return o;
}

static const struct timespec *times_of(const struct operation *o) {
    static const struct timespec TIMES[][2] = {{{0, UTIME_NOW}, {0, UTIME_NOW}}, {{7, 0}, {8, 0}}, {{0, UTIME_OMIT}, {0, UTIME_NOW}}, {{0, UTIME_OMIT}, {0, UTIME_OMIT}}};
    return o->flags % 5 == 4 ? NULL : TIMES[o->flags % 5];
}

static unsigned rename_flags(const struct operation *o) { return o->flags % 4 == 0 ? RENAME_NOREPLACE : o->flags % 4 == 1 ? RENAME_EXCHANGE : 0; }

static int open_flags(const struct operation *o) {
    static const int ACCESS_MODES[] = {O_RDONLY, O_WRONLY, O_RDWR};
    return ACCESS_MODES[o->flags % 3] | (o->flags & 8 ? O_TRUNC : 0) | (o->flags & 16 ? O_NOATIME : 0) | O_NOFOLLOW | O_NONBLOCK;
}

static uint32_t type_of(enum kind kind, const struct operation *o) {
    return kind == MKDIR ? S_IFDIR : kind == FIFO ? S_IFIFO : kind == SOCKET ? S_IFSOCK : kind == SYMLINK ? S_IFLNK : kind != DEVICE ? S_IFREG : o->flags & 1 ? S_IFCHR : S_IFBLK;
}

/* The kernel. */

static void become(const struct user *user) {
    CHECK(syscall(SYS_setresuid, 0, 0, 0) == 0 && syscall(SYS_setgroups, user->group_count, user->groups) == 0);
    CHECK(syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 && syscall(SYS_setresuid, user->uid, user->uid, 0) == 0);
}

static long opened(int fd, const struct operation *o) {
    if (fd < 0) return fd;
    if ((open_flags(o) & O_ACCMODE) != O_RDONLY) CHECK(write(fd, "x", 1) == 1);
    return close(fd);
}

static bool opens(int directory, const char *path) { /* not what has no end or no driver */
    struct stat status;
    return fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode);
}

static long kernel_call(const struct operation *o) {
    uint32_t type = type_of(o->kind, o);
    struct stat status;
    bool can_open = o->kind != OPEN || opens(AT_FDCWD, o->path);
    umask(o->umask);
    become(o->user);
    switch (o->kind) {
        case MKDIR: return mkdir(o->path, o->mode);
        case CREATE: {
            int fd = open(o->path, O_CREAT | O_EXCL | O_WRONLY, o->mode);
            return fd < 0 ? fd : close(fd);
        }
        case FIFO:
        case SOCKET:
        case DEVICE: return mknod(o->path, type | o->mode, o->device);
        case SYMLINK: return symlink("nowhere", o->path);
        case LINK: return linkat(AT_FDCWD, o->path, AT_FDCWD, o->other, 0);
        case UNLINK: return unlink(o->path);
        case RMDIR: return rmdir(o->path);
        case RENAME: return syscall(SYS_renameat2, AT_FDCWD, o->path, AT_FDCWD, o->other, rename_flags(o));
        case CHOWN: return fchownat(AT_FDCWD, o->path, o->uid, o->gid, AT_SYMLINK_NOFOLLOW);
        case CHMOD: return syscall(452 /* fchmodat2 */, AT_FDCWD, o->path, o->mode, AT_SYMLINK_NOFOLLOW);
        case ACCESS: return syscall(439 /* faccessat2 */, AT_FDCWD, o->path, o->mode & 7, AT_SYMLINK_NOFOLLOW);
        case OPEN: return can_open ? opened(open(o->path, open_flags(o)), o) : lstat(o->path, &status);
        case UTIMENS: return utimensat(AT_FDCWD, o->path, times_of(o), AT_SYMLINK_NOFOLLOW);
        case KINDS: break;
    }
    return -1;
}

static int kernel_apply(const struct operation *o) {
    int error = kernel_call(o) < 0 ? errno : 0;
    become(&USERS[0]);
    return error;
}

static struct seen kernel_see(const char *path) {
    struct stat s;
    if (lstat(path, &s) != 0) return (struct seen){0};
    return (struct seen){s.st_mode, s.st_uid, s.st_gid, (uint32_t)s.st_nlink, s.st_rdev};
}

/* The emulation, with the least that a launcher does around it. */

static struct root_place place;
static bool hardlinks_protected;

/* A path on its way: the directory, its node, and the last name. */
struct found {
    int directory;
    struct root_file file;
    struct root_node parent, node;
    struct root_host host;
    bool exists;
    char name[2];
};

static int look_at(struct found *f) {
    int error = root_host(&f->file, &f->host);
    f->exists = error == 0;
    if (f->exists) error = root_look(&place, &f->file, &f->host, &f->node);
    return error == -ENOENT ? 0 : error;
}

static int step(const struct root_who *who, struct found *f) {
    int error = f->exists ? root_may(who, &f->node, ROOT_EXECUTE) : -ENOENT;
    if (f->exists && S_ISLNK(f->node.mode)) error = -ENOENT; /* nowhere */
    else if (f->exists && !S_ISDIR(f->node.mode)) error = -ENOTDIR;
    if (error) return error;
    int next = openat(f->directory, f->file.name, O_PATH | O_NOFOLLOW | O_DIRECTORY);
    CHECK(next >= 0);
    close(f->directory);
    f->directory = next;
    f->parent = f->node;
    return 0;
}

static int find(const struct root_who *who, const char *path, struct found *f) {
    f->directory = open(".", O_PATH | O_DIRECTORY);
    f->name[1] = 0;
    f->file = (struct root_file){f->directory, "."};
    int error = look_at(f);
    f->parent = f->node;
    for (size_t i = 0; !error; i += 2) {
        f->file = (struct root_file){f->directory, f->name};
        f->name[0] = path[i];
        if (i == 0) error = root_may(who, &f->parent, ROOT_EXECUTE);
        if (!error) error = look_at(f);
        if (error || !path[i + 1]) break;
        error = step(who, f);
    }
    return error;
}

static int make(const struct operation *o, const struct root_who *who, struct found *f) {
    struct root_node node;
    uint32_t type = type_of(o->kind, o);
    int error = f->exists ? -EEXIST : root_may_create(who, &f->parent);
    if (!error) error = root_new_node(who, &f->parent, type | o->mode, o->umask, o->kind == DEVICE ? o->device : 0, &node);
    if (error) return error;
    uint32_t on_disk = root_made_of(&node);
    umask(0);
    long made = S_ISDIR(on_disk) ? mkdirat(f->directory, f->name, on_disk & 01777)
                : S_ISLNK(on_disk) ? symlinkat("nowhere", f->directory, f->name)
                                   : mknodat(f->directory, f->name, on_disk, 0);
    CHECK(made == 0);
    return root_made(&place, &f->file, &node);
}

static int result(long value) { return value < 0 ? -errno : 0; }

static int link_to(const struct root_who *who, struct found *f, struct found *to) {
    if (!f->exists) return -ENOENT;
    int error = to->exists ? -EEXIST : root_may_link(who, &to->parent, &f->node, hardlinks_protected);
    if (!error && S_ISDIR(f->node.mode)) error = -EPERM;
    return error ? error : result(linkat(f->directory, f->name, to->directory, to->name, 0));
}

static int take_away(const struct operation *o, const struct root_who *who, struct found *f) {
    bool directory = o->kind == RMDIR;
    int error = f->exists ? root_may_remove(who, &f->parent, &f->node) : -ENOENT;
    if (!error && directory != S_ISDIR(f->node.mode)) error = directory ? -ENOTDIR : -EISDIR;
    if (!error) error = result(unlinkat(f->directory, f->name, directory ? AT_REMOVEDIR : 0));
    if (!error) root_removed(&place, &f->host);
    return error;
}

static bool above(const char *path, const char *other) { return !strncmp(path, other, strlen(path)) && other[strlen(path)] == '/'; }

static int move(const struct operation *o, const struct root_who *who, struct found *f, struct found *to) {
    unsigned flags = rename_flags(o);
    struct stat a, b;
    CHECK(fstat(f->directory, &a) == 0 && fstat(to->directory, &b) == 0);
    if (!f->exists) return -ENOENT;
    if (to->exists && flags & RENAME_NOREPLACE) return -EEXIST;
    if (!to->exists && flags & RENAME_EXCHANGE) return -ENOENT;
    if (above(o->path, o->other)) return -EINVAL;
    if (above(o->other, o->path)) return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
    if (to->exists && f->host.inode == to->host.inode) return 0;
    int error = root_may_rename(who, &f->parent, &f->node, &to->parent, to->exists ? &to->node : NULL, a.st_ino == b.st_ino, flags & RENAME_EXCHANGE);
    if (!error) error = result(syscall(SYS_renameat2, f->directory, f->name, to->directory, to->name, flags));
    if (!error && to->exists && !(flags & RENAME_EXCHANGE)) root_removed(&place, &to->host);
    return error;
}

static int open_one(const struct operation *o, const struct root_who *who, const struct found *f) {
    int flags = open_flags(o);
    bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
    if (!S_ISREG(f->node.mode) && !S_ISDIR(f->node.mode)) return S_ISLNK(f->node.mode) ? -ELOOP : 0;
    if (S_ISDIR(f->node.mode) && writes) return -EISDIR;
    int error = root_may_open(who, &f->node, flags);
    if (!error) error = result(opened(openat(f->directory, f->name, flags), o));
    return !error && writes ? root_wrote(&place, who, &f->file) : error;
}

static int call(const struct operation *o, const struct root_credentials *c, struct found *f, struct found *to) {
    const struct root_who who = root_who(c), real = root_who_real(c);
    int error = find(&who, o->path, f);
    if (!error && to) error = o->kind == LINK && !f->exists ? -ENOENT : find(&who, o->other, to);
    if (error) return error;
    if (!f->exists && o->kind >= CHOWN) return o->kind == UTIMENS && root_may_set_times(&(struct root_who){.uid = 1}, &(struct root_node){0}, times_of(o)) == 0 ? 0 : -ENOENT;
    switch (o->kind) {
        case MKDIR:
        case CREATE:
        case FIFO:
        case SOCKET:
        case DEVICE:
        case SYMLINK: return make(o, &who, f);
        case LINK: return link_to(&who, f, to);
        case UNLINK:
        case RMDIR: return take_away(o, &who, f);
        case RENAME: return move(o, &who, f, to);
        case CHOWN: return root_chown(&place, &who, &f->file, o->uid, o->gid);
        case CHMOD: return root_chmod(&place, &who, &f->file, o->mode);
        case ACCESS: return root_may(&real, &f->node, o->mode & 7);
        case OPEN: return open_one(o, &who, f);
        case UTIMENS: return root_may_set_times(&who, &f->node, times_of(o)) ?: result(utimensat(f->directory, f->name, times_of(o), AT_SYMLINK_NOFOLLOW));
        case KINDS: break;
    }
    return -ENOSYS;
}

static int emulation_apply(const struct operation *o) {
    static struct root_credentials c;
    struct found f = {.directory = -1}, to = {.directory = -1};
    root_first(&c, o->user->uid, o->user->gid, o->user->groups, o->user->group_count, ROOT_ALL_CAPABILITIES);
    /* utimensat that is to change nothing does not even look at the path. */
    if (o->kind == UTIMENS && times_of(o) && times_of(o)[0].tv_nsec == UTIME_OMIT && times_of(o)[1].tv_nsec == UTIME_OMIT) return 0;
    int error = call(o, &c, &f, o->kind == LINK || o->kind == RENAME ? &to : NULL);
    if (f.directory >= 0) close(f.directory);
    if (to.directory >= 0) close(to.directory);
    return -error;
}

static struct seen emulation_see(const char *path) {
    struct stat s;
    if (lstat(path, &s) != 0) return (struct seen){0};
    struct root_host host = root_host_of_stat(&s);
    const char *slash = strrchr(path, '/');
    char parent[DEPTH * 2] = ".";
    if (slash) memcpy(parent, path, (size_t)(slash - path)), parent[slash - path] = 0;
    int directory = open(parent, O_PATH | O_DIRECTORY);
    struct root_file file = {directory, slash ? slash + 1 : path};
    struct root_node node;
    CHECK(root_look(&place, &file, &host, &node) == 0);
    close(directory);
    CHECK(!(s.st_mode & (S_ISUID | S_ISGID)) && (S_ISLNK(s.st_mode) || (s.st_mode & 0600) == 0600)); /* what may and must be on disk */
    root_show_stat(&s, &node);
    return (struct seen){s.st_mode, s.st_uid, s.st_gid, (uint32_t)s.st_nlink, s.st_rdev};
}

/* Both run the same sequence and write what they see; the parent compares. */

static void run_side(int out, uint64_t seed, uint64_t operations, int (*apply)(const struct operation *), struct seen (*see)(const char *)) {
    char path[DEPTH * 2];
    for (uint64_t i = 0; i < operations; i++) {
        struct operation o = random_operation(&seed);
        struct answer answer = {.error = apply(&o)};
        answer.seen[0] = see(o.path);
        answer.seen[1] = see(o.other);
        CHECK(write(out, &answer, sizeof answer) == sizeof answer);
        for (uint32_t p = 0; i % WHOLE_TREE_EVERY == 0 && p < PATHS; p++) {
            path_number(p, path);
            answer.seen[0] = see(path);
            CHECK(write(out, &answer.seen[0], sizeof answer.seen[0]) == sizeof answer.seen[0]);
        }
    }
    exit(0);
}

static void read_whole_answer(int in, void *data, size_t size) {
    for (size_t have = 0; have < size;) {
        ssize_t got = read(in, (char *)data + have, size - have);
        CHECK(got > 0);
        have += (size_t)got;
    }
}

static void print(const char *side, int error, const struct seen *seen) {
    fprintf(stderr, "  %-10s %-14s %06o %u:%u device %llx, %u links\n", side, error < 0 ? "" : strerror(error), seen->mode, seen->uid, seen->gid, (unsigned long long)seen->device, seen->links);
}

_Noreturn static void differ(const struct operation *o, uint64_t number, const char *path, const struct answer answers[2], int which) {
    fprintf(stderr, "operation %llu: %s %s %s as %u, mode %o umask %o ids %d:%d flags %x device %llx; of %s:\n", (unsigned long long)number, KIND[o->kind], o->path, o->other, o->user->uid,
            o->mode, o->umask, (int)o->uid, (int)o->gid, o->flags, (unsigned long long)o->device, path);
    print("kernel", answers[0].error, &answers[0].seen[which]);
    print("emulation", answers[1].error, &answers[1].seen[which]);
    exit(1);
}

static bool same(const struct seen *a, const struct seen *b) {
    return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->device == b->device && (S_ISDIR(a->mode) || a->links == b->links);
}

static void compare(const int in[2], uint64_t seed, uint64_t operations) {
    struct answer answers[2];
    unsigned done[KINDS][2] = {0};
    for (uint64_t i = 0; i < operations; i++) {
        struct operation o = random_operation(&seed);
        for (int side = 0; side < 2; side++) read_whole_answer(in[side], &answers[side], sizeof answers[side]);
        done[o.kind][answers[0].error != 0]++;
        if (answers[0].error != answers[1].error || !same(&answers[0].seen[0], &answers[1].seen[0])) differ(&o, i, o.path, answers, 0);
        if (!same(&answers[0].seen[1], &answers[1].seen[1])) differ(&o, i, o.other, answers, 1);
        for (uint32_t p = 0; i % WHOLE_TREE_EVERY == 0 && p < PATHS; p++) {
            char path[DEPTH * 2];
            path_number(p, path);
            for (int side = 0; side < 2; side++) read_whole_answer(in[side], &answers[side].seen[0], sizeof answers[side].seen[0]);
            if (!same(&answers[0].seen[0], &answers[1].seen[0])) differ(&o, i, path, answers, 0);
        }
    }
    if (getenv("LICHEN_VERBOSE"))
        for (int i = 0; i < KINDS; i++) printf("  %-9s %6u done %6u refused\n", KIND[i], done[i][0], done[i][1]);
}

static int start(bool emulated, bool attributes, const char *directory, uint64_t seed, uint64_t operations) {
    int channel[2];
    CHECK(pipe(channel) == 0);
    if (fork() != 0) {
        close(channel[1]);
        return channel[0];
    }
    close(channel[0]);
    static struct root_table table;
    static char name[64];
    CHECK(getcwd(name, sizeof name - 8));
    if (emulated) world_drop();
    CHECK(chdir(directory) == 0);
    if (!emulated) run_side(channel[1], seed, operations, kernel_apply, kernel_see);
    CHECK(root_table_open(&table, strcat(name, "/table"), world_host(".").inode) == 0);
    place = world_place(attributes, &table);
    run_side(channel[1], seed, operations, emulation_apply, emulation_see);
    return -1;
}

static void model(bool attributes, const char *emulated) {
    uint64_t seed = world_number("LICHEN_SEED", (uint64_t)getpid() * 2654435761u + (uint64_t)time(NULL)), operations = world_number("LICHEN_OPERATIONS", 20000);
    printf("LICHEN_SEED=%llu LICHEN_OPERATIONS=%llu\n", (unsigned long long)seed, (unsigned long long)operations);
    fflush(stdout);
    char real[32];
    snprintf(real, sizeof real, "real-%s", emulated);
    unlink("table");
    CHECK(mkdir(real, 0777) == 0 && chown(real, 0, 0) == 0);
    int in[2] = {start(false, false, real, seed, operations), start(true, attributes, emulated, seed, operations)};
    compare(in, seed, operations);
    for (int i = 0; i < 2; i++) {
        int status;
        close(in[i]);
        CHECK(wait(&status) > 0 && status == 0);
    }
}

static void make_directory(const char *name) { CHECK(mkdir(name, 0777) == 0 && chown(name, WORLD_USER, WORLD_USER) == 0); }

static void calls_recordsInAttributes_sameAsTheKernel(void) {
    make_directory("attributes");
    model(true, "attributes");
}

static void calls_recordsInTheTable_sameAsTheKernel(void) {
    make_directory("table-only");
    model(false, "table-only");
}

static void calls_filesystemWithoutAttributes_sameAsTheKernel(void) {
    make_directory("ramfs");
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("ramfs", "ramfs", "ramfs", 0, NULL) != 0) {
        world_skip(__func__, false, "cannot mount ramfs");
        return;
    }
    CHECK(chown("ramfs", WORLD_USER, WORLD_USER) == 0 && chmod("ramfs", 0777) == 0);
    model(true, "ramfs");
    CHECK(umount2("ramfs", MNT_DETACH) == 0);
}

int main(void) {
    hardlinks_protected = world_protects_hardlinks();
    if (geteuid() != 0) {
        world_skip("model", false, "the kernel's own answers need root");
        return 0;
    }
    world_make();
    RUN(calls_recordsInAttributes_sameAsTheKernel);
    RUN(calls_recordsInTheTable_sameAsTheKernel);
    RUN(calls_filesystemWithoutAttributes_sameAsTheKernel);
}
