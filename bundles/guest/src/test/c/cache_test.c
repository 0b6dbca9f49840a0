/* The cache of rewritten images on a real file system: what an image is kept for, who may have it, and what kills, failures and many writers at once leave. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "cache.h"
#include "check.h"
#include "directory.h"
#include "elfmaker.h"

enum { NUMBERS = 512, OLD = 1000, HOUR = 3600 };

/* ---- every system call of the cache comes by here */

static long calls, die_at, fail_at, fail_with;
static bool coarse; /* times as kernels before 6.13 tell them */

long sys_call(long number, long a, long b, long c, long d, long e, long f) {
    calls++;
    if (calls == die_at) _exit(9);
    if (calls == fail_at && number != __NR_close && number != __NR_munmap) return fail_with;
    const long result = syscall(number, a, b, c, d, e, f);
    if (coarse && number == __NR_fstat && result == 0) {
        enum { TICK = 10000000 };
        struct stat *status = (struct stat *)b;
        status->st_mtim.tv_nsec -= status->st_mtim.tv_nsec % TICK, status->st_ctim.tv_nsec -= status->st_ctim.tv_nsec % TICK;
    }
    return result < 0 ? -errno : result;
}

/* ---- files */

static char *top, *images, *program;
static const uint8_t raw[NUMBERS];
static const struct image_engine target = {.entry = 0x7d0000001000, .begun = 0x7d0000002000, .raw = raw, .numbers = NUMBERS};

static void put_file(const char *path, const void *data, size_t size) {
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

/* Whatever its time was made to be: nobody can set ctime, so this waits until it is past. */
static void settle(void) { usleep(120000); }

static void write_program(const char *path, const char *code) {
    uint8_t file[IMAGE_ROOM];
    put_file(path, file, elf_make(&(struct image_form){.code = code}, file));
}

static void clean(void) {
    DIR *list = opendir(images);
    for (const struct dirent *entry; list && (entry = readdir(list));) unlinkat(dirfd(list), entry->d_name, 0);
    CHECK(list && closedir(list) == 0);
}

struct found {
    int kept, beside;
};
static struct found look(void) {
    struct found found = {0, 0};
    DIR *list = opendir(images);
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        if (entry->d_name[0] == '.') continue;
        if (strchr(entry->d_name, '~')) found.beside++;
        else found.kept++;
    }
    CHECK(list && closedir(list) == 0);
    return found;
}

static int descriptors(void) {
    int count = 0;
    DIR *list = opendir("/proc/self/fd");
    while (list && readdir(list)) count++;
    CHECK(list && closedir(list) == 0);
    return count;
}

/* What image_open() says: its result, with the image's bytes if there is one. */
struct answer {
    long result;
    struct stat status;
    struct image_header header;
    char data[8 * 4096];
};

static void ask_for(const char *path, struct answer *answer) {
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    memset(answer, 0, sizeof *answer);
    answer->result = image_open(images, fd, &target, &answer->header);
    if (answer->result < 0) return;
    CHECK(fstat((int)answer->result, &answer->status) == 0 && answer->status.st_size == (off_t)answer->header.size && answer->header.size <= sizeof answer->data);
    CHECK(pread((int)answer->result, answer->data, sizeof answer->data, 0) == (ssize_t)answer->header.size);
    CHECK(!memcmp(answer->data, &answer->header, sizeof answer->header) && fcntl((int)answer->result, F_GETFD) == FD_CLOEXEC);
    close((int)answer->result);
}

/* Of the code that the program has now. */
static bool is_of(const struct answer *answer, uint8_t number) {
    const struct image_header *header = &answer->header;
    const uint8_t want[] = {0xb8, number, 0, 0, 0};
    CHECK(answer->result >= 0 && header->part_count == 1 && header->trampoline_pages == 1);
    const struct trampoline_page *page = (const struct trampoline_page *)(const void *)(answer->data + IMAGE_PAGE);
    return !memcmp((const uint8_t *)page + trampoline_at(page, 0)->code, want, sizeof want);
}

/* ---- tests */

static void an_image_is_made_once_for_its_owner_alone(void) {
    struct answer first, second;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &first);
    CHECK(is_of(&first, 0x27) && (first.status.st_mode & 07777) == 0600 && first.status.st_uid == geteuid() && first.status.st_nlink == 1);
    ask_for(program, &second);
    CHECK(first.status.st_ino == second.status.st_ino && !memcmp(first.data, second.data, sizeof first.data));
    CHECK(look().kept == 1 && look().beside == 0);
}

static void another_time_size_or_inode_is_another_image(void) {
    struct answer answer;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &answer);
    CHECK(look().kept == 1);
    CHECK(chmod(program, 0700) == 0); /* ctime */
    settle();
    ask_for(program, &answer);
    CHECK(look().kept == 2);
    CHECK(utimensat(AT_FDCWD, program, (struct timespec[]){{1, 2}, {3, 4}}, 0) == 0);
    settle();
    ask_for(program, &answer);
    CHECK(look().kept == 3 && answer.header.key.modified[0] == 3 && answer.header.key.modified[1] == 4);
    write_program(program, "b8 6e000000 0f05 c3 90*64"); /* size */
    settle();
    ask_for(program, &answer);
    CHECK(look().kept == 4 && is_of(&answer, 0x6e));
    AUTO_FREE char *other = must_format("%s/other", top);
    write_program(other, "b8 6e000000 0f05 c3 90*64");
    CHECK(rename(other, program) == 0);
    settle();
    ask_for(program, &answer);
    CHECK(look().kept == 5);
}

/* Without waiting: its times may not change at all. */
static void what_has_just_been_written_and_changes_in_place_is_seen(void) {
    struct answer answer;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    coarse = true;
    for (int i = 0; i < 300; i++) {
        const uint8_t number = (uint8_t)(i % 100 + 1);
        AUTO_CLOSE int fd = open(program, O_WRONLY);
        CHECK(pwrite(fd, &number, 1, IMAGE_CODE + 1) == 1);
        ask_for(program, &answer);
        CHECK(is_of(&answer, number));
    }
    coarse = false;
}

static void what_is_no_program_has_no_image(void) {
    struct answer answer;
    clean();
    put_file(program, "#!/bin/sh\n", 10);
    settle();
    ask_for(program, &answer);
    CHECK(answer.result == -ENOEXEC);
    put_file(program, "", 0);
    ask_for(program, &answer);
    CHECK(answer.result == -ENOEXEC && look().kept == 0);
    CHECK(image_open(images, open(top, O_RDONLY | O_CLOEXEC), &target, &answer.header) == -ENOEXEC);
    write_program(program, "c3");
    settle();
    ask_for(program, &answer);
    CHECK(answer.result >= 0 && answer.header.part_count == 0 && answer.header.possible && look().kept == 1);
}

static void where_nothing_can_be_kept_it_is_in_memory(void) {
    struct answer kept, memory;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &kept);
    AUTO_FREE char *away = must_format("%s/away", top);
    CHECK(rename(images, away) == 0);
    ask_for(program, &memory);
    CHECK(rename(away, images) == 0);
    CHECK(memory.status.st_nlink == 0 && !memcmp(kept.data, memory.data, sizeof kept.data));
}

static void every_beginning_of_an_image_is_none(void) {
    struct answer want, have;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &want);
    DIR *list = opendir(images);
    const struct dirent *entry;
    while ((entry = readdir(list)) && entry->d_name[0] == '.') {}
    AUTO_FREE char *path = must_format("%s/%s", images, entry->d_name);
    closedir(list);
    for (size_t size = 0; size < sizeof want.header; size += 7) {
        CHECK(truncate(path, (off_t)size) == 0);
        ask_for(program, &have);
        CHECK(!memcmp(want.data, have.data, sizeof want.data));
    }
    for (size_t at = 0; at < sizeof want.header.magic + sizeof want.header.key; at++) { /* of another file, or of none */
        char changed = (char)(want.data[at] ^ 1);
        AUTO_CLOSE int fd = open(path, O_WRONLY);
        CHECK(pwrite(fd, &changed, 1, (off_t)at) == 1);
        ask_for(program, &have);
        CHECK(!memcmp(want.data, have.data, sizeof want.data));
    }
    CHECK(unlink(path) == 0 && symlink("/etc/passwd", path) == 0);
    ask_for(program, &have);
    CHECK(!memcmp(want.data, have.data, sizeof want.data));
}

/* At each system call that the making of an image takes. */
static void a_kill_leaves_nothing_that_is_taken_for_an_image(void) {
    struct answer want, have;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &want);
    long last = 0;
    for (long at = 1, status = 1; status; at++, last = at) {
        clean();
        const pid_t pid = fork();
        if (!pid) {
            calls = 0, die_at = at;
            ask_for(program, &have);
            _exit(0);
        }
        int ended;
        CHECK(pid > 0 && waitpid(pid, &ended, 0) == pid && WIFEXITED(ended));
        status = WEXITSTATUS(ended);
        CHECK(status == 0 || status == 9);
        ask_for(program, &have);
        CHECK(!memcmp(want.data, have.data, sizeof want.data) && have.status.st_nlink == 1 && look().kept == 1 && look().beside <= 1);
    }
    CHECK(last > 12);
}

static void a_failure_gives_the_image_or_an_error(void) {
    static const long errors[] = {-EIO, -ENOSPC, -EINTR, -EMFILE, 0};
    struct answer want, have;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &want);
    const int before = descriptors();
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        for (long at = 1; at < 30; at++) {
            clean();
            calls = 0, fail_at = at, fail_with = errors[i];
            if (errors[i] == 0 && (at == 1 || at == 2)) continue; /* a status and a descriptor that were never told */
            AUTO_CLOSE int fd = open(program, O_RDONLY | O_CLOEXEC);
            memset(&have, 0, sizeof have);
            struct image_header header;
            const long result = errors[i] ? image_open(images, fd, &target, &header) : -1;
            fail_at = 0;
            if (result < 0) continue;
            const ssize_t size = pread((int)result, have.data, sizeof have.data, 0);
            CHECK(size == (ssize_t)want.header.size && !memcmp(want.data, have.data, sizeof want.data) && !memcmp(&header, want.data, sizeof header));
            close((int)result);
            CHECK(look().beside == 0 || errors[i] == -EIO || errors[i] == -EMFILE);
        }
    }
    CHECK(descriptors() == before);
    ask_for(program, &have);
    CHECK(!memcmp(want.data, have.data, sizeof want.data));
}

static void many_writers_at_once_make_one(void) {
    enum { WRITERS = 8, ROUNDS = 25 };
    struct answer want, have;
    clean();
    write_program(program, "b8 27000000 0f05 c3");
    settle();
    ask_for(program, &want);
    for (int round = 0; round < ROUNDS; round++) {
        int go[2];
        clean();
        CHECK(pipe(go) == 0);
        for (int i = 0; i < WRITERS; i++) {
            if (fork()) continue;
            char byte;
            close(go[1]);
            if (read(go[0], &byte, 1) != 0) _exit(1);
            ask_for(program, &have);
            _exit(memcmp(want.data, have.data, sizeof want.data) != 0);
        }
        close(go[0]);
        close(go[1]);
        for (int i = 0; i < WRITERS; i++) {
            int status;
            CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        CHECK(look().kept == 1 && look().beside == 0);
    }
}

/* ---- the directory */

static void date(const char *name, time_t when) { CHECK(utimensat(AT_FDCWD, name, (struct timespec[]){{when, 0}, {when, 0}}, 0) == 0); }

static void the_directory_is_its_owners_alone(void) {
    AUTO_FREE char *stage = must_format("%s/build/stage", top), *build = must_format("%s/build", top), *place = must_format("%s/build/images", top);
    CHECK(mkdir(build, 0755) == 0);
    AUTO_FREE char *first = images_directory(stage);
    struct stat status;
    CHECK_TEXT(first, place);
    CHECK(stat(place, &status) == 0 && (status.st_mode & 07777) == 0700);
    static const mode_t others[] = {0770, 0707, 0701, 0710, 0740, 0777};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(chmod(place, others[i]) == 0);
        CHECK(images_directory(stage) == NULL);
    }
    AUTO_FREE char *away = must_format("%s/elsewhere", top);
    CHECK(chmod(place, 0700) == 0 && rename(place, away) == 0 && symlink(away, place) == 0);
    CHECK(images_directory(stage) == NULL);
    CHECK(unlink(place) == 0);
    put_file(place, "", 0);
    CHECK(images_directory(stage) == NULL);
    if (geteuid() == 0) {
        CHECK(unlink(place) == 0 && mkdir(place, 0700) == 0 && chown(place, 12345, 12345) == 0);
        CHECK(images_directory(stage) == NULL);
    }
}

static void once_a_day_what_was_not_used_for_longest_goes(void) {
    enum { FILES = 12 };
    const off_t each = IMAGES_MOST / 10;
    AUTO_FREE char *stage = must_format("%s/swept/stage", top), *build = must_format("%s/swept", top), *stamp = must_format("%s/swept/images/.swept", top);
    CHECK(mkdir(build, 0755) == 0);
    AUTO_FREE char *place = images_directory(stage);
    const time_t now = time(NULL);
    char *paths[FILES];
    bool room = true;
    for (int i = 0; i < FILES; i++) {
        paths[i] = must_format("%s/%d-0", place, i);
        AUTO_CLOSE int fd = open(paths[i], O_WRONLY | O_CREAT, 0600);
        room = room && fd >= 0 && fallocate(fd, 0, 0, each) == 0;
        date(paths[i], now - OLD * (i + 1)); /* the last is the oldest */
    }
    AUTO_FREE char *left = must_format("%s/5-0~77", place), *writing = must_format("%s/5-0~78", place);
    put_file(left, "x", 1);
    date(left, now - HOUR - 10);
    put_file(writing, "x", 1);
    AUTO_FREE char *again = images_directory(stage);
    CHECK(access(left, F_OK) == 0); /* it was swept a moment ago */
    date(stamp, now - 25 * HOUR);
    AUTO_FREE char *swept = images_directory(stage);
    CHECK(access(left, F_OK) != 0 && access(writing, F_OK) == 0);
    for (int i = 0; i < FILES; i++) {
        if (room) CHECK((access(paths[i], F_OK) == 0) == (i < 7)); /* three quarters of what may be kept */
        unlink(paths[i]);
        free(paths[i]);
    }
    if (!room) printf("skip sweeping: no room for %d files of %lld bytes\n", FILES, (long long)each);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *place = getenv("TMPDIR");
    top = must_format("%s/lichen-cache-XXXXXX", place ? place : "/tmp");
    CHECK(mkdtemp(top));
    images = must_format("%s/images", top);
    program = must_format("%s/program", top);
    CHECK(mkdir(images, 0700) == 0);
    RUN(an_image_is_made_once_for_its_owner_alone);
    RUN(another_time_size_or_inode_is_another_image);
    RUN(what_has_just_been_written_and_changes_in_place_is_seen);
    RUN(what_is_no_program_has_no_image);
    RUN(where_nothing_can_be_kept_it_is_in_memory);
    RUN(every_beginning_of_an_image_is_none);
    RUN(a_kill_leaves_nothing_that_is_taken_for_an_image);
    RUN(a_failure_gives_the_image_or_an_error);
    RUN(many_writers_at_once_make_one);
    RUN(the_directory_is_its_owners_alone);
    RUN(once_a_day_what_was_not_used_for_longest_goes);
    AUTO_FREE char *remove = must_format("rm -rf '%s'", top);
    return system(remove) != 0;
}
