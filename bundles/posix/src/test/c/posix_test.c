#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "frames.h"
#include "launchplan.h"
#include "places.h"
#include "process.h"
#include "removal.h"
#include "report.h"
#include "sealed.h"
#include "terminal.h"

static char *temporary(void) {
    static char path[64];
    strcpy(path, "/tmp/lichen-test-XXXXXX");
    CHECK(mkdtemp(path));
    return path;
}

/* The exit status of what a child does. */
static int status_of(void (*action)(const struct bytes *), const struct bytes *argument) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDERR_FILENO);
        action(argument);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void records_roundTrip(void) {
    struct bytes out = {0};
    record_add_text(&out, "argv", "a b");
    record_add_text(&out, "xnot", "remark");
    size_t list = record_begin(&out, "root");
    record_add_number(&out, "numb", 0x0123456789abcdefULL);
    record_end(&out, list);
    struct records all = {out.data, out.size};
    struct record record;
    CHECK(record_next(&all, &record) == 1 && record_is(&record, "argv"));
    AUTO_FREE char *text = record_text(&record);
    CHECK_TEXT(text, "a b");
    CHECK(record_next(&all, &record) == 1 && record_is(&record, "root"));
    struct records inner = record_list(&record);
    CHECK(record_next(&inner, &record) == 1 && record_number(&record) == 0x0123456789abcdefULL);
    CHECK(record_next(&inner, &record) == 0 && record_next(&all, &record) == 0);
    bytes_clear(&out);
}

static void records_cutAnywhere_areRefused(void) {
    struct bytes out = {0};
    record_add_text(&out, "argv", "word");
    for (size_t size = 1; size < out.size; size++) {
        unsigned char *exact = must_alloc(size);
        memcpy(exact, out.data, size);
        struct records cut = {exact, size};
        struct record record;
        CHECK(record_next(&cut, &record) == -1);
        free(exact);
    }
    bytes_clear(&out);
}

static void read_plan(const struct bytes *bytes) {
    static struct launch_plan plan;
    launch_plan_read(&plan, bytes);
}

static void add_step(struct bytes *out, const char *tag) {
    size_t step = record_begin(out, tag);
    record_add_text(out, "prog", "/bin/x");
    record_add_text(out, "argv", "x");
    record_add_text(out, "argv", "${init.pid}");
    record_end(out, step);
}

static struct bytes good_plan(void) {
    struct bytes out = {0};
    unsigned char head[12] = "LICHPLAN";
    put_u32(head + 8, PLAN_FORMAT);
    bytes_add(&out, head, sizeof head);
    record_add_text(&out, "home", "/h");
    record_add(&out, "meta", "{}", 2);
    add_step(&out, "step");
    add_step(&out, "entr");
    return out;
}

static void plan_goodOne_isRead_andEveryCut_isRefused(void) {
    struct bytes out = good_plan();
    CHECK(status_of(read_plan, &out) == 0);
    for (size_t size = 0; size < out.size; size++) {
        struct bytes cut = {out.data, size, size};
        int status = status_of(read_plan, &cut);
        CHECK(status == STATUS_LICHEN || (status == 0 && size > 12)); /* between two records a shorter plan may be whole */
    }
    bytes_clear(&out);
}

static void plan_unknownRecord_isRefused(void) {
    struct bytes out = good_plan();
    record_add_text(&out, "newx", "");
    CHECK(status_of(read_plan, &out) == STATUS_LICHEN);
    bytes_clear(&out);
    out = good_plan();
    out.data[11] = 2;
    CHECK(status_of(read_plan, &out) == STATUS_LICHEN);
    bytes_clear(&out);
}

static void plan_wordsInPlaceOfAnId_areRefused(void) {
    static const char *const IDS[] = {"../../x", "ABC", "", "0123"};
    for (size_t i = 0; i < sizeof IDS / sizeof *IDS; i++) {
        struct bytes out = good_plan();
        size_t orders = record_begin(&out, "shim");
        record_add_text(&out, "id..", IDS[i]);
        record_end(&out, orders);
        CHECK(status_of(read_plan, &out) == STATUS_LICHEN);
        bytes_clear(&out);
    }
}

static void step_published_namesThePid(void) {
    struct bytes list = {0}, out = {0};
    add_step(&list, "entr");
    struct step step = {.whole = {.data = list.data + 8, .size = list.size - 8}};
    step_publish(&out, &step, 77, -1);
    struct step read = {0};
    struct records records = {out.data, out.size};
    step_read(&read, &records);
    CHECK_TEXT(read.argv[1], "77");
    CHECK_TEXT(read.program, "/bin/x");
    bytes_clear(&list);
    bytes_clear(&out);
}

static void substitute_replacesEach(void) {
    AUTO_FREE char *text = substitute("a${id}b${id}", "id", "X");
    CHECK_TEXT(text, "aXbX");
}

static void frames_inPieces_areTakenWhole(void) {
    struct bytes out = {0}, in = {0};
    struct frame frame;
    size_t taken = 0;
    frame_add(&out, 'o', "hello", 5);
    frame_add_number(&out, 'x', 7);
    for (size_t i = 0; i < 9; i++) {
        bytes_add(&in, out.data + i, 1);
        CHECK(frame_take(&in, &taken, &frame, FRAME_MOST) == 0);
    }
    bytes_add(&in, out.data + 9, out.size - 9);
    CHECK(frame_take(&in, &taken, &frame, FRAME_MOST) == 1 && frame.type == 'o' && frame.size == 5);
    CHECK(frame_take(&in, &taken, &frame, FRAME_MOST) == 1 && frame.type == 'x' && get_u32(frame.data) == 7);
    CHECK(frame_take(&in, &taken, &frame, FRAME_MOST) == 0);
    bytes_clear(&in);
    taken = 0;
    bytes_add(&in, "o\xff\xff\xff\xff", 5);
    CHECK(frame_take(&in, &taken, &frame, FRAME_MOST) == -1);
    bytes_clear(&in);
    bytes_clear(&out);
}

static void report_carriesADescriptor(void) {
    int ends[2];
    struct report report;
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK(report_send(ends[0], "cons", "x", 1, ends[0]));
    CHECK(report_receive(ends[1], &report, 0) == 1 && !strcmp(report.tag, "cons") && report.fd >= 0 && fcntl(report.fd, F_GETFD) == FD_CLOEXEC);
    close(report.fd);
    const char *message;
    CHECK(report_failure(ends[0], 127, "no such thing"));
    CHECK(report_receive(ends[1], &report, 0) == 1 && report_status(&report, &message) == 127);
    CHECK_TEXT(message, "no such thing");
    close(ends[0]);
    CHECK(report_receive(ends[1], &report, 0) == 0);
    close(ends[1]);
}

static char *filtered(struct keys *keys, const char *typed, bool *left) {
    struct bytes passed = {0};
    *left = keys_filter(keys, (const unsigned char *)typed, strlen(typed), &passed);
    bytes_add(&passed, "", 1);
    return (char *)passed.data;
}

static void keys_sequence_isHeldBackUntilItIsNone(void) {
    struct keys keys;
    bool left;
    CHECK(keys_parse(&keys, "ctrl-p,ctrl-q") && keys.count == 2 && keys.sequence[0] == 16);
    AUTO_FREE char *a = filtered(&keys, "ab\x10", &left);
    CHECK_TEXT(a, "ab");
    AUTO_FREE char *b = filtered(&keys, "\x10", &left); /* the first ctrl-p was only that */
    CHECK_TEXT(b, "\x10");
    AUTO_FREE char *c = filtered(&keys, "x", &left);
    CHECK_TEXT(c, "\x10x");
    AUTO_FREE char *d = filtered(&keys, "y\x10\x11z", &left);
    CHECK(left);
    CHECK_TEXT(d, "y");
    CHECK(keys_parse(&keys, "a,a,b"));
    AUTO_FREE char *e = filtered(&keys, "aaab", &left);
    CHECK(left);
    CHECK_TEXT(e, "a");
    CHECK(keys_parse(&keys, "") && keys.count == 0);
    CHECK(!keys_parse(&keys, "ctrl-") && !keys_parse(&keys, "a,") && !keys_parse(&keys, "ctrl-pp") && !keys_parse(&keys, "alt-x"));
}

/* t/
 *   closed/ (000)   inner, link -> ../../outside
 *   deep/deep/…     (500 levels) */
static void removal_ofClosedAndDeepDirectories_leavesNothing_andFollowsNoLink(void) {
    char *base = temporary();
    int at = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(mkdirat(at, "outside", 0700) == 0 && mkdirat(at, "outside/kept", 0700) == 0);
    CHECK(mkdirat(at, "t", 0700) == 0 && mkdirat(at, "t/closed", 0700) == 0 && mkdirat(at, "t/closed/inner", 0700) == 0);
    CHECK(symlinkat("../../outside", at, "t/closed/link") == 0 && symlinkat("../outside", at, "t/link") == 0);
    CHECK(fchmodat(at, "t/closed/inner", 0, 0) == 0 && fchmodat(at, "t/closed", 0, 0) == 0);
    int down = openat(at, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 500; i++) {
        CHECK(mkdirat(down, "deep", 0700) == 0);
        int next = openat(down, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(down);
        down = next;
    }
    close(down);
    CHECK(remove_all(at, "t"));
    CHECK(faccessat(at, "t", F_OK, 0) != 0 && faccessat(at, "outside/kept", F_OK, 0) == 0);
    CHECK(remove_all(at, "t")); /* nothing there is nothing to do */
    close(at);
    CHECK(remove_all(AT_FDCWD, base));
}

static void locks_areBetweenOpenFiles(void) {
    char *base = temporary();
    AUTO_FREE char *path = must_format("%s/lock", base);
    int a = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), b = open(path, O_RDWR | O_CLOEXEC);
    CHECK(lock_try(a) && !lock_try(b) && errno == EAGAIN);
    close(open(path, O_RDONLY | O_CLOEXEC)); /* would lose a lock of the process */
    CHECK(!lock_try(b));
    close(a);
    CHECK(lock_try(b));
    close(b);
    remove_all(AT_FDCWD, base);
}

static void places_home_comesFromTheFirstThatSays(void) {
    unsetenv("LICHEN_HOME");
    unsetenv("XDG_DATA_HOME");
    setenv("HOME", "/u", 1);
    AUTO_FREE char *a = home_directory(NULL);
    CHECK_TEXT(a, "/u/.local/share/lichen");
    setenv("XDG_DATA_HOME", "relative", 1);
    AUTO_FREE char *b = home_directory(NULL);
    CHECK_TEXT(b, "/u/.local/share/lichen");
    setenv("XDG_DATA_HOME", "/d", 1);
    AUTO_FREE char *c = home_directory(NULL);
    CHECK_TEXT(c, "/d/lichen");
    setenv("LICHEN_HOME", "/l", 1);
    AUTO_FREE char *d = home_directory(NULL);
    CHECK_TEXT(d, "/l");
    AUTO_FREE char *e = home_directory("/flag");
    CHECK_TEXT(e, "/flag");
}

static void process_ownFacts(void) {
    CHECK(process_begun(getpid()) > 0 && process_stack(getpid()) > 0 && process_begun(0x3ffffff) == 0);
    signal(SIGUSR1, SIG_IGN);
    CHECK(process_mask(getpid(), "SigIgn") >> (SIGUSR1 - 1) & 1);
    CHECK(!process_is_first(getpid()));
}

static void sealed_copy_isSharedAndCannotBeWritten(void) {
    char *base = temporary();
    int a = sealed_open("/proc/self/exe", base), b = sealed_open("/proc/self/exe", base);
    if (a < 0) {
        puts("skip sealed_copy: no memfd");
        return;
    }
    struct stat first, second;
    CHECK(fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino && first.st_size > 0);
    AUTO_FREE char *path = must_format("/proc/self/fd/%d", a);
    int writable = open(path, O_RDWR | O_CLOEXEC);
    CHECK(writable < 0 || (write(writable, "x", 1) < 0 && errno == EPERM));
    if (writable >= 0) close(writable);
    close(a);
    close(b);
    remove_all(AT_FDCWD, base);
}

static void numbers_withAnythingElse_areNone(void) {
    uint64_t value;
    CHECK(parse_number("18446744073709551615", 10, &value) && value == UINT64_MAX);
    CHECK(parse_number("755", 8, &value) && value == 0755);
    CHECK(!parse_number("18446744073709551616", 10, &value) && !parse_number("", 10, &value) && !parse_number("-1", 10, &value) && !parse_number("8", 8, &value) &&
          !parse_number("1 ", 10, &value));
}

int main(void) {
    RUN(records_roundTrip);
    RUN(records_cutAnywhere_areRefused);
    RUN(plan_goodOne_isRead_andEveryCut_isRefused);
    RUN(plan_unknownRecord_isRefused);
    RUN(plan_wordsInPlaceOfAnId_areRefused);
    RUN(step_published_namesThePid);
    RUN(substitute_replacesEach);
    RUN(frames_inPieces_areTakenWhole);
    RUN(report_carriesADescriptor);
    RUN(keys_sequence_isHeldBackUntilItIsNone);
    RUN(removal_ofClosedAndDeepDirectories_leavesNothing_andFollowsNoLink);
    RUN(locks_areBetweenOpenFiles);
    RUN(places_home_comesFromTheFirstThatSays);
    RUN(process_ownFacts);
    RUN(sealed_copy_isSharedAndCannotBeWritten);
    RUN(numbers_withAnythingElse_areNone);
}
