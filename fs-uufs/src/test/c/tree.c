#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { NOBODY = 12345 };

const char *const tree_names[] = {"a", "b", "c", "d", ".wh.e", "x:y=,z", "..f",
                                  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
                                  "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"};

const char *text_of(const char *format, ...) {
    static char texts[16][9000];
    static unsigned next;
    char *text = texts[next++ % 16];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static int open_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)walk;
    if (kind == FTW_D || kind == FTW_DNR) chmod(path, (status->st_mode & 07777) | 0700);
    return 0;
}

void tree_remove(const char *path) {
    nftw(path, open_one, 32, FTW_PHYS);
    nftw(path, remove_one, 32, FTW_PHYS | FTW_DEPTH);
}

static char base[200];
static pid_t owner;

static void remove_base(void) {
    if (getpid() == owner) tree_remove(base);
}

const char *tree_new(void) {
    static unsigned count;
    if (!*base) {
        const char *where = getenv("LICHEN_TEST_DIR");
        snprintf(base, sizeof base, "%s/lichen-union-XXXXXX", where ? where : "/tmp");
        CHECK(mkdtemp(base));
        char *real = realpath(base, NULL);
        CHECK(real && strlen(real) < sizeof base);
        strcpy(base, real);
        free(real);
        if (geteuid() == 0) CHECK(chown(base, NOBODY, NOBODY) == 0 || errno == EINVAL);
        owner = getpid();
        atexit(remove_base);
    }
    const char *path = text_of("%s/%u", base, count++);
    CHECK(mkdir(path, 0755) == 0);
    if (geteuid() == 0) CHECK(chown(path, NOBODY, NOBODY) == 0 || errno == EINVAL);
    return strdup(path);
}

void tree_skip(const char *test, const char *reason) {
    const char *must = getenv("LICHEN_MUST_WORK");
    printf("skip %s: %s\n", test, reason);
    if (must && !strcmp(must, "1")) exit(1);
}

static bool put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return done;
}

bool tree_unshare(void) {
    if (geteuid() == 0) CHECK(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
    const char *uids = text_of("0 %u 1", (unsigned)geteuid()), *gids = text_of("0 %u 1", (unsigned)getegid());
    prctl(PR_SET_DUMPABLE, 1); /* else /proc/self belongs to root still */
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", uids) && put("/proc/self/gid_map", gids);
}

bool tree_has_user_attributes(const char *directory) { return setxattr(directory, "user.probe", "x", 1, 0) == 0 && removexattr(directory, "user.probe") == 0; }

void tree_write(const char *path, const void *data, size_t size) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static uint64_t sum;
static bool on_nfs; /* access times are the server's affair */

static void mix(const void *data, size_t size) {
    for (size_t i = 0; i < size; i++) sum = (sum ^ ((const unsigned char *)data)[i]) * 0x100000001b3u;
}

static void mix_attributes(const char *path) {
    char names[8192], value[8192];
    ssize_t size = llistxattr(path, names, sizeof names);
    uint64_t all = 0, before = sum;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t got = lgetxattr(path, names + at, value, sizeof value);
        sum = 1;
        mix(names + at, strlen(names + at));
        if (got > 0) mix(value, (size_t)got);
        all += sum; /* in whatever order they are listed */
    }
    sum = before;
    mix(&all, sizeof all);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Not scandir, which would change the access time. */
static unsigned names_in(const char *path, char **names, unsigned most) {
    unsigned count = 0;
    DIR *directory = fdopendir(open(path, O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC));
    CHECK(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        CHECK(count < most && (names[count++] = strdup(entry->d_name)));
    }
    closedir(directory);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

static void hash_one(const char *path, size_t skip) {
    struct stat status;
    char data[65536];
    CHECK(lstat(path, &status) == 0);
    mix(path + skip, strlen(path + skip));
    const uint64_t numbers[] = {status.st_ino, status.st_nlink, status.st_mode, status.st_uid, status.st_gid, status.st_rdev, (uint64_t)status.st_size,
                                (uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec, (uint64_t)status.st_blocks,
                                (uint64_t)status.st_ctim.tv_sec, (uint64_t)status.st_ctim.tv_nsec,
                                S_ISLNK(status.st_mode) || on_nfs ? 0 : (uint64_t)status.st_atim.tv_sec};
    mix(numbers, sizeof numbers);
    mix_attributes(path);
    if (S_ISLNK(status.st_mode)) {
        ssize_t got = readlink(path, data, sizeof data);
        CHECK(got > 0);
        mix(data, (size_t)got);
    } else if (S_ISREG(status.st_mode)) {
        int fd = open(path, O_RDONLY | O_NOATIME | O_CLOEXEC);
        CHECK(fd >= 0);
        for (ssize_t got; (got = read(fd, data, sizeof data)) > 0;) mix(data, (size_t)got);
        close(fd);
    } else if (S_ISDIR(status.st_mode)) {
        char *names[400];
        unsigned count = names_in(path, names, 400);
        for (unsigned i = 0; i < count; i++) {
            char *below;
            CHECK(asprintf(&below, "%s/%s", path, names[i]) > 0);
            hash_one(below, skip);
            free(below);
            free(names[i]);
        }
    }
}

uint64_t tree_hash(const char *path) {
    struct statfs where;
    on_nfs = statfs(path, &where) == 0 && where.f_type == NFS_SUPER_MAGIC;
    sum = 0xcbf29ce484222325u;
    hash_one(path, strlen(path));
    return sum;
}

uint64_t random_next(struct random *random) {
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u); /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned random_below(struct random *random, unsigned limit) { return (unsigned)(random_next(random) >> 33) % limit; }

static void age(int dir, const char *name, struct random *random) {
    const struct timespec times[2] = {{1000000 + random_below(random, 1000), 5}, {500000000 + random_below(random, 1000000), random_below(random, 1000000000)}};
    CHECK(utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0);
}

static void tree_touch(int dir, const char *name) {
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
}

static void hide(int dir, const char *name, enum union_encoding encoding) {
    if (encoding == UNION_OVERLAY) {
        CHECK(mknodat(dir, name, S_IFCHR, 0) == 0);
    } else if (strlen(name) < 250 && strncmp(name, ".wh.", 4) != 0) {
        tree_touch(dir, text_of(".wh.%s", name));
    }
}

static void fill_file(int dir, const char *name, struct random *random) {
    char data[600];
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    CHECK(fd >= 0);
    size_t size = random_below(random, sizeof data);
    for (size_t i = 0; i < size; i++) data[i] = (char)random_next(random);
    CHECK(pwrite(fd, data, size, random_below(random, 4) ? 0 : 70000) == (ssize_t)size);
    if (!random_below(random, 3)) CHECK(fsetxattr(fd, "user.k1", data, size % 20, 0) == 0 || errno == ENOTSUP);
    static const mode_t modes[] = {0644, 0600, 0755, 0444};
    CHECK(fchmod(fd, modes[random_below(random, 4)]) == 0);
    close(fd);
}

static void fill(int dir, struct random *random, enum union_encoding encoding, int depth) {
    static const char *const targets[] = {"a", "b/c", "/a/b", "../d", "/", "loop", "/nowhere", "b/", "../../../a"};
    char first[300] = "";
    for (int i = 0; i < TREE_NAMES; i++) {
        const char *name = tree_names[i];
        /* What an unpacked aufs layer cannot have, the other does not have either: the trees are to mean the same. */
        const bool plain = strncmp(name, ".wh.", 4) != 0;
        unsigned kind = random_below(random, 12);
        if (kind < 3 && depth > 0 && plain) {
            CHECK(mkdirat(dir, name, 0755) == 0);
            int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            CHECK(below >= 0);
            fill(below, random, encoding, depth - 1);
            if (!random_below(random, 4)) {
                if (encoding == UNION_OVERLAY) CHECK(fsetxattr(below, "user.overlay.opaque", "y", 1, 0) == 0);
                else tree_touch(below, ".wh..wh..opq");
            }
            if (!random_below(random, 4)) CHECK(fchmod(below, 0700) == 0);
            close(below);
            age(dir, name, random);
        } else if (kind < 6 && plain) {
            fill_file(dir, name, random);
            age(dir, name, random);
            if (!*first) strcpy(first, name);
        } else if (kind == 6 && plain) {
            CHECK(symlinkat(targets[random_below(random, 9)], dir, name) == 0);
            age(dir, name, random);
        } else if (kind == 7 && plain) {
            CHECK(mkfifoat(dir, name, 0640) == 0);
            age(dir, name, random);
        } else if (kind == 8 && plain && strlen(name) < 250) {
            hide(dir, name, encoding);
        } else if (kind == 9 && *first && plain) {
            CHECK(linkat(dir, first, dir, name, 0) == 0);
        }
    }
}

void tree_fill(const char *directory, uint64_t seed, enum union_encoding encoding) {
    struct random random = {seed};
    int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0);
    fill(dir, &random, encoding, 3);
    age(dir, ".", &random);
    close(dir);
}

struct union_config *tree_union(const char *upper, const char *work, enum union_encoding upper_encoding, const char *const *lowers, unsigned count, enum union_encoding lower_encoding) {
    enum { SLOTS = 256 };
    struct union_config *u = calloc(1, sizeof *u);
    struct union_layer *layers = calloc(count + 1, sizeof *layers);
    CHECK(u && layers);
    layers[0] = (struct union_layer){upper, strlen(upper), upper_encoding};
    for (unsigned i = 0; i < count; i++) layers[i + 1] = (struct union_layer){lowers[i], strlen(lowers[i]), lower_encoding};
    u->layers = layers;
    u->layer_count = count + 1;
    u->writable = true;
    u->work = work;
    u->cache = calloc(1, sizeof(struct union_cache) + SLOTS * sizeof(struct union_slot));
    u->cache_slots = SLOTS;
    CHECK(u->cache);
    return u;
}
