/* Processes are known by their marks; /proc/PID/status is told as the kernel tells it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "book.h"
#include "status.h"
#include "world.h"

static struct root_credentials c, back;
static char text[ROOT_TEXT];

static bool same(void) { return !memcmp(&c.user, &back.user, sizeof c.user) && c.group_count == back.group_count && c.effective == back.effective && !memcmp(c.groups, back.groups, c.group_count * 4ul); }

static void add_equalSets_haveOneNumber(void) {
    long numbers[50];
    for (uint32_t i = 0; i < 50; i++) {
        root_first(&c, i, i, (uint32_t[]){i, 7}, 2, ROOT_ALL_CAPABILITIES);
        numbers[i] = root_book_add("book", &c, text);
        CHECK(numbers[i] >= 0 && root_book_add("book", &c, text) == numbers[i]);
        for (uint32_t j = 0; j < i; j++) CHECK(numbers[i] != numbers[j]);
    }
    for (uint32_t i = 0; i < 50; i++) {
        root_first(&c, i, i, (uint32_t[]){i, 7}, 2, ROOT_ALL_CAPABILITIES);
        CHECK(root_book_get("book", numbers[i], &back, text) == 0 && same());
    }
    uint32_t groups[ROOT_GROUPS];
    for (uint32_t i = 0; i < ROOT_GROUPS; i++) groups[i] = 0xfffffff0 - i;
    root_first(&c, 1, 1, groups, ROOT_GROUPS, 0);
    CHECK(root_book_get("book", root_book_add("book", &c, text), &back, text) == 0 && same());
    CHECK(root_book_get("book", -1, &back, text) == -EINVAL && root_book_get("book", ROOT_BOOK_SLOTS, &back, text) == -EINVAL && root_book_get("none", 0, &back, text) == -ENOENT);
}

static void add_fullBook_isRefused(void) {
    for (uint32_t i = 0; i < ROOT_BOOK_SLOTS; i++) {
        root_first(&c, i, 1, NULL, 0, 0);
        CHECK(root_book_add("full", &c, text) >= 0);
    }
    root_first(&c, ROOT_BOOK_SLOTS, 1, NULL, 0, 0);
    CHECK(root_book_add("full", &c, text) == -EAGAIN);
    root_first(&c, 77, 1, NULL, 0, 0);
    CHECK(root_book_get("full", root_book_add("full", &c, text), &back, text) == 0 && same() && unlink("full") == 0);
}

static void get_damagedBook_isRefused(void) {
    root_first(&c, 5, 5, NULL, 0, 0);
    long number = root_book_add("book", &c, text);
    int fd = open("book", O_RDWR);
    for (int at = 0; at < 40; at++) {
        CHECK(pwrite(fd, "\377", 1, number * ROOT_BOOK_SLOT + at) == 1 && root_book_get("book", number, &back, text) == -EINVAL);
        long other = root_book_add("book", &c, text);
        CHECK(other != number && root_book_get("book", other, &back, text) == 0 && same());
    }
    CHECK(close(fd) == 0);
}

static int killed_at(long calls) {
    pid_t child = fork();
    int status;
    if (child == 0) {
        world_calls = calls;
        _exit(root_book_add("book", &c, text) < 0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void add_killedAnywhere_addsOrNot(void) {
    for (long calls = 0, status = 1; status != 0; calls++) {
        root_first(&c, 100000 + (uint32_t)calls, 5, NULL, 0, 0);
        status = killed_at(calls);
        CHECK(root_book_get("book", root_book_add("book", &c, text), &back, text) == 0 && same());
    }
}

/* A fork, a vfork child that becomes somebody else, and an execve. */
static void mark_isInheritedAndBelongsToTheProcess(void) {
    root_first(&c, 33, 33, NULL, 0, 0);
    long number = root_book_add("book", &c, text), other = number ? 0 : 1;
    int status, channel[2];
    CHECK(root_book_marked(0) == -ESRCH);
    if (root_book_mark(0, number) != 0) {
        world_skip(__func__, false, "RLIMIT_LOCKS is limited here");
        return;
    }
    CHECK(root_book_marked(0) == number && root_book_marked(getpid()) == number && pipe(channel) == 0);
    pid_t child = fork();
    if (child == 0) execl("/bin/sleep", "sleep", "100", NULL), _exit(1);
    usleep(20000);
    CHECK(root_book_who("book", child, &back, text) == 0 && same() && kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    child = vfork();
    if (child == 0) _exit(root_book_mark(0, other) == 0 && root_book_marked(0) == other ? 0 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0 && root_book_marked(0) == number);
    CHECK(root_book_who("book", child, &back, text) == -ESRCH);
}

static size_t read_status(char *into, size_t room) {
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t size = read(fd, into, room);
    CHECK(size > 0 && close(fd) == 0);
    return (size_t)size;
}

static char in[8192], out[8192 + ROOT_STATUS_MORE];

static void status_ids_areTold(void) {
    static const char STATUS[] = "Name:\tx\nUmask:\t0022\nUid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nGroups:\t\nCapInh:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";
    root_first(&c, 33, 34, (uint32_t[]){50, 4, 4294967294u}, 3, 0x1ff);
    c.user.saved = 0;
    c.ambient = 1ull << 40;
    out[root_show_status(&c, STATUS, sizeof STATUS - 1, out, sizeof out)] = 0;
    CHECK_TEXT(out, "Name:\tx\nUmask:\t0022\nUid:\t33\t33\t0\t33\nGid:\t34\t34\t34\t34\nGroups:\t4 50 4294967294 \nCapInh:\t0000000000000000\nCapAmb:\t0000010000000000\nNoNewPrivs:\t0\n"
                    "Seccomp:\t2\n");
}

/* With what the kernel says of this process itself, nothing changes. */
static void status_ownState_isTheSameText(void) {
    size_t size = read_status(in, sizeof in);
    in[size] = 0;
    memset(&c, 0, sizeof c);
    CHECK(sscanf(strstr(in, "\nUid:"), " Uid: %u %u %u %u", &c.user.real, &c.user.effective, &c.user.saved, &c.user.file) == 4);
    CHECK(sscanf(strstr(in, "\nGid:"), " Gid: %u %u %u %u", &c.group.real, &c.group.effective, &c.group.saved, &c.group.file) == 4);
    static const char *const NAMES[] = {"\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapBnd:", "\nCapAmb:"};
    uint64_t *const sets[] = {&c.inheritable, &c.permitted, &c.effective, &c.bounding, &c.ambient};
    for (int i = 0; i < 5; i++) *sets[i] = strtoull(strstr(in, NAMES[i]) + 8, NULL, 16);
    c.no_new_privs = (uint32_t)strtoul(strstr(in, "\nNoNewPrivs:") + 13, NULL, 10);
    c.group_count = (uint32_t)getgroups(ROOT_GROUPS, c.groups);
    CHECK(root_show_status(&c, in, size, out, sizeof out) == (long)size && !memcmp(in, out, size));
    CHECK(root_show_status(&c, in, size, out, size - 1) == -ENOSPC && root_show_status(&c, in, size, out, size) == (long)size);
    for (size_t cut = 0; cut < size; cut++) CHECK(root_show_status(&c, in, cut, out, sizeof out) >= (long)cut);
    for (size_t at = 0; at < size; at++) in[at] = ":\t\nUid"[at * 7 % 6]; /* nonsense is copied */
    CHECK(root_show_status(&c, in, size, out, sizeof out) > 0);
}

int main(void) {
    world_make();
    world_drop();
    RUN(add_equalSets_haveOneNumber);
    RUN(add_fullBook_isRefused);
    RUN(get_damagedBook_isRefused);
    RUN(add_killedAnywhere_addsOrNot);
    RUN(status_ids_areTold);
    RUN(status_ownState_isTheSameText);
    RUN(mark_isInheritedAndBelongsToTheProcess);
}
