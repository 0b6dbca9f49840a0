#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const char *const operation_names[] = {"open",    "close",   "read",     "write",     "ftruncate", "stat",        "fstat",    "mkdir",     "mknod", "symlink", "link",
                                       "unlink",  "rmdir",   "rename",   "readlink",  "chmod",     "fchmod",      "utimens",  "futimens",  "truncate", "setxattr", "removexattr",
                                       "getxattr", "listxattr", "list",  "empty",     "linkunnamed", "kinds",     "dump",     "end"};

static const char *const attribute_names[] = {"user.k1", "user.k2", "user.overlay.opaque", "user.overlay.x"};
static const char *const targets[] = {"a", "b/c", "/a/b", "../d", "/", "loop", "/nowhere", "b/", "../../../a", ".", "c/../b", ".wh.e"};

/* Mostly a few names deep; sometimes with what has to be taken care of. */
static void make_path(char *path, struct random *random) {
    unsigned depth = 1 + random_below(random, 3);
    char *at = path;
    *at = 0;
    if (random_below(random, 200) == 0) return; /* empty */
    if (random_below(random, 100) < 75) *at++ = '/';
    for (unsigned i = 0; i < depth; i++) {
        if (i) *at++ = '/';
        if (random_below(random, 60) == 0) *at++ = '/';
        unsigned which = random_below(random, 100);
        /* long names seldom, so that paths are found */
        at = stpcpy(at, which < 3 ? "." : which < 6 ? ".." : which < 7 ? "" : which < 11 ? tree_names[7] : which < 14 ? "new" : tree_names[random_below(random, 7)]);
    }
    if (random_below(random, 25) == 0) at = stpcpy(at, "/");
    if (random_below(random, 400) == 0) {
        memset(at, 'n', 256);
        at += 256;
    }
    *at = 0;
}

static int make_dir(struct random *random) { return random_below(random, 100) < 80 ? -1 : (int)random_below(random, SLOTS); }

static const unsigned char weights[OP_KINDS] = {
    [OP_OPEN] = 14, [OP_CLOSE] = 2, [OP_READ] = 5, [OP_WRITE] = 6, [OP_FTRUNCATE] = 2, [OP_STAT] = 6, [OP_FSTAT] = 3, [OP_MKDIR] = 6, [OP_MKNOD] = 2, [OP_SYMLINK] = 3, [OP_LINK] = 5,
    [OP_UNLINK] = 6, [OP_RMDIR] = 5, [OP_RENAME] = 14, [OP_READLINK] = 2, [OP_CHMOD] = 4, [OP_FCHMOD] = 2, [OP_UTIMENS] = 4, [OP_FUTIMENS] = 2, [OP_TRUNCATE] = 3, [OP_SETXATTR] = 4,
    [OP_REMOVEXATTR] = 2, [OP_GETXATTR] = 2, [OP_LISTXATTR] = 2, [OP_LIST] = 5, [OP_EMPTY] = 1, [OP_LINK_UNNAMED] = 1};

static int make_open_flags(struct random *random) {
    static const int access[] = {O_RDONLY, O_RDONLY, O_RDWR, O_WRONLY};
    static const int more[] = {O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH};
    static const unsigned odds[] = {2, 8, 5, 8, 8, 6, 25};
    int flags = access[random_below(random, 4)] | O_NONBLOCK | O_CLOEXEC;
    for (int i = 0; i < 7; i++)
        if (random_below(random, odds[i]) == 0) flags |= more[i];
    /* O_EXCL without O_CREAT, and O_TRUNC for reading alone, are not defined; the kernel ignores the one and truncates for the other. */
    return flags;
}

void operation_make(struct operation *operation, struct random *random) {
    unsigned total = 0, kind = 0;
    memset(operation, 0, sizeof *operation);
    for (int i = 0; i < OP_KINDS; i++) total += weights[i];
    unsigned pick = random_below(random, total);
    while (pick >= weights[kind]) pick -= weights[kind++];
    operation->kind = (enum operation_kind)kind;
    operation->slot = (int)random_below(random, SLOTS);
    operation->dir = make_dir(random);
    operation->dir2 = make_dir(random);
    operation->mode = (mode_t)(random_below(random, 8) ? 0600 | random_below(random, 0200) : random_below(random, 01000));
    operation->offset = random_below(random, 10) ? random_below(random, 3000) : 70000;
    operation->size = 1 + random_below(random, 700);
    operation->choice = (unsigned)(random_next(random) >> 40);
    make_path(operation->path, random);
    make_path(operation->path2, random);
    if (kind == OP_OPEN) operation->flags = make_open_flags(random);
    if (kind == OP_RENAME) {
        static const unsigned flags[] = {0, 0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE, RENAME_WHITEOUT, RENAME_NOREPLACE | RENAME_EXCHANGE};
        operation->flags = (int)flags[random_below(random, 10)];
        /* Names beside each other are what is renamed most. */
        if (random_below(random, 3) == 0) {
            strcpy(operation->path2, operation->path);
            char *slash = strrchr(operation->path2, '/');
            strcpy(slash ? slash + 1 : operation->path2, tree_names[random_below(random, 6)]);
            operation->dir2 = operation->dir;
        }
    }
    if (kind == OP_LINK) operation->flags = random_below(random, 4) ? 0 : AT_SYMLINK_FOLLOW;
    if (kind == OP_STAT || kind == OP_UTIMENS) operation->flags = random_below(random, 2) ? AT_SYMLINK_NOFOLLOW : 0;
}

static void say(struct outcome *outcome, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct outcome *outcome, const char *format, ...) {
    size_t used = strlen(outcome->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(outcome->text + used, sizeof outcome->text - used, format, arguments);
    va_end(arguments);
}

static uint64_t digest(const void *data, size_t size) {
    uint64_t sum = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) sum = (sum ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
    return sum;
}

/* Times that a layer or utimens set are compared; those of a moment ago differ between the sides. A directory's size and links are its file system's affair, and a link's mode. */
static const char *describe(const struct stat *status) {
    const bool old = status->st_mtim.tv_sec < 1000000000, directory = S_ISDIR(status->st_mode);
    return text_of("%06o links %ld size %lld time %lld.%09ld", status->st_mode, directory ? 0L : (long)status->st_nlink, directory ? 0LL : (long long)status->st_size,
                   old ? (long long)status->st_mtim.tv_sec : -1LL, old ? status->st_mtim.tv_nsec : 0L);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

struct entries {
    char *names[400];
    unsigned count;
};

/* Adds the entries that one getdents64 gives; their inode numbers are those of stat. */
static long read_entries(const struct side *side, int fd, size_t size, struct entries *entries) {
    char buffer[4096] __attribute__((aligned(8)));
    long got = side->getdents(fd, buffer, size);
    for (long at = 0; at < got;) {
        const struct {
            uint64_t ino;
            int64_t next;
            uint16_t size;
            uint8_t type;
            char name[];
        } *entry = (const void *)(buffer + at);
        at += entry->size;
        if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..")) continue;
        struct stat status;
        long found = side->stat(fd, entry->name, &status, AT_SYMLINK_NOFOLLOW);
        if (found == 0 && side == kernel_side()) status.st_ino = entry->ino; /* it has its own slips with hard links */
        if (found == 0 && status.st_ino != entry->ino) printf("%s: d_ino %lu, st_ino %lu\n", entry->name, (unsigned long)entry->ino, (unsigned long)status.st_ino);
        if (found == 0) CHECK(status.st_ino == entry->ino);
        CHECK(entries->count < 400);
        CHECK(asprintf(&entries->names[entries->count++], "%s/%u", entry->name, entry->type) > 0);
    }
    return got;
}

static void free_entries(struct entries *entries) {
    for (unsigned i = 0; i < entries->count; i++) free(entries->names[i]);
    entries->count = 0;
}

static void list(const struct side *side, int fd, struct outcome *outcome) {
    struct entries entries = {.count = 0};
    if (fd >= 0) side->rewind(fd);
    do outcome->result = fd < 0 ? -EBADF : read_entries(side, fd, 4096, &entries);
    while (outcome->result > 0);
    qsort(entries.names, entries.count, sizeof *entries.names, by_text);
    for (unsigned i = 0; i < entries.count; i++) say(outcome, "%.40s ", entries.names[i]);
    free_entries(&entries);
}

/* rm -r's way: what was read is removed before more is read. */
static void empty(const struct side *side, int dir, const char *path, struct outcome *outcome) {
    struct entries all = {.count = 0};
    long fd = outcome->result = side->open(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) return;
    for (;;) {
        unsigned before = all.count;
        outcome->result = read_entries(side, (int)fd, 560, &all);
        if (outcome->result <= 0) break;
        for (unsigned i = before; i < all.count; i++) {
            char *slash = strrchr(all.names[i], '/');
            *slash = 0;
            long removed = side->unlink((int)fd, all.names[i], 0);
            *slash = '/';
            char *with;
            CHECK(asprintf(&with, "%s:%ld", all.names[i], removed) > 0);
            free(all.names[i]);
            all.names[i] = with;
        }
    }
    qsort(all.names, all.count, sizeof *all.names, by_text);
    for (unsigned i = 0; i < all.count; i++) say(outcome, "%.40s ", all.names[i]);
    free_entries(&all);
    side->close((int)fd);
}

static void list_attributes(const struct side *side, int fd, const char *path, struct outcome *outcome) {
    char names[4096], *sorted[64];
    unsigned count = 0;
    outcome->result = side->listxattr(fd, path, names, sizeof names);
    for (long at = 0; at < outcome->result && count < 64; at += (long)strlen(names + at) + 1) sorted[count++] = names + at;
    qsort(sorted, count, sizeof *sorted, by_text);
    for (unsigned i = 0; i < count; i++) say(outcome, "%s ", sorted[i]);
}

/* The first path with each inode number, so that hard links show. */
struct seen {
    uint64_t ino;
    unsigned number;
};
static struct seen seen[20000];
static unsigned seen_count;

static unsigned number_of(uint64_t ino) {
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i].ino == ino) return seen[i].number;
    CHECK(seen_count < 20000);
    seen[seen_count] = (struct seen){ino, seen_count};
    return seen_count++;
}

static void dump_at(const struct side *side, const char *path, FILE *out) {
    struct stat status;
    char data[8192];
    struct outcome attributes = {0};
    long result = side->stat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW), got = 0;
    if (result < 0) {
        fprintf(out, "%s: %ld\n", path, result);
        return;
    }
    const bool linked = !S_ISDIR(status.st_mode) && status.st_nlink > 1; /* DIFFERENCES 14 */
    fprintf(out, "%s: #%u %s", path, S_ISDIR(status.st_mode) || linked ? 0 : number_of(status.st_ino), describe(&status));
    if (S_ISLNK(status.st_mode)) {
        got = side->readlink(AT_FDCWD, path, data, sizeof data);
        fprintf(out, " -> %.*s\n", (int)got, data);
        return;
    }
    list_attributes(side, AT_FDCWD, path, &attributes);
    fprintf(out, " [%s", attributes.text);
    for (char *name = strtok(attributes.text, " "); name; name = strtok(NULL, " ")) {
        got = side->getxattr(AT_FDCWD, path, name, data, sizeof data);
        fprintf(out, " %ld:%lx", got, got > 0 ? (unsigned long)digest(data, (size_t)got) : 0);
    }
    fprintf(out, "]");
    if (S_ISREG(status.st_mode)) {
        uint64_t sum = 0;
        long fd = side->open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        if (fd < 0) fprintf(out, " %ld", fd);
        for (; fd >= 0 && (got = read((int)fd, data, sizeof data)) > 0;) sum = sum * 31 + digest(data, (size_t)got);
        if (fd >= 0) side->close((int)fd);
        fprintf(out, " %lx", (unsigned long)sum);
    }
    fprintf(out, "\n");
    if (!S_ISDIR(status.st_mode)) return;
    struct entries entries = {.count = 0};
    long fd = side->open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) fprintf(out, "%s: %ld\n", path, fd);
    while (fd >= 0 && read_entries(side, (int)fd, 4096, &entries) > 0) {}
    if (fd >= 0) side->close((int)fd);
    qsort(entries.names, entries.count, sizeof *entries.names, by_text);
    for (unsigned i = 0; i < entries.count; i++) {
        char *below;
        *strrchr(entries.names[i], '/') = 0;
        CHECK(asprintf(&below, "%s/%s", strcmp(path, "/") ? path : "", entries.names[i]) > 0);
        dump_at(side, below, out);
        free(below);
    }
    free_entries(&entries);
}

static void dump_all(const struct side *side, FILE *out) {
    seen_count = 0;
    dump_at(side, "/", out);
    fflush(out);
}

static void open_slot(const struct side *side, const struct operation *op, int dir, int *slot, struct outcome *outcome) {
    if (*slot >= 0) side->close(*slot);
    long fd = side->open(dir, op->path, op->flags, op->mode);
    *slot = fd < 0 ? -1 : (int)fd;
    outcome->result = fd < 0 ? fd : 0;
}

static void read_slot(int fd, const struct operation *op, struct outcome *outcome) {
    char data[2048];
    ssize_t got = pread(fd, data, sizeof data, op->offset);
    outcome->result = got < 0 ? -errno : got;
    if (got > 0) say(outcome, "%lx", (unsigned long)digest(data, (size_t)got));
}

static void write_slot(int fd, const struct operation *op, struct outcome *outcome) {
    char data[1024];
    for (size_t i = 0; i < op->size; i++) data[i] = (char)(op->choice + i * 7);
    ssize_t put = pwrite(fd, data, op->size, op->offset);
    outcome->result = put < 0 ? -errno : put;
}

static void link_unnamed(const struct side *side, const struct operation *op, int dir, int dir2, struct outcome *outcome) {
    long fd = outcome->result = side->open(dir, op->path, O_TMPFILE | O_RDWR | O_CLOEXEC, op->mode);
    if (fd < 0) return;
    write_slot((int)fd, op, outcome);
    (void)dir2;
    side->close((int)fd);
}

void operation_perform(const struct side *side, const struct operation *op, int slots[SLOTS], struct outcome *outcome, FILE *dump) {
    int *slot = &slots[op->slot];
    const int dir = op->dir < 0 ? AT_FDCWD : slots[op->dir], dir2 = op->dir2 < 0 ? AT_FDCWD : slots[op->dir2];
    const struct timespec times[2] = {{op->choice % 1000000, 1}, {op->choice % 1000000 + 1, op->choice % 1000000000}};
    const char *attribute = attribute_names[op->choice % 4];
    struct stat status;
    char data[4096];
    outcome->result = 0;
    *outcome->text = 0;
    const bool by_slot = op->dir2 >= 0 && op->kind >= OP_SETXATTR && op->kind <= OP_LISTXATTR, reads = op->kind == OP_READ || op->kind == OP_FSTAT;
    const bool on_slot = by_slot || reads || op->kind == OP_FCHMOD || op->kind == OP_FUTIMENS;
    outcome->incomparable = on_slot && side->staleness(*slot) >= (reads ? COPIED : GONE);
    const char *path = by_slot ? "" : op->path;
    if (!by_slot && !*path && op->kind >= OP_SETXATTR && op->kind <= OP_LISTXATTR) path = "/";
    switch (op->kind) {
        case OP_OPEN: open_slot(side, op, dir, slot, outcome); break;
        case OP_CLOSE:
            outcome->result = *slot < 0 ? -EBADF : side->close(*slot);
            *slot = -1;
            break;
        case OP_READ: read_slot(*slot, op, outcome); break;
        case OP_WRITE: write_slot(*slot, op, outcome); break;
        case OP_FTRUNCATE: outcome->result = ftruncate(*slot, op->offset) < 0 ? -errno : 0; break;
        case OP_STAT:
            outcome->result = side->stat(dir, op->path, &status, op->flags);
            if (outcome->result == 0) say(outcome, "%s", describe(&status));
            break;
        case OP_FSTAT:
            outcome->result = *slot < 0 ? -EBADF : side->stat(*slot, "", &status, AT_EMPTY_PATH);
            if (outcome->result == 0) say(outcome, "%s", describe(&status));
            break;
        case OP_MKDIR: outcome->result = side->mkdir(dir, op->path, op->mode); break;
        case OP_MKNOD: outcome->result = side->mknod(dir, op->path, op->choice % 5 ? S_IFIFO | op->mode : op->choice % 2 ? S_IFCHR : S_IFREG | op->mode, 0); break;
        case OP_SYMLINK: outcome->result = side->symlink(targets[op->choice % 12], dir, op->path); break;
        case OP_LINK: outcome->result = side->link(dir, op->path, dir2, op->path2, op->flags); break;
        case OP_UNLINK: outcome->result = side->unlink(dir, op->path, 0); break;
        case OP_RMDIR: outcome->result = side->unlink(dir, op->path, AT_REMOVEDIR); break;
        case OP_RENAME: outcome->result = side->rename(dir, op->path, dir2, op->path2, (unsigned)op->flags); break;
        case OP_READLINK:
            outcome->result = *op->path ? side->readlink(dir, op->path, data, sizeof data) : 0;
            if (outcome->result > 0) say(outcome, "%.*s", (int)outcome->result, data);
            break;
        case OP_CHMOD: outcome->result = *op->path ? side->chmod(dir, op->path, op->mode) : 0; break;
        case OP_FCHMOD: outcome->result = *slot < 0 ? -EBADF : side->chmod(*slot, "", op->mode); break;
        case OP_UTIMENS: outcome->result = *op->path ? side->utimens(dir, op->path, times, op->flags) : 0; break;
        case OP_FUTIMENS: outcome->result = *slot < 0 ? -EBADF : side->utimens(*slot, "", times, 0); break;
        case OP_TRUNCATE: outcome->result = side->truncate(op->path, op->offset); break;
        case OP_SETXATTR:
            outcome->result = by_slot && *slot < 0 ? -EBADF : side->setxattr(by_slot ? *slot : AT_FDCWD, path, attribute, op->path2, op->size % 30, (int)(op->choice / 4 % 3));
            break;
        case OP_REMOVEXATTR: outcome->result = by_slot && *slot < 0 ? -EBADF : side->removexattr(by_slot ? *slot : AT_FDCWD, path, attribute); break;
        case OP_GETXATTR:
            outcome->result = by_slot && *slot < 0 ? -EBADF : side->getxattr(by_slot ? *slot : AT_FDCWD, path, attribute, data, op->choice % 3 ? sizeof data : op->choice % 2);
            if (outcome->result > 0 && op->choice % 3) say(outcome, "%lx", (unsigned long)digest(data, (size_t)outcome->result));
            break;
        case OP_LISTXATTR:
            if (by_slot && *slot < 0) outcome->result = -EBADF;
            else list_attributes(side, by_slot ? *slot : AT_FDCWD, path, outcome);
            break;
        case OP_LIST: list(side, *slot, outcome); break;
        case OP_EMPTY: empty(side, dir, op->path, outcome); break;
        case OP_LINK_UNNAMED: link_unnamed(side, op, dir, dir2, outcome); break;
        case OP_DUMP: dump_all(side, dump); break;
        case OP_KINDS:
        case OP_END: break;
    }
}

void operation_print(const struct operation *op, const struct outcome *outcome) {
    printf("%s slot %d dir %d '%s' dir2 %d '%s' flags 0x%x mode %o offset %ld size %zu choice %u = %ld%s %s\n", operation_names[op->kind], op->slot, op->dir, op->path, op->dir2,
           op->path2, (unsigned)op->flags, op->mode, (long)op->offset, op->size, op->choice, outcome->result, outcome->incomparable ? " (not compared)" : "", outcome->text);
}
