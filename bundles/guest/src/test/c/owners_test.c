/* Records, in attributes and in the side table: they come back, they are void when they should be, nothing that is forged is believed, and a kill at any moment leaves the old or the new. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "calls.h"
#include "credentials.h"
#include "world.h"

static struct root_table table;
static struct root_place attributes, tabled;
static const struct root_who ROOT = {.capabilities = ROOT_ALL_CAPABILITIES};
static char table_path[96];

static struct root_file named(const char *name) { return (struct root_file){AT_FDCWD, name}; }

static struct root_node seen(const struct root_place *place, const char *name) {
    struct root_host host = world_host(name);
    struct root_file file = named(name);
    struct root_node node;
    CHECK(root_look(place, &file, &host, &node) == 0);
    return node;
}

static bool is(const struct root_place *place, const char *name, uint32_t mode, uint32_t uid, uint32_t gid) {
    struct root_node node = seen(place, name);
    return node.mode == mode && node.uid == uid && node.gid == gid;
}

static void make(const char *name, uint32_t type) {
    remove(name);
    CHECK(type == S_IFDIR ? mkdir(name, 0755) == 0 : type == S_IFLNK ? symlink("nowhere", name) == 0 : mknod(name, type | 0644, 0) == 0);
}

static int chown_to(const struct root_place *place, const char *name, uint32_t uid, uint32_t gid) {
    struct root_file file = named(name);
    return root_chown(place, &ROOT, &file, uid, gid);
}

static int chmod_to(const struct root_place *place, const char *name, uint32_t mode) {
    struct root_file file = named(name);
    return root_chmod(place, &ROOT, &file, mode);
}

static void record_everyKind_comesBack(void) {
    static const uint32_t TYPES[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK};
    for (int t = 0; t < 10; t++) {
        const struct root_place *place = t < 5 ? &attributes : &tabled;
        uint32_t type = TYPES[t % 5], mode = type == S_IFLNK ? 0777 : type == S_IFDIR ? 0755 : 0644;
        make("f", type);
        CHECK(is(place, "f", type | mode, 0, 0) && chown_to(place, "f", 33, 34) == 0 && is(place, "f", type | mode, 33, 34));
        CHECK((getxattr("f", ROOT_RECORD_NAME, NULL, 0) > 0) == (place->attributes && (type == S_IFREG || type == S_IFDIR)));
        CHECK(rename("f", "g") == 0 && is(place, "g", type | mode, 33, 34));
        if (type != S_IFLNK) CHECK(chmod_to(place, "g", 04711) == 0 && is(place, "g", type | 04711, 33, 34) && world_host("g").mode == (type | 0711));
        if (type != S_IFDIR) {
            uint32_t now = seen(place, "g").mode;
            CHECK(link("g", "twin") == 0 && is(place, "twin", now, 33, 34) && unlink("g") == 0 && rename("twin", "g") == 0 && is(place, "g", now, 33, 34));
        }
        CHECK(chown_to(place, "g", 0, 0) == 0 && (type == S_IFLNK || chmod_to(place, "g", 0755) == 0));
        CHECK(getxattr("g", ROOT_RECORD_NAME, NULL, 0) < 0); /* nothing left to say */
        struct root_slot slot;
        CHECK(!root_table_find(&table, world_host("g").inode, &slot) && remove("g") == 0);
    }
}

static void device_isAnEmptyFileThatShowsItself(void) {
    struct root_node directory = {S_IFDIR | 0755, 0, 0, 0, 0}, node;
    CHECK(root_new_node(&ROOT, &directory, S_IFCHR | 0666, 022, 0x503, &node) == 0 && node.major == 5 && node.minor == 3 && root_made_of(&node) == (S_IFREG | 0644));
    make("dev", S_IFREG);
    struct root_file file = named("dev");
    CHECK(root_made(&attributes, &file, &node) == 0 && is(&attributes, "dev", S_IFCHR | 0644, 0, 0));
    struct stat status;
    node = seen(&attributes, "dev");
    CHECK(stat("dev", &status) == 0 && (root_show_stat(&status, &node), status.st_rdev == makedev(5, 3) && S_ISCHR(status.st_mode)));
    node = (struct root_node){S_IFBLK | 0600, 0, 0, 0xfff, 0xfffff};
    struct statx extended;
    CHECK(root_keep(&attributes, &file, &(struct root_host){0}, &node) == 0 && is(&attributes, "dev", S_IFBLK | 0600, 0, 0));
    CHECK(statx(AT_FDCWD, "dev", 0, STATX_ALL, &extended) == 0 && (root_show_statx(&extended, &node), extended.stx_rdev_major == 0xfff && extended.stx_rdev_minor == 0xfffff));
    root_show_stat(&status, &node);
    CHECK(status.st_rdev == makedev(0xfff, 0xfffff) && !root_device_path(&node));
    CHECK(stat("/dev/null", &status) == 0); /* one of the host's */
    struct root_host host = root_host_of_stat(&status);
    node = root_plain(&attributes, &host);
    root_show_stat(&status, &node);
    CHECK(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
    CHECK(!strcmp(root_device_path(&(struct root_node){.mode = S_IFCHR, .major = 1, .minor = 3}), "/dev/null"));
}

static void record_afterTheKernelsChmod_isVoid(void) {
    for (int t = 0; t < 2; t++) {
        const struct root_place *place = t ? &tabled : &attributes;
        make("f", S_IFREG);
        CHECK(chown_to(place, "f", 33, 33) == 0 && chmod_to(place, "f", 04755) == 0);
        CHECK(chmod("f", 0600) == 0 && is(place, "f", S_IFREG | 0600, 0, 0));
        CHECK(chmod("f", 0644) == 0 && is(place, "f", S_IFREG | 0644, 0, 0)); /* the mode before the last emulated one is not good either */
        CHECK(chmod("f", 0755) == 0 && is(place, "f", S_IFREG | 04755, 33, 33));
    }
}

static void record_modeNotForTheOwner_keepsTheOwnerWorking(void) {
    make("f", S_IFREG);
    make("d", S_IFDIR);
    CHECK(chmod_to(&attributes, "f", 0) == 0 && is(&attributes, "f", S_IFREG, 0, 0) && world_host("f").mode == (S_IFREG | 0600));
    CHECK(chmod_to(&attributes, "d", 01007) == 0 && is(&attributes, "d", S_IFDIR | 01007, 0, 0) && world_host("d").mode == (S_IFDIR | 01707));
    CHECK(rmdir("d") == 0);
}

static void mend_fileOfModeZeroOnDisk_opensAndLooksTheSame(void) {
    struct root_file file = named("f");
    make("f", S_IFREG);
    CHECK(chown_to(&attributes, "f", 33, 33) == 0 && chmod("f", 0) == 0);
    CHECK(root_mend(&attributes, &file) == 0 && is(&attributes, "f", S_IFREG, 0, 0) && access("f", R_OK | W_OK) == 0);
    CHECK(root_mend(&attributes, &file) == -EACCES);
    CHECK(chmod("f", 0) == 0 && chown_to(&attributes, "f", 5, 5) == 0 && is(&attributes, "f", S_IFREG, 5, 5));
}

static void record_forged_isIgnored(void) {
    static const struct {
        const char *what;
        unsigned at, size;
        uint64_t value;
    } FORGED[] = {{"other magic", 0, 4, 0x4c537432}, {"other mode on disk", 4, 4, 0x81a081a0}, {"type of another kind", 8, 2, 040755}, {"fifo for a file", 8, 2, 010644},
                  {"no type", 8, 2, 0644}, {"reserved bytes", 10, 2, 1}, {"uid -1", 12, 4, UINT32_MAX}, {"gid -1", 16, 4, UINT32_MAX}, {"file with a device number", 20, 4, 1}};
    unsigned char record[64] = {0};
    const struct root_node node = {S_IFREG | 04755, 1, 2, 0, 0};
    make("f", S_IFREG);
    for (size_t i = 0; i < sizeof FORGED / sizeof *FORGED; i++) {
        root_record_write(record, S_IFREG | 0644, S_IFREG | 0644, &node);
        for (unsigned b = 0; b < FORGED[i].size; b++) record[FORGED[i].at + b] = (unsigned char)(FORGED[i].value >> 8 * (FORGED[i].size - 1 - b));
        CHECK(setxattr("f", ROOT_RECORD_NAME, record, ROOT_RECORD_SIZE, 0) == 0);
        if (!is(&attributes, "f", S_IFREG | 0644, 0, 0)) fprintf(stderr, "%s\n", FORGED[i].what), exit(1);
    }
    root_record_write(record, S_IFREG | 0644, S_IFREG | 0644, &node);
    for (size_t size = 0; size <= sizeof record; size++) {
        CHECK(setxattr("f", ROOT_RECORD_NAME, record, size, 0) == 0);
        CHECK(is(&attributes, "f", size == ROOT_RECORD_SIZE ? S_IFREG | 04755 : S_IFREG | 0644, size == ROOT_RECORD_SIZE, size == ROOT_RECORD_SIZE ? 2 : 0));
    }
    CHECK(chown_to(&attributes, "f", 9, 9) == 0 && is(&attributes, "f", S_IFREG | 0644, 9, 9)); /* and is replaced */
}

static void attributes_ofOurs_areHidden(void) {
    char list[] = "user.a\0user.lichen.stat\0user.lichenx\0user.lichen.\0user.b";
    CHECK(root_hide_attributes(list, sizeof list) == 7 + 13 + 7 && !memcmp(list, "user.a\0user.lichenx\0user.b", 27));
    CHECK(root_hidden_attribute("user.lichen.stat") && !root_hidden_attribute("user.lichen") && !root_hidden_attribute("user."));
}

/* As ext4 does with a file whose room for attributes is used up. */
static void attribute_noRoom_goesToTheTable(void) {
    char full[4000] = {0};
    make("f", S_IFREG);
    bool filled = setxattr("f", "user.filler", full, sizeof full, 0) == 0;
    for (size_t size = sizeof full; filled && size > 0; size /= 2)
        for (int i = 0; i < 100 && size > 8; i++) {
            char name[48];
            snprintf(name, sizeof name, "user.f%zu-%d", size, i);
            if (setxattr("f", name, full, size, 0) != 0) break;
        }
    CHECK(chown_to(&attributes, "f", 33, 33) == 0 && is(&attributes, "f", S_IFREG | 0644, 33, 33));
    if (getxattr("f", ROOT_RECORD_NAME, NULL, 0) >= 0) world_skip(__func__, false, "this filesystem has room for many attributes");
    CHECK(unlink("f") == 0);
}

static void table_inodeUsedAgain_isAnotherFile(void) {
    make("s", S_IFIFO);
    CHECK(chown_to(&tabled, "s", 33, 33) == 0);
    struct root_slot slot;
    CHECK(root_table_find(&table, world_host("s").inode, &slot));
    if (!slot.file.seconds) {
        world_skip(__func__, false, "no time of birth on this filesystem");
        return;
    }
    slot.file.nanoseconds ^= 1;
    CHECK(root_table_put(&table, &slot) == 0 && is(&tabled, "s", S_IFIFO | 0644, 0, 0));
    struct root_host before = world_host("s");
    CHECK(unlink("s") == 0);
    root_removed(&tabled, &before);
    CHECK(!root_table_find(&table, before.inode, &slot));
}

static void table_manyFiles_growsAndKeepsAll(void) {
    enum { MANY = 5000 };
    struct root_slot slot;
    struct root_node node = {S_IFIFO | 0644, 0, 0, 0, 0};
    for (uint32_t i = 1; i <= MANY; i++) {
        node.uid = i;
        slot.file = (struct root_file_id){1000000 + i, i, i};
        root_record_write(slot.record, node.mode, node.mode, &node);
        CHECK(root_table_put(&table, &slot) == 0);
        if (i % 3 == 0) CHECK(root_table_drop(&table, 1000000 + i / 3) == 0);
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        bool found = root_table_find(&table, 1000000 + i, &slot);
        CHECK(found == (i > MANY / 3));
        CHECK(!found || (root_record_read(slot.record, sizeof slot.record, node.mode, &node) && node.uid == i && slot.file.seconds == i));
    }
    struct stat status;
    CHECK(stat(table_path, &status) == 0 && status.st_size < 1 << 23);
    for (uint32_t i = 1; i <= MANY; i++) CHECK(root_table_drop(&table, 1000000 + i) == 0);
}

static void table_damaged_isReadWithoutHarmAndGoesOn(void) {
    uint64_t random = world_number("LICHEN_SEED", 99);
    make("s", S_IFIFO);
    for (int round = 0; round < 300; round++) {
        unsigned char junk[64];
        int fd = open(table_path, O_RDWR);
        for (size_t i = 0; i < sizeof junk; i++) junk[i] = (unsigned char)world_random(&random, 256);
        CHECK(pwrite(fd, junk, world_random(&random, sizeof junk) + 1, ROOT_TABLE_HEADER + (off_t)world_random(&random, 16384)) > 0 && close(fd) == 0);
        seen(&tabled, "s");
        CHECK(chown_to(&tabled, "s", 5, 5) == 0 && is(&tabled, "s", S_IFIFO | 0644, 5, 5));
    }
    CHECK(truncate(table_path, ROOT_TABLE_HEADER + 100) == 0 && root_table_open(&table, table_path, 77) == 0); /* made anew */
    CHECK(is(&tabled, "s", S_IFIFO | 0644, 0, 0));
    CHECK(chown_to(&tabled, "s", 5, 5) == 0 && root_table_open(&table, table_path, 77) == 0 && is(&tabled, "s", S_IFIFO | 0644, 5, 5));
    CHECK(root_table_open(&table, table_path, 78) == 0 && is(&tabled, "s", S_IFIFO | 0644, 0, 0)); /* of another upper */
    CHECK(unlink("s") == 0);
}

/* Killed at each system call of a change in turn, until it gets through. */
static void change_killedAnywhere_isOldOrNew(void) {
    static const uint32_t TYPES[] = {S_IFREG, S_IFDIR, S_IFIFO, S_IFLNK};
    int kills = 0;
    for (int t = 0; t < 16; t++) {
        const struct root_place *place = t & 1 ? &attributes : &tabled;
        uint32_t type = TYPES[t / 2 % 4];
        bool chmods = t & 8 && type != S_IFLNK;
        make("f", type);
        CHECK(chown_to(place, "f", 1, 1) == 0);
        for (long n = 0, status = 1; status != 0; n++) {
            const struct root_node before = seen(place, "f");
            pid_t child = fork();
            if (child == 0) {
                world_calls = n;
                _exit(chmods ? chmod_to(place, "f", before.mode ^ 02550) : chown_to(place, "f", 2, 2));
            }
            int how;
            CHECK(waitpid(child, &how, 0) == child);
            status = how;
            struct root_node after = seen(place, "f");
            kills += how != 0;
            CHECK(root_same(&before, &after) || (chmods ? after.mode == (before.mode ^ 02550) && after.uid == 1 : after.mode == before.mode && after.uid == 2 && after.gid == 2));
            if (!chmods && status != 0 && after.uid == 2) CHECK(chown_to(place, "f", 1, 1) == 0);
        }
        remove("f");
    }
    printf("  %d kills\n", kills);
}

/* The call fails, one system call after the other: an error or success, and never something between. */
static void change_systemCallFails_isOldOrNew(void) {
    for (int t = 0; t < 4; t++) {
        const struct root_place *place = t & 1 ? &attributes : &tabled;
        make("f", t & 2 ? S_IFREG : S_IFIFO);
        CHECK(chown_to(place, "f", 1, 1) == 0);
        for (long n = 0; n < 40; n++) {
            struct root_node before = seen(place, "f");
            world_fail = EIO;
            world_calls = n;
            int error = chmod_to(place, "f", n % 2 ? 0600 : 0777);
            world_calls = -1;
            world_fail = 0;
            struct root_node after = seen(place, "f"), wanted = before;
            wanted.mode = (wanted.mode & S_IFMT) | (n % 2 ? 0600 : 0777);
            CHECK((error == 0 || error == -EIO) && (root_same(&after, &wanted) || (error && root_same(&after, &before))));
        }
        remove("f");
    }
}

enum { FIFOS = 24, WRITERS = 2, KILLS = 200 };

static void write_forever(uint64_t random) {
    char name[16];
    while (true) {
        uint32_t i = world_random(&random, FIFOS), id = 1 + world_random(&random, 1000000);
        snprintf(name, sizeof name, "w%u", i);
        chown_to(&tabled, name, id, id);
    }
}

static unsigned slots_with(uint64_t inode) {
    unsigned char slot[ROOT_SLOT_SIZE], wanted[8];
    unsigned count = 0;
    int fd = open(table_path, O_RDONLY);
    for (int i = 0; i < 8; i++) wanted[i] = (unsigned char)(inode >> 8 * (7 - i));
    for (off_t at = ROOT_TABLE_HEADER; pread(fd, slot, sizeof slot, at) == sizeof slot; at += ROOT_SLOT_SIZE) count += memcmp(slot, wanted, sizeof wanted) == 0;
    close(fd);
    return count;
}

static void writers_killed200Times_leaveWholeRecords(void) {
    char name[16];
    uint64_t random = world_number("LICHEN_SEED", 31337);
    for (int i = 0; i < FIFOS; i++) snprintf(name, sizeof name, "w%d", i), make(name, S_IFIFO);
    for (int kills = 0; kills < KILLS; kills++) {
        pid_t writers[WRITERS];
        for (int i = 0; i < WRITERS; i++)
            if ((writers[i] = fork()) == 0) write_forever(random + (uint64_t)kills * WRITERS + (uint64_t)i + 1);
        usleep(world_random(&random, 3000));
        for (int i = 0; i < WRITERS; i++) CHECK(kill(writers[i], SIGKILL) == 0 && waitpid(writers[i], NULL, 0) == writers[i]);
        for (int i = 0; i < FIFOS; i++) {
            snprintf(name, sizeof name, "w%d", i);
            struct root_node node = seen(&tabled, name);
            CHECK(node.mode == (S_IFIFO | 0644) && node.uid == node.gid);
        }
    }
    for (int i = 0; i < FIFOS; i++) {
        snprintf(name, sizeof name, "w%d", i);
        struct root_host host = world_host(name);
        CHECK(slots_with(host.inode) == 1 && unlink(name) == 0);
        root_removed(&tabled, &host);
        CHECK(slots_with(host.inode) == 0);
    }
}

enum { CHANGES = 400 };

static void *change_one_thing(void *what) {
    const char *order = what; /* place, file, thing */
    const struct root_place *place = order[0] == 'a' ? &attributes : &tabled;
    const char *name = order[1] == 'f' ? "cf" : "cs";
    for (uint32_t i = 1; i <= CHANGES; i++)
        CHECK((order[2] == 'u' ? chown_to(place, name, i, UINT32_MAX) : order[2] == 'g' ? chown_to(place, name, UINT32_MAX, i) : chmod_to(place, name, i & 0777)) == 0);
    return NULL;
}

static void changes_byThreadsAndProcesses_noneIsLost(void) {
    for (int t = 0; t < 3; t++) {
        char orders[3][4] = {"afu", "afg", "afm"};
        for (int i = 0; i < 3; i++) orders[i][0] = t == 0 ? 'a' : 't', orders[i][1] = t == 2 ? 's' : 'f';
        make("cf", S_IFREG);
        make("cs", S_IFIFO);
        pid_t child = fork();
        if (child == 0) _exit(change_one_thing(orders[0]) != NULL);
        pthread_t threads[2];
        int status;
        for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, change_one_thing, orders[i + 1]) == 0);
        for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        struct root_node node = seen(t == 0 ? &attributes : &tabled, t == 2 ? "cs" : "cf");
        CHECK(node.uid == CHANGES && node.gid == CHANGES && (node.mode & 0777) == (CHANGES & 0777));
        CHECK(unlink("cf") == 0 && unlink("cs") == 0);
    }
}

/* What is asked is the owner: who looks while modes change must never take the file for root's. */
static void look_whileTheModeChanges_ownerIsRight(void) {
    for (int t = 0; t < 2; t++) {
        const struct root_place *place = t ? &tabled : &attributes;
        make("f", S_IFREG);
        CHECK(chown_to(place, "f", 33, 33) == 0);
        pid_t child = fork();
        if (child == 0)
            for (uint32_t i = 0;; i++) CHECK(chmod_to(place, "f", (i * 0421) & 0777) == 0);
        for (int i = 0; i < 20000; i++) CHECK(seen(place, "f").uid == 33);
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child && unlink("f") == 0);
    }
}

static void lock_leftByAForkedChild_isNotWaitedForForever(void) {
    make("f", S_IFREG);
    int lock = root_lock(table_path, ROOT_LOCK_INODES + world_host("f").inode);
    CHECK(lock >= 0 && chown_to(&attributes, "f", 3, 3) == 0 && is(&attributes, "f", S_IFREG | 0644, 3, 3));
    root_unlock(lock, ROOT_LOCK_INODES + world_host("f").inode);
    CHECK(unlink("f") == 0);
}

static void name_replacedByALink_isNotFollowed(void) {
    make("f", S_IFREG);
    CHECK(symlink("f", "l") == 0 && chown_to(&attributes, "l", 4, 4) == 0 && is(&attributes, "f", S_IFREG | 0644, 0, 0) && is(&attributes, "l", S_IFLNK | 0777, 4, 4));
    CHECK(chmod_to(&attributes, "l", 0) == -EOPNOTSUPP && unlink("l") == 0 && unlink("f") == 0);
}

static void copiedUp_lowersOwner_isRecorded(void) {
    struct root_index none = {0};
    struct root_lowers lowers = {&attributes, &none, 1};
    make("f", S_IFREG);
    int fd = open("f", O_RDWR);
    CHECK(root_copied_up(&lowers, 0, "f", &attributes, fd) == 0 && is(&attributes, "f", S_IFREG | 0644, 0, 0) && fgetxattr(fd, ROOT_RECORD_NAME, NULL, 0) < 0);
    CHECK(close(fd) == 0);
}

static void everything(void) {
    char here[64];
    CHECK(getcwd(here, sizeof here) && snprintf(table_path, sizeof table_path, "%s/../table", here) > 0);
    CHECK(root_table_open(&table, table_path, 77) == 0);
    attributes = world_place(true, &table);
    tabled = world_place(false, &table);
    make("probe", S_IFREG);
    if (setxattr("probe", "user.probe", "", 0, 0) == 0) {
        RUN(record_everyKind_comesBack);
        RUN(record_forged_isIgnored);
        RUN(attribute_noRoom_goesToTheTable);
    }
    RUN(device_isAnEmptyFileThatShowsItself);
    RUN(record_afterTheKernelsChmod_isVoid);
    RUN(record_modeNotForTheOwner_keepsTheOwnerWorking);
    RUN(mend_fileOfModeZeroOnDisk_opensAndLooksTheSame);
    RUN(attributes_ofOurs_areHidden);
    RUN(table_inodeUsedAgain_isAnotherFile);
    RUN(table_manyFiles_growsAndKeepsAll);
    RUN(name_replacedByALink_isNotFollowed);
    RUN(copiedUp_lowersOwner_isRecorded);
    RUN(change_killedAnywhere_isOldOrNew);
    RUN(change_systemCallFails_isOldOrNew);
    RUN(writers_killed200Times_leaveWholeRecords);
    RUN(changes_byThreadsAndProcesses_noneIsLost);
    RUN(look_whileTheModeChanges_ownerIsRight);
    RUN(lock_leftByAForkedChild_isNotWaitedForForever);
    RUN(table_damaged_isReadWithoutHarmAndGoesOn);
}

static bool write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0;
}

/* A mount namespace of our own; for it a user without privileges needs a user namespace, in which it stays the user that it is. */
static bool unshare_mounts(void) {
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    snprintf(map, sizeof map, "%u %u 1", uid, uid);
    if (uid != 0 && (!write_text("/proc/self/uid_map", map) || !write_text("/proc/self/setgroups", "deny"))) return false;
    snprintf(map, sizeof map, "%u %u 1", gid, gid);
    return (uid == 0 || write_text("/proc/self/gid_map", map)) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    CHECK(syscall(SYS_capset, &header, none) == 0);
}

static void on_ramfs(void) {
    CHECK(mkdir("ramfs", 0777) == 0);
    if (!unshare_mounts() || mount("ramfs", "ramfs", "ramfs", 0, NULL) != 0) {
        world_skip("ramfs", false, "cannot mount it here");
        return;
    }
    CHECK(chdir("ramfs") == 0 && chmod(".", 0777) == 0);
    world_drop();
    drop_capabilities();
    CHECK(mkdir("upper", 0755) == 0 && chdir("upper") == 0);
    puts("on a filesystem without user attributes:");
    everything();
}

int main(void) {
    world_make();
    for (int t = 0; t < 2; t++) {
        pid_t child = fork();
        int status;
        if (child == 0) {
            if (t == 1) on_ramfs();
            else {
                world_drop();
                CHECK(mkdir("upper", 0755) == 0 && chdir("upper") == 0);
                everything();
            }
            exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (status != 0) return 1;
    }
}
