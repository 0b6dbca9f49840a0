#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "container.h"
#include "log.h"
#include "names.h"
#include "removal.h"
#include "require.h"

static char home[64];

static void begin(void) {
    strcpy(home, "/tmp/lichen-test-XXXXXX");
    CHECK(mkdtemp(home));
    AUTO_FREE char *containers = must_format("%s/containers", home);
    CHECK(mkdir(containers, 0700) == 0);
}

static void end(void) { CHECK(remove_all(AT_FDCWD, home)); }

static void version_comparesNumbers(void) {
    CHECK(version_reaches("6.1.0-13-amd64", "5.11") && version_reaches("5.11", "5.11") && version_reaches("5.11.3", "5.11") && version_reaches("5.10.0", "5.4"));
    CHECK(!version_reaches("5.4.0-150", "5.11") && !version_reaches("3.10.0-1160.el7", "4") && !version_reaches("5", "5.1"));
}

static void make_container(const char *id) {
    AUTO_FREE char *path = must_format("%s/containers/%s", home, id);
    CHECK(mkdir(path, 0700) == 0);
}

static void name_isClaimedOnce_andFreeAfterItsContainer(void) {
    begin();
    make_container("a");
    make_container("b");
    CHECK(name_claim(home, "web", "a") && !name_claim(home, "web", "b"));
    name_release(home, "web", "b"); /* not b's to give */
    CHECK(!name_claim(home, "web", "b"));
    name_release(home, "web", "a");
    CHECK(name_claim(home, "web", "b"));
    AUTO_FREE char *gone = must_format("%s/containers/b", home);
    CHECK(rmdir(gone) == 0);
    CHECK(name_claim(home, "web", "a") && !name_claim(home, "web", "b")); /* a dead claim is replaced */
    end();
}

static void name_deadClaim_isReplacedByOneOfMany(void) {
    begin();
    CHECK(name_claim(home, "web", "dead"));
    enum { MANY = 16 };
    int winners = 0;
    fflush(stdout);
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *id = must_format("c%d", i);
        make_container(id);
        if (fork() == 0) _exit(name_claim(home, "web", id) ? 1 : 0);
    }
    for (int status; wait(&status) > 0;) winners += WEXITSTATUS(status);
    CHECK(winners == 1);
    end();
}

/* The bytes that the records of a log say. */
static struct bytes content_of(const struct bytes *log) {
    struct bytes out = {0};
    for (size_t at = 0; at < log->size;) {
        const unsigned char *line = log->data + at, *stop = memchr(line, '\n', log->size - at);
        CHECK(stop);
        char stream[8], kind;
        int head = 0;
        CHECK(sscanf((const char *)line, "%*s %7s %c%n", stream, &kind, &head) == 2 && !strcmp(stream, "stdout") && line[head] == ' ');
        bytes_add(&out, line + head + 1, (size_t)(stop - line) - (size_t)head - 1);
        if (kind == 'F') bytes_text(&out, "\n");
        at = (size_t)(stop - log->data) + 1;
    }
    return out;
}

static void log_ofAnyBytes_saysThemAgain(void) {
    begin();
    int directory = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct log log;
    struct bytes written = {0}, read = {0};
    log_open(&log, directory);
    unsigned seed = 1;
    for (int i = 0; i < 60; i++) {
        static unsigned char piece[65536];
        size_t size = (i % 7 == 0) ? sizeof piece : (size_t)i * 311 + 1;
        for (size_t n = 0; n < size; n++) {
            seed = seed * 1103515245 + 12345;
            piece[n] = (unsigned char)(seed >> 16);
            if (i % 3 == 0 && piece[n] == '\n') piece[n] = 'x'; /* long lines too */
        }
        log_write(&log, "stdout", piece, size);
        bytes_add(&written, piece, size);
    }
    CHECK(!log.error && read_file(directory, "log", &read));
    struct bytes content = content_of(&read);
    CHECK(content.size == written.size && !memcmp(content.data, written.data, content.size));
    bytes_clear(&content);
    bytes_clear(&written);
    bytes_clear(&read);
    close(log.fd);
    close(directory);
    end();
}

static void time_isRfc3339(void) {
    char text[TIME_ROOM];
    struct timespec when = {.tv_sec = 1700000000, .tv_nsec = 5};
    time_text(text, &when);
    CHECK_TEXT(text, "2023-11-14T22:13:20.000000005Z");
}

int main(void) {
    RUN(version_comparesNumbers);
    RUN(name_isClaimedOnce_andFreeAfterItsContainer);
    RUN(name_deadClaim_isReplacedByOneOfMany);
    RUN(log_ofAnyBytes_saysThemAgain);
    RUN(time_isRfc3339);
}
