/* The same random operations on the core and on the kernel's overlayfs (userxattr, in a user namespace, as an unprivileged user): the same results, and the same trees.
 *
 * LICHEN_OPERATIONS (100000) and LICHEN_SEED (1) choose them; LICHEN_EPOCH=N runs that one alone; LICHEN_TRACE=1 prints them all. LICHEN_SHRINK=1 leaves out whatever the first
 * difference does not need, and prints the rest. An epoch is a few thousand operations over fresh layers. In every other one the core's layers have the encoding aufs. At the end
 * of the others the uppers are exchanged: the kernel mounts the core's, and the core reads the kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "operations.h"

enum { LOWERS = 3, EPOCH = 2500, DUMP_EVERY = 500 };

struct epoch {
    const char *top; /* its directory */
    enum union_encoding encoding;
    const char *kernel_lowers[LOWERS], *core_lowers[LOWERS];
    const char *kernel_upper, *core_upper, *core_work, *mount;
    uint64_t hashes[2 * LOWERS];
    struct union_config *u;
    int child; /* socket of the kernel's side */
    pid_t pid;
    int slots[SLOTS];
    FILE *kernel_dump, *core_dump;
};

static bool trace;
static bool left_out[EPOCH]; /* operations of the epoch, while a difference is shrunk */

static const char *make_dir(const struct epoch *epoch, const char *name) {
    const char *path = strdup(text_of("%s/%s", epoch->top, name));
    CHECK(mkdir(path, 0755) == 0);
    return path;
}

static FILE *memory(void) {
    FILE *file = fdopen(memfd_create("dump", MFD_CLOEXEC), "r+");
    CHECK(file);
    return file;
}

static void start_over(FILE *file) {
    CHECK(ftruncate(fileno(file), 0) == 0);
    rewind(file);
}

static bool mount_overlay(const struct epoch *epoch, const char *upper, const char *work) {
    const char *options = text_of("userxattr,volatile,lowerdir=%s:%s:%s,upperdir=%s,workdir=%s", epoch->kernel_lowers[0], epoch->kernel_lowers[1], epoch->kernel_lowers[2], upper, work);
    return mount("overlay", epoch->mount, "overlay", 0, options) == 0;
}

static void serve(const struct epoch *epoch, int socket) {
    static struct operation operation;
    static struct outcome outcome;
    int slots[SLOTS];
    for (int i = 0; i < SLOTS; i++) slots[i] = -1;
    CHECK(chroot(epoch->mount) == 0 && chdir("/") == 0);
    while (read(socket, &operation, sizeof operation) == (ssize_t)sizeof operation && operation.kind != OP_END) {
        if (operation.kind == OP_DUMP) start_over(epoch->kernel_dump);
        operation_perform(kernel_side(), &operation, slots, &outcome, epoch->kernel_dump);
        CHECK(write(socket, &outcome, sizeof outcome) == (ssize_t)sizeof outcome);
    }
    _exit(0);
}

static void start_kernel(struct epoch *epoch) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    fflush(stdout);
    epoch->pid = fork();
    CHECK(epoch->pid >= 0);
    if (epoch->pid == 0) {
        close(pair[0]);
        serve(epoch, pair[1]);
    }
    close(pair[1]);
    epoch->child = pair[0];
}

static void stop_kernel(struct epoch *epoch) {
    static const struct operation end = {.kind = OP_END};
    int status;
    CHECK(write(epoch->child, &end, sizeof end) == (ssize_t)sizeof end);
    CHECK(waitpid(epoch->pid, &status, 0) == epoch->pid && status == 0);
    close(epoch->child);
    CHECK(umount(epoch->mount) == 0);
}

/* The core follows overlayfs as it is since Linux 6.7, where user.overlay.* are attributes for the guest too. */
static bool is_recent(const char *mounted) {
    static const char name[] = "user.overlay.probe";
    return setxattr(mounted, name, "", 0, 0) == 0 && removexattr(mounted, name) == 0;
}

/* NULL, or why it cannot be. */
static const char *start(struct epoch *epoch, const char *top, uint64_t seed, unsigned number) {
    *epoch = (struct epoch){.top = top, .encoding = number % 2 ? UNION_AUFS : UNION_OVERLAY};
    for (unsigned i = 0; i < LOWERS; i++) {
        epoch->kernel_lowers[i] = epoch->core_lowers[i] = make_dir(epoch, text_of("lower%u", i));
        tree_fill(epoch->kernel_lowers[i], seed + i, UNION_OVERLAY);
        if (epoch->encoding == UNION_AUFS) tree_fill(epoch->core_lowers[i] = make_dir(epoch, text_of("aufs%u", i)), seed + i, UNION_AUFS);
        epoch->hashes[2 * i] = tree_hash(epoch->kernel_lowers[i]);
        epoch->hashes[2 * i + 1] = tree_hash(epoch->core_lowers[i]);
    }
    epoch->kernel_upper = make_dir(epoch, "kernel");
    epoch->core_upper = make_dir(epoch, "core");
    epoch->core_work = make_dir(epoch, "core-work");
    epoch->mount = make_dir(epoch, "mount");
    if (!mount_overlay(epoch, epoch->kernel_upper, make_dir(epoch, "kernel-work"))) return text_of("overlay cannot be mounted: %s", strerror(errno));
    if (!is_recent(epoch->mount)) return "this kernel's overlayfs is older than 6.7";
    epoch->u = tree_union(epoch->core_upper, epoch->core_work, epoch->encoding, epoch->core_lowers, LOWERS, epoch->encoding);
    if (number % 4 >= 2) epoch->u->cache = NULL;
    epoch->kernel_dump = memory();
    epoch->core_dump = memory();
    for (int i = 0; i < SLOTS; i++) epoch->slots[i] = -1;
    CHECK(chdir(epoch->core_upper) == 0);
    start_kernel(epoch);
    return NULL;
}

/* DIFFERENCES 15: a directory whose time one of them has just set. */
static bool is_same_but_new(const char *one, const char *other) {
    static const char new[] = "time -1.000000000";
    const char *at = strstr(one, new);
    const size_t before = at ? (size_t)(at - one) : 0;
    if (!at || !strstr(one, "040") || strlen(other) < before || memcmp(one, other, before) != 0 || strncmp(other + before, "time ", 5) != 0) return false;
    const char *rest = other + before + 5;
    return !strcmp(at + sizeof new - 1, rest + strcspn(rest, " \n"));
}
static bool is_same(const char *one, const char *other) { return !strcmp(one, other) || is_same_but_new(one, other) || is_same_but_new(other, one); }

/* The two dumps, line by line. */
static bool same_dumps(FILE *kernel, FILE *core) {
    char *a = NULL, *b = NULL;
    size_t a_room = 0, b_room = 0;
    unsigned differences = 0;
    rewind(kernel);
    rewind(core);
    for (;;) {
        ssize_t a_size = getline(&a, &a_room, kernel), b_size = getline(&b, &b_room, core);
        if (a_size < 0 && b_size < 0) break;
        if (a_size >= 0 && b_size >= 0 && is_same(a, b)) continue;
        printf("kernel: %score:   %s", a_size < 0 ? "-\n" : a, b_size < 0 ? "-\n" : b);
        if (++differences == 5) break;
    }
    free(a);
    free(b);
    return !differences;
}

static void ask_kernel(const struct epoch *epoch, const struct operation *operation, struct outcome *outcome) {
    CHECK(write(epoch->child, operation, sizeof *operation) == (ssize_t)sizeof *operation);
    CHECK(read(epoch->child, outcome, sizeof *outcome) == (ssize_t)sizeof *outcome);
}

/* A relative path of one name: the way to it is the descriptor itself. */
static bool is_in_slot(int dir, const char *path) {
    const size_t name = strcspn(path, "/");
    return dir >= 0 && name && !path[name + strspn(path + name, "/")];
}

static bool is_refusal(long result) { return result == -EPERM || result == -ENODATA; }

/* The differences that union.h lists, as far as they show in results. */
static bool is_intended(const struct operation *operation, const struct outcome *kernel, const struct outcome *core) {
    if (operation->kind == OP_RENAME && operation->flags & RENAME_WHITEOUT) return core->result == -EINVAL; /* 10 */
    if (operation->kind == OP_RENAME && kernel->result == -ESTALE && core->result == 0) return true; /* 11 */
    const bool two = operation->kind == OP_RENAME || operation->kind == OP_LINK;
    if (two && core->result == -ENAMETOOLONG && kernel->result < 0) return true; /* 13 */
    const bool slot = is_in_slot(operation->dir, operation->path) || is_in_slot(operation->dir2, operation->path2);
    if (operation->kind == OP_RENAME && slot && core->result == -ENOENT && kernel->result < 0) return true; /* 13 */
    if (operation->kind == OP_REMOVEXATTR && is_refusal(core->result) && is_refusal(kernel->result)) return true; /* 16 */
    if (operation->kind == OP_OPEN && kernel->result == -EISDIR && core->result == -ENOENT) return true; /* 17 */
    if (operation->kind == OP_FSTAT && !strncmp(kernel->text, "010", 3) && kernel->result == core->result) return true; /* 7: the kernel still has the lower's */
    return false;
}

/* DIFFERENCES 14: a name that was linked after a copy-up is a FIFO of its own in overlayfs; a reader of the other does not count. */
static bool is_other_fifo(const struct epoch *epoch, const struct operation *operation, const struct outcome *kernel, const struct outcome *core) {
    const int fd = epoch->slots[operation->slot];
    struct stat status;
    return operation->kind == OP_OPEN && kernel->result == -ENXIO && core->result == 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

static bool compare_trees(struct epoch *epoch) {
    static const struct operation dump = {.kind = OP_DUMP};
    static struct outcome outcome;
    ask_kernel(epoch, &dump, &outcome);
    start_over(epoch->core_dump);
    operation_perform(core_side(epoch->u), &dump, epoch->slots, &outcome, epoch->core_dump);
    return same_dumps(epoch->kernel_dump, epoch->core_dump);
}

static bool step(struct epoch *epoch, const struct operation *operation) {
    static struct outcome kernel, core;
    static const struct side *side;
    if (!side || operation->kind == OP_KINDS) side = core_side(epoch->u);
    if (operation->kind == OP_KINDS) return true;
    if (trace) printf("-> %s '%s' '%s'\n", operation_names[operation->kind], operation->path, operation->path2), fflush(stdout);
    operation_perform(side, operation, epoch->slots, &core, NULL);
    if (trace) operation_print(operation, &core), fflush(stdout);
    if (core.incomparable) return true; /* 1; and 2, where the kernel would change something */
    ask_kernel(epoch, operation, &kernel);
    if (is_other_fifo(epoch, operation, &kernel, &core)) {
        side->close(epoch->slots[operation->slot]);
        epoch->slots[operation->slot] = -1;
        return true;
    }
    if (is_intended(operation, &kernel, &core) || (kernel.result == core.result && is_same(kernel.text, core.text))) return true;
    printf("kernel: ");
    operation_print(operation, &kernel);
    printf("core:   ");
    operation_print(operation, &core);
    return false;
}

/* A stopped container goes from one launcher to the other. */
static bool compare_exchanged(struct epoch *epoch) {
    static const struct operation dump = {.kind = OP_DUMP};
    static struct outcome outcome;
    int slots[SLOTS];
    if (epoch->encoding != UNION_OVERLAY) return true;
    CHECK(mount_overlay(epoch, epoch->core_upper, make_dir(epoch, "exchange-work")));
    start_kernel(epoch);
    ask_kernel(epoch, &dump, &outcome);
    stop_kernel(epoch);
    bool same = same_dumps(epoch->kernel_dump, epoch->core_dump);
    if (!same) printf("the kernel on the core's upper\n");
    if (!same) return false;
    struct union_config *u = tree_union(epoch->kernel_upper, epoch->core_work, UNION_OVERLAY, epoch->kernel_lowers, LOWERS, UNION_OVERLAY);
    start_over(epoch->core_dump);
    operation_perform(core_side(u), &dump, slots, &outcome, epoch->core_dump);
    same = same_dumps(epoch->kernel_dump, epoch->core_dump);
    if (!same) printf("the core on the kernel's upper\n");
    return same;
}

static bool run_epoch(struct epoch *epoch, struct random *random, unsigned long count) {
    static struct operation operation = {.kind = OP_KINDS};
    operation.kind = OP_KINDS;
    step(epoch, &operation); /* begins with the new configuration */
    bool same = true;
    for (unsigned long i = 0; i < count && same; i++) {
        operation_make(&operation, random);
        if (left_out[i]) continue;
        same = step(epoch, &operation);
        if (same && (i + 1) % DUMP_EVERY == 0) same = compare_trees(epoch);
    }
    for (int i = 0; i < SLOTS; i++)
        if (epoch->slots[i] >= 0) core_side(epoch->u)->close(epoch->slots[i]);
    same = same && compare_trees(epoch);
    stop_kernel(epoch);
    same = same && compare_exchanged(epoch);
    for (unsigned i = 0; i < LOWERS; i++) {
        CHECK(epoch->hashes[2 * i + 1] == tree_hash(epoch->core_lowers[i]));
        CHECK(epoch->hashes[2 * i] == tree_hash(epoch->kernel_lowers[i]));
    }
    fclose(epoch->kernel_dump);
    fclose(epoch->core_dump);
    return same;
}

static unsigned long number_from(const char *variable, unsigned long otherwise) {
    const char *text = getenv(variable);
    return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* In a process of its own, with mounts of its own: a check that fails ends only that. */
enum { SAME, DIFFERS, CANNOT };
static int try_epoch(uint64_t seed, unsigned number, unsigned long count) {
    const char *top = tree_new();
    int status;
    fflush(stdout);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        static struct epoch epoch;
        struct random random = {seed * 1000003 + number};
        CHECK(unshare(CLONE_NEWNS) == 0);
        const char *why = start(&epoch, top, random_next(&random), number);
        const int outcome = why ? CANNOT : run_epoch(&epoch, &random, count) ? SAME : DIFFERS;
        if (why) tree_skip("model", why);
        fflush(stdout);
        _exit(outcome);
    }
    CHECK(waitpid(child, &status, 0) == child);
    tree_remove(top);
    return WIFEXITED(status) && WEXITSTATUS(status) <= CANNOT ? WEXITSTATUS(status) : DIFFERS;
}

/* Leaves out operations, many at once at first, as long as there is a difference without them; then shows what is left. */
static void shrink(uint64_t seed, unsigned number, unsigned long count) {
    fflush(stdout);
    const int shown = dup(STDOUT_FILENO), errors = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CHECK(shown >= 0 && errors >= 0 && null >= 0 && dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0);
    bool again = false;
    for (unsigned long size = count / 2; size; size = size > 1 ? size / 2 : again) {
        again = false;
        for (unsigned long at = 0; at < count; at += size) {
            bool before[EPOCH];
            memcpy(before, left_out, sizeof before);
            for (unsigned long i = at; i < at + size && i < count; i++) left_out[i] = true;
            if (!memcmp(before, left_out, sizeof before)) continue;
            if (try_epoch(seed, number, count) == DIFFERS) again = true;
            else memcpy(left_out, before, sizeof before);
        }
    }
    CHECK(dup2(shown, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0);
    trace = true;
    printf("model: what is left of epoch %u:\n", number);
    try_epoch(seed, number, count);
}

int main(void) {
    const unsigned long operations = number_from("LICHEN_OPERATIONS", 100000), seed = number_from("LICHEN_SEED", 1), only = number_from("LICHEN_EPOCH", ~0UL);
    trace = number_from("LICHEN_TRACE", 0);
    const char *top = tree_new();
    umask(022);
    printf("model: %lu operations, LICHEN_SEED=%lu\n", operations, seed);
    if (!tree_unshare()) return tree_skip("model", "no user namespaces for unprivileged users"), 0;
    if (!tree_has_user_attributes(top)) return tree_skip("model", "no user attributes here"), 0;
    unsigned number = 0;
    for (unsigned long done = 0; done < operations; number++, done += EPOCH) {
        const unsigned long count = operations - done < EPOCH ? operations - done : EPOCH;
        const int outcome = only == ~0UL || only == number ? try_epoch(seed, number, count) : SAME;
        if (outcome == CANNOT) return 0;
        if (outcome == DIFFERS) {
            printf("model: differs; LICHEN_SEED=%lu LICHEN_EPOCH=%u\n", seed, number);
            if (number_from("LICHEN_SHRINK", 0)) shrink(seed, number, count);
            return 1;
        }
    }
    printf("ok model\n");
    return 0;
}
