/* `probe`: a container of one file and one program, this one, which reads it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block.h"
#include "directory.h"
#include "removal.h"

static const char CONTENT[] = "trapped";

static void put(const char *directory, const char *name) {
    AUTO_FREE char *path = must_format("%s/tree/%s", directory, name);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, CONTENT, sizeof CONTENT)) die(STATUS_LICHEN, "cannot write to %s: %s", directory, strerror(errno));
}

/* In a child whose stderr is read by us. */
static _Noreturn void try(char *directory, enum rewriting rewriting, const char *stage) {
    enum { SECONDS = 10 };
    static struct launch launch;
    char program[PATH_MAX], place[PATH_MAX];
    char *const argv[] = {(char[]){"/program"}, (char[]){"probed"}, NULL};
    if (!realpath("/proc/self/exe", program) || !realpath(stage, place) || chdir(directory) != 0 || mkdir("tree", 0700) != 0)
        die(STATUS_LICHEN, "cannot use %s: %s", directory, strerror(errno));
    put(directory, "file");
    put(directory, "program");
    struct union_bind bind = {.guest = "/program", .guest_size = strlen("/program"), .host = program, .host_size = strlen(program)};
    AUTO_FREE char *root = must_format("%s/tree", directory);
    launch.stage = place;
    if (rewriting != REWRITING_OFF) launch.images = images_directory(place);
    struct union_layer layer = {.host = root, .size = strlen(root), .encoding = UNION_PLAIN};
    launch.tree = (struct tree){.layers = &layer, .binds = &bind, .bind_count = 1, .run = directory};
    launch.tree.config = (struct union_config){.layers = &layer, .layer_count = 1, .writable = true, .binds = &bind, .bind_count = &launch.tree.bind_count};
    block_write(&launch);
    if (chdir(root) != 0) die(STATUS_LICHEN, "cannot use %s: %s", root, strerror(errno));
    char *const environment[] = {must_format("%s%s%cf%c%c%c", ENGINE_STATE, launch.block, ENGINE_SEPARATOR, ENGINE_SEPARATOR, ENGINE_SEPARATOR, ENGINE_SEPARATOR), NULL};
    alarm(SECONDS);
    execve(place, argv, environment);
    die(STATUS_LICHEN, "cannot execute %s: %s", place, strerror(errno));
}

int probed(void) {
    char text[sizeof CONTENT];
    AUTO_CLOSE int fd = open("/file", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read_some(fd, text, sizeof text) == sizeof text && !memcmp(text, CONTENT, sizeof text) ? 0 : 1;
}

int probe(const char *fact, enum rewriting rewriting, const char *stage) {
    const char *temporary = getenv("TMPDIR");
    char reason[512] = {0}, real[PATH_MAX];
    AUTO_FREE char *directory = must_format("%s/lichen-probe-XXXXXX", temporary && *temporary == '/' ? temporary : "/tmp");
    int ends[2], status = 1;
    if (!mkdtemp(directory) || !realpath(directory, real) || pipe2(ends, O_CLOEXEC) != 0) {
        printf("%s=no: cannot make a directory for a trial (%s): %s\n", fact, directory, strerror(errno));
        return 0;
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        try(real, rewriting, stage);
    }
    close(ends[1]);
    ssize_t size = read_some(ends[0], reason, sizeof reason - 1);
    close(ends[0]);
    const bool good = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    reason[size > 0 ? strcspn(reason, "\n") : 0] = 0;
    remove_all(AT_FDCWD, real);
    const char *text = strncmp(reason, "lichen: ", 8) ? reason : reason + 8;
    if (good) printf("%s=yes\n", fact);
    else if (*text) printf("%s=no: %s\n", fact, text);
    else if (WIFSIGNALED(status)) printf("%s=no: a trial ended with signal %d\n", fact, WTERMSIG(status));
    else printf("%s=no: a trial ended with status %d\n", fact, WEXITSTATUS(status));
    return 0;
}
