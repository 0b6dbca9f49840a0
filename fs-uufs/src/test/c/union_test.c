/* What unions are known to do wrong, by name, in both encodings of whiteouts; and what is left when a process dies between any two system calls. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tree.h"

enum { KILLS = 200, BIG = 300000 };

static struct union_place place, second;
static struct world {
    const char *lower, *upper, *bound;
    struct union_config *u;
    uint64_t hash;
} world;

static const char *at(const char *top, const char *name) { return text_of("%s/%s", top, name); }

/*
 * lower:  file  full (0xFF)  x:y=z  holes  dir/a  dir/b  one = other (hard links)  devel/here
 */
static void make(enum union_encoding encoding) {
    static unsigned char full[BIG];
    memset(full, 0xff, sizeof full);
    const char *top = tree_new();
    world = (struct world){.lower = strdup(at(top, "lower")), .upper = strdup(at(top, "upper")), .bound = strdup(at(top, "bound"))};
    const char *work = strdup(at(top, "work"));
    CHECK(mkdir(world.lower, 0755) == 0 && mkdir(world.upper, 0755) == 0 && mkdir(work, 0700) == 0 && mkdir(world.bound, 0755) == 0);
    CHECK(mkdir(at(world.lower, "dir"), 0755) == 0 && mkdir(at(world.lower, "devel"), 0755) == 0 && mkdir(at(world.lower, "dev"), 0755) == 0);
    tree_write(at(world.lower, "file"), "lower", 5);
    tree_write(at(world.lower, "full"), full, sizeof full);
    tree_write(at(world.lower, "x:y=z"), "odd", 3);
    tree_write(at(world.lower, "dir/a"), "a", 1);
    tree_write(at(world.lower, "dir/b"), "b", 1);
    tree_write(at(world.lower, "devel/here"), "devel", 5);
    tree_write(at(world.lower, "one"), "linked", 6);
    tree_write(at(world.bound, "here"), "bound", 5);
    CHECK(link(at(world.lower, "one"), at(world.lower, "other")) == 0);
    int holes = open(at(world.lower, "holes"), O_WRONLY | O_CREAT, 0751);
    CHECK(holes >= 0 && fchmod(holes, 0751) == 0 && ftruncate(holes, 50 << 20) == 0 && pwrite(holes, "end", 3, 40 << 20) == 3);
    CHECK(fsetxattr(holes, "user.note", "kept", 4, 0) == 0 || errno == EOPNOTSUPP);
    CHECK(fsetxattr(holes, "user.lichen.stat", "record", 6, 0) == 0 || errno == EOPNOTSUPP);
    CHECK(futimens(holes, (const struct timespec[2]){{1700000000, 5}, {1700000001, 7}}) == 0 && close(holes) == 0);
    const char *lowers[] = {world.lower};
    world.u = tree_union(world.upper, work, encoding, lowers, 1, encoding);
    world.hash = tree_hash(world.lower);
}

static void is_untouched(void) { CHECK(tree_hash(world.lower) == world.hash); }

static long open_path(const char *path, int flags) { return union_open(world.u, &place, AT_FDCWD, path, flags | O_CLOEXEC, 0644); }

static bool holds(const char *path, const char *text) {
    char found[64] = {0};
    long fd = open_path(path, O_RDONLY);
    if (fd < 0) return false;
    ssize_t size = read((int)fd, found, sizeof found - 1);
    close((int)fd);
    return size == (ssize_t)strlen(text) && !strcmp(found, text);
}

static void write_at(const char *path, const char *text, off_t offset) {
    long fd = open_path(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite((int)fd, text, strlen(text), offset) == (ssize_t)strlen(text) && close((int)fd) == 0);
}

static bool exists(const char *path) {
    struct union_status status;
    return union_stat(world.u, &place, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &status) == 0;
}

/* 0xFF everywhere but, if `changed`, for the first byte. */
static bool is_full(const char *path, bool changed) {
    static unsigned char bytes[BIG + 1];
    long fd = open_path(path, O_RDONLY);
    if (fd < 0) return false;
    ssize_t size = read((int)fd, bytes, sizeof bytes);
    close((int)fd);
    if (size != BIG || (bytes[0] != 0xff) != changed) return false;
    for (size_t i = 1; i < BIG; i++)
        if (bytes[i] != 0xff) return false;
    return true;
}

/* The entry of that name, or NULL; *count: how many there are. */
static const struct dirent64 *find_listed(const char *directory, const char *name, unsigned *count) {
    static char memory[65536] __attribute__((aligned(8)));
    struct union_list list = {.memory = memory, .size = sizeof memory};
    const struct dirent64 *found = NULL;
    long fd = open_path(directory, O_RDONLY | O_DIRECTORY), merged = union_merged(world.u, &place, (int)fd);
    CHECK(fd >= 0 && merged >= 0);
    if (merged) CHECK(union_list(world.u, &place, (int)fd, &list) >= 0);
    else list.used = (size_t)union_filter(world.u, &place, (int)fd, memory, (size_t)getdents64((int)fd, memory, sizeof memory));
    *count = 0;
    for (size_t i = 0; i < list.used;) {
        const struct dirent64 *entry = (const void *)(memory + i);
        if (!strcmp(entry->d_name, name)) found = entry, ++*count;
        i += entry->d_reclen;
    }
    close((int)fd);
    return found;
}

static unsigned listed(const char *directory, const char *name) {
    unsigned count;
    return find_listed(directory, name, &count), count;
}

static void copyUp_ofBytesFF_isExact(void) {
    write_at("/full", "x", 0);
    CHECK(is_full("/full", true));
}

static void openReadWrite_ofALowerFile_readsIt_andWritesTheCopy(void) {
    char text[6] = {0};
    long fd = open_path("/file", O_RDWR); /* fopen("r+") */
    CHECK(fd >= 0 && read((int)fd, text, 5) == 5 && !strcmp(text, "lower") && pwrite((int)fd, "L", 1, 0) == 1 && close((int)fd) == 0);
    CHECK(holds("/file", "Lower"));
}

static void directory_madeAgain_isOpaque(void) {
    CHECK(union_unlink(world.u, &place, AT_FDCWD, "/dir", AT_REMOVEDIR) == -ENOTEMPTY);
    CHECK(union_unlink(world.u, &place, AT_FDCWD, "/dir/a", 0) == 0 && union_unlink(world.u, &place, AT_FDCWD, "/dir/b", 0) == 0);
    CHECK(union_unlink(world.u, &place, AT_FDCWD, "/dir", AT_REMOVEDIR) == 0 && !exists("/dir"));
    CHECK(union_mkdir(world.u, &place, AT_FDCWD, "/dir", 0755) == 0 && exists("/dir") && !exists("/dir/a"));
}

static void copyUp_keepsModeTimeAttributesRecordAndHoles(void) {
    struct union_status before, after;
    char value[16];
    CHECK(union_stat(world.u, &place, AT_FDCWD, "/holes", 0, &before) == 0);
    long fd = open_path("/holes", O_WRONLY); /* nothing is written */
    CHECK(fd >= 0 && close((int)fd) == 0 && access(at(world.upper, "holes"), F_OK) == 0);
    CHECK(union_stat(world.u, &place, AT_FDCWD, "/holes", 0, &after) == 0);
    CHECK(after.mode == before.mode && after.size == before.size && after.ino == before.ino && after.blocks * 512 < after.size / 10);
    CHECK(after.modify.seconds == 1700000001 && after.modify.nanoseconds == 7);
    CHECK(union_getxattr(world.u, &place, AT_FDCWD, "/holes", "user.note", value, sizeof value, 0) == 4 && !memcmp(value, "kept", 4));
    CHECK(getxattr(at(world.upper, "holes"), "user.lichen.stat", value, sizeof value) == 6 && !memcmp(value, "record", 6));
    CHECK(union_getxattr(world.u, &place, AT_FDCWD, "/holes", "user.lichen.stat", value, sizeof value, 0) == -ENODATA);
}

static void hardLinks_aNameThatIsWrittenTo_leavesTheOther(void) {
    write_at("/one", "L", 0);
    CHECK(holds("/one", "Linked") && holds("/other", "linked"));
}

/* Of a file that has another name still, procfs tells the removed one, and " (deleted)". */
static void descriptor_ofARemovedName_isNotThere(void) {
    char longest[257] = "/";
    const char *names[] = {"/other", longest};
    memset(longest + 1, 'n', 255);
    CHECK(union_link(world.u, &place, AT_FDCWD, "/file", &second, AT_FDCWD, longest, 0) == 0);
    CHECK(union_link(world.u, &place, AT_FDCWD, "/other", &second, AT_FDCWD, "/other (deleted)", 0) == 0);
    for (int i = 0; i < 2; i++) {
        long fd = open_path(names[i], O_RDONLY);
        CHECK(fd >= 0 && union_unlink(world.u, &place, AT_FDCWD, names[i], 0) == 0);
        CHECK(union_open(world.u, &place, (int)fd, "x", O_RDONLY, 0) == -ENOTDIR);
        CHECK(union_chmod(world.u, &place, (int)fd, "", 0600, AT_EMPTY_PATH) == 0 && close((int)fd) == 0);
    }
    CHECK(holds("/other (deleted)", "linked"));
}

/* What a list says of inode numbers is what stat says, also where a copy has come to a directory of the upper's alone. */
static void exchange_ofACopy_listTellsItsNumber(void) {
    struct union_status before, after;
    unsigned count;
    CHECK(union_mkdir(world.u, &place, AT_FDCWD, "/here", 0755) == 0 && union_mkdir(world.u, &place, AT_FDCWD, "/there", 0755) == 0);
    CHECK(union_stat(world.u, &place, AT_FDCWD, "/file", 0, &before) == 0);
    CHECK(union_rename(world.u, &place, AT_FDCWD, "/file", &second, AT_FDCWD, "/there/file", 0) == 0 && union_mkdir(world.u, &place, AT_FDCWD, "/here/dir", 0755) == 0);
    CHECK(union_rename(world.u, &place, AT_FDCWD, "/here/dir", &second, AT_FDCWD, "/there/file", RENAME_EXCHANGE) == 0);
    CHECK(union_stat(world.u, &place, AT_FDCWD, "/here/dir", 0, &after) == 0 && after.ino == before.ino);
    const struct dirent64 *entry = find_listed("/here", "dir", &count);
    CHECK(count == 1 && entry->d_ino == before.ino);
}

/* DIFFERENCES 2 */
static void descriptor_ofALowerFileThatMoved_changesNothing(void) {
    struct union_status status;
    long fd = open_path("/file", O_RDONLY);
    CHECK(fd >= 0 && union_rename(world.u, &place, AT_FDCWD, "/file", &second, AT_FDCWD, "/moved", 0) == 0);
    CHECK(union_chmod(world.u, &place, (int)fd, "", 0600, AT_EMPTY_PATH) == 0 && union_stat(world.u, &place, AT_FDCWD, "/moved", 0, &status) == 0);
    CHECK((status.mode & 07777) == 0644 && close((int)fd) == 0 && !exists("/file"));
}

static void rename_ofALowerDirectory_isEXDEV_soThatMvCopies(void) {
    CHECK(union_rename(world.u, &place, AT_FDCWD, "/dir", &second, AT_FDCWD, "/moved", 0) == -EXDEV && exists("/dir/a") && !exists("/moved"));
    CHECK(union_rename(world.u, &place, AT_FDCWD, "/dir/a", &second, AT_FDCWD, "/moved", 0) == 0 && !exists("/dir/a") && holds("/moved", "a"));
}

static void devel_isNotDev(void) {
    struct union_bind bind = {.guest = "/dev", .guest_size = 4, .host = world.bound, .host_size = strlen(world.bound), .read_only = true};
    struct union_config with = *world.u, *without = world.u;
    with.binds = &bind;
    with.bind_count = &(uint32_t){1};
    with.cache = NULL;
    world.u = &with;
    CHECK(holds("/dev/here", "bound") && holds("/devel/here", "devel") && holds("/devel/../dev/here", "bound"));
    CHECK(open_path("/dev/here", O_WRONLY) == -EROFS && open_path("/dev/new", O_WRONLY | O_CREAT) == -EROFS);
    CHECK(union_unlink(world.u, &place, AT_FDCWD, "/dev", AT_REMOVEDIR) == -EBUSY);
    world.u = without;
}

static bool is_dir_a(const struct union_place *at) { return at->size >= 6 && !memcmp(at->guest, "/dir/a", 6); }

static void binds_comeAndGo_andALaterOneHidesAnEarlierOne(void) {
    const size_t size = strlen(world.bound);
    struct union_bind binds[] = {{.guest = "/dir", .guest_size = 4, .host = "/nowhere", .host_size = 8}, {.guest = "/dir", .guest_size = 4, .host = world.bound, .host_size = size}};
    uint32_t count = 0;
    struct union_config with = *world.u, *without = world.u;
    with.binds = binds;
    with.bind_count = &count;
    world.u = &with;
    CHECK(holds("/dir/a", "a"));
    union_change_begin(&with);
    count = 2;
    union_change_end(&with);
    CHECK(holds("/dir/here", "bound") && !exists("/dir/a"));
    binds[1].gone = true;
    CHECK(!exists("/dir/here") && !exists("/dir/a"));
    binds[0].gone = true;
    CHECK(holds("/dir/a", "a") && union_detranslate(&with, &place, world.bound, size) == -EXDEV);
    world.u = without;
}

static void hidden_isEACCES_byAnyWay_butNotThroughADescriptor(void) {
    struct union_config with = *world.u, *without = world.u;
    struct union_status status;
    const long fd = open_path("/dir/a", O_RDONLY), dir = open_path("/dir", O_RDONLY);
    with.hidden = is_dir_a;
    world.u = &with;
    CHECK(fd >= 0 && dir >= 0 && open_path("/dir/a", O_RDONLY) == -EACCES && open_path("/dir/../dir/./a", O_WRONLY) == -EACCES);
    CHECK(union_stat(&with, &place, (int)dir, "a", 0, &status) == -EACCES && union_unlink(&with, &place, AT_FDCWD, "/dir/a", 0) == -EACCES);
    CHECK(union_rename(&with, &place, AT_FDCWD, "/file", &second, AT_FDCWD, "/dir/a", 0) == -EACCES && exists("/dir") && exists("/file"));
    CHECK(union_stat(&with, &place, (int)fd, "", AT_EMPTY_PATH, &status) == 0 && close((int)fd) == 0 && close((int)dir) == 0);
    world.u = without;
}

static void names_thatLookLikeWhiteouts_areNames(void) {
    static char longest[256];
    memset(longest, 'n', 255);
    memcpy(longest, ".wh.", 4);
    for (const char *const *name = (const char *const[]){".wh.x", ".wh.file", ".wh..wh..opq", longest, NULL}; *name; name++) {
        const char *path = strdup(at("", *name));
        long fd = open_path(path, O_WRONLY | O_CREAT | O_EXCL);
        CHECK(fd >= 0 && write((int)fd, "mine", 4) == 4 && close((int)fd) == 0);
        CHECK(holds(path, "mine") && listed("/", *name) == 1 && exists("/file"));
        CHECK(union_unlink(world.u, &place, AT_FDCWD, path, 0) == 0 && !exists(path) && listed("/", *name) == 0);
    }
}

static void paths_withColonsAndEquals_areOrdinary(void) {
    write_at("/x:y=z", "O", 0);
    CHECK(holds("/x:y=z", "Odd") && union_rename(world.u, &place, AT_FDCWD, "/x:y=z", &second, AT_FDCWD, "/a:b,c=d", 0) == 0);
    CHECK(holds("/a:b,c=d", "Odd") && !exists("/x:y=z") && listed("/", "x:y=z") == 0);
}

/* Twenty directories deep: a path of 4025 bytes to the guest, and one that the kernel takes no more on the host, for the layers lie deep themselves. DIFFERENCES 5. */
static void paths_thatAreTooLongOnTheHost_work(void) {
    enum { DEPTH = 20, NAME = 200 };
    static char path[UNION_PATH], name[NAME + 2] = "/";
    const enum union_encoding encoding = world.u->layers[0].encoding;
    const char *top = tree_new(), *lowers[1], *upper, *work[2];
    memset(name + 1, 'd', NAME);
    CHECK(mkdir(top = strdup(at(top, name + 1)), 0755) == 0);
    CHECK(mkdir(lowers[0] = strdup(at(top, "lower")), 0755) == 0 && mkdir(upper = strdup(at(top, "upper")), 0755) == 0);
    for (int i = 0; i < 2; i++) CHECK(mkdir(work[i] = strdup(at(top, i ? "work1" : "work0")), 0755) == 0);
    struct union_config *saved = world.u, *fill = tree_union(lowers[0], work[0], encoding, NULL, 0, encoding), *u = tree_union(upper, work[1], encoding, lowers, 1, encoding);
    world.u = fill;
    for (int i = 0; i < DEPTH; i++) CHECK(union_mkdir(fill, &place, AT_FDCWD, strcat(path, name), 0755) == 0);
    long dir = open_path(path, O_RDONLY | O_DIRECTORY), fd = open_path(strcat(path, "/file"), O_WRONLY | O_CREAT);
    CHECK(dir >= 0 && fd >= 0 && write((int)fd, "deep", 4) == 4 && close((int)fd) == 0);
    CHECK(union_mkdir(fill, &place, (int)dir, "x", 0755) == -ENAMETOOLONG && union_merged(fill, &place, (int)dir) == -ENAMETOOLONG && close((int)dir) == 0);
    world.u = u;
    CHECK(holds(path, "deep"));
    write_at(path, "D", 0);
    CHECK(holds(path, "Deep"));
    const char *twin = strdup(text_of("%.*stwin", (int)strlen(path) - 4, path));
    CHECK(union_link(u, &place, AT_FDCWD, path, &second, AT_FDCWD, twin, 0) == 0 && union_rename(u, &place, AT_FDCWD, path, &second, AT_FDCWD, "/moved", 0) == 0);
    CHECK(holds(twin, "Deep") && holds("/moved", "Deep") && !exists(path));
    CHECK(union_symlink(u, &place, "twin", AT_FDCWD, path) == 0 && holds(path, "Deep"));
    CHECK(union_setxattr(u, &place, AT_FDCWD, path, "user.x", "y", 1, 0, 0) == (tree_has_user_attributes(top) ? 0 : -EOPNOTSUPP));
    CHECK(union_unlink(u, &place, AT_FDCWD, path, 0) == 0 && union_unlink(u, &place, AT_FDCWD, twin, 0) == 0);
    /* The host could not remove it by its path either. */
    CHECK(union_unlink(fill, &place, AT_FDCWD, path, 0) == 0);
    for (path[strlen(path) - 5] = 0; *path; path[strlen(path) - NAME - 1] = 0)
        CHECK(union_unlink(u, &place, AT_FDCWD, path, AT_REMOVEDIR) == 0 && union_unlink(fill, &place, AT_FDCWD, path, AT_REMOVEDIR) == 0);
    world.u = saved;
}

/* Random reads, writes and truncations of a copied-up file, by descriptor and by path, beside a copy in memory. */
static void file_readWrittenAndTruncatedAtRandom_isWhatWasWritten(void) {
    static unsigned char wanted[BIG], found[BIG], data[4096];
    struct random random = {7};
    size_t size = BIG;
    memset(wanted, 0xff, sizeof wanted);
    long fd = open_path("/full", O_RDWR);
    CHECK(fd >= 0);
    for (int i = 0; i < 20000; i++) {
        const size_t where = random_below(&random, BIG - sizeof data), length = 1 + random_below(&random, sizeof data);
        switch (random_below(&random, 8)) {
            case 0: /* a hole, or the end is cut off */
                if (size < where) memset(wanted + size, 0, where - size);
                size = where;
                CHECK(union_truncate(world.u, &place, AT_FDCWD, "/full", (int64_t)where) == 0);
                break;
            case 1:
                CHECK(close((int)fd) == 0 && (fd = open_path("/full", O_RDWR)) >= 0);
                break;
            case 2: case 3: case 4:
                for (size_t k = 0; k < length; k++) data[k] = (unsigned char)random_next(&random);
                CHECK(pwrite((int)fd, data, length, (off_t)where) == (ssize_t)length);
                if (size < where) memset(wanted + size, 0, where - size);
                memcpy(wanted + where, data, length);
                if (size < where + length) size = where + length;
                break;
            default: {
                const size_t there = where >= size ? 0 : length < size - where ? length : size - where;
                CHECK(pread((int)fd, found, length, (off_t)where) == (ssize_t)there && !memcmp(found, wanted + where, there));
            }
        }
    }
    CHECK(pread((int)fd, found, sizeof found, 0) == (ssize_t)size && !memcmp(found, wanted, size) && close((int)fd) == 0);
}

static long calls_left;
static void die_in_time(long number) {
    (void)number;
    if (calls_left-- == 0) _exit(42);
}

/* A child that dies before its call number `calls`; true: it did not come to that. */
static bool child_finishes(long calls) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        calls_left = calls;
        seam_before = die_in_time;
        long fd = open_path("/full", O_RDWR);
        seam_before = NULL;
        _exit(fd >= 0 ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 42));
    return WEXITSTATUS(status) == 0;
}

static void killed_betweenAnyTwoCalls_neverLeavesHalfAFile(void) {
    unsigned killed = 0;
    while (killed < KILLS) {
        for (long calls = 0; !child_finishes(calls); calls++) {
            killed++;
            CHECK(is_full("/full", false));
        }
        CHECK(is_full("/full", false));
        CHECK(union_unlink(world.u, &place, AT_FDCWD, "/full", 0) == 0 && !exists("/full"));
        remove(at(world.upper, "full")); /* the whiteout, either kind: from the beginning */
        remove(at(world.upper, ".wh.full"));
    }
}

static void copyUp_inFourProcessesAtOnce_losesNothing(void) {
    for (int round = 0; round < 20; round++) {
        pid_t children[4];
        for (int i = 0; i < 4; i++) {
            if ((children[i] = fork()) != 0) continue;
            long fd = open_path("/full", O_RDWR);
            _exit(fd >= 0 && pwrite((int)fd, "\xff", 1, 1 + i) == 1 ? 0 : 1);
        }
        for (int i = 0, status; i < 4; i++) CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
        CHECK(is_full("/full", false));
        CHECK(union_unlink(world.u, &place, AT_FDCWD, "/full", 0) == 0);
        remove(at(world.upper, "full"));
        remove(at(world.upper, ".wh.full"));
    }
}

#define TEST(name) {#name, name, false}
#define TEST_OF_ATTRIBUTES(name) {#name, name, true}
static const struct {
    const char *name;
    void (*run)(void);
    bool attributes;
} TESTS[] = {TEST(copyUp_ofBytesFF_isExact),
             TEST(openReadWrite_ofALowerFile_readsIt_andWritesTheCopy),
             TEST(directory_madeAgain_isOpaque),
             TEST_OF_ATTRIBUTES(copyUp_keepsModeTimeAttributesRecordAndHoles),
             TEST(hardLinks_aNameThatIsWrittenTo_leavesTheOther),
             TEST(descriptor_ofARemovedName_isNotThere),
             TEST(descriptor_ofALowerFileThatMoved_changesNothing),
             TEST_OF_ATTRIBUTES(exchange_ofACopy_listTellsItsNumber),
             TEST(rename_ofALowerDirectory_isEXDEV_soThatMvCopies),
             TEST(devel_isNotDev),
             TEST(binds_comeAndGo_andALaterOneHidesAnEarlierOne),
             TEST(hidden_isEACCES_byAnyWay_butNotThroughADescriptor),
             TEST(names_thatLookLikeWhiteouts_areNames),
             TEST(paths_withColonsAndEquals_areOrdinary),
             TEST(paths_thatAreTooLongOnTheHost_work),
             TEST(file_readWrittenAndTruncatedAtRandom_isWhatWasWritten),
             TEST(killed_betweenAnyTwoCalls_neverLeavesHalfAFile),
             TEST(copyUp_inFourProcessesAtOnce_losesNothing)};

/* Where there are no user attributes, layers have the encoding aufs; union.h says what is lost: records, and a file's number at its copy-up. */
static void run_without_attributes(const char *top) {
    CHECK(mount("none", top, "ramfs", 0, NULL) == 0 && setenv("LICHEN_TEST_DIR", top, 1) == 0);
    CHECK(!tree_has_user_attributes(top));
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++) {
        if (TESTS[i].attributes) continue;
        make(UNION_AUFS);
        TESTS[i].run();
        is_untouched();
        printf("ok %s (ramfs)\n", TESTS[i].name);
    }
}

int main(void) {
    const char *top = tree_new();
    umask(022);
    if (!tree_unshare()) return tree_skip("union", "no user namespaces for unprivileged users"), 0;
    if (!tree_has_user_attributes(top)) return tree_skip("union", "no user attributes here"), 0;
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++) {
        for (enum union_encoding encoding = UNION_OVERLAY; encoding <= UNION_AUFS; encoding++) {
            make(encoding);
            TESTS[i].run();
            is_untouched();
        }
        printf("ok %s\n", TESTS[i].name);
    }
    run_without_attributes(top);
    return 0;
}
