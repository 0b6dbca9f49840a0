/* lichen-trap's view of a container's files, and the block that it makes of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block.h"
#include "check.h"
#include "removal.h"

static char base[64];

/* A container directory with rootfs/ and run/, as the working directory. */
static void begin(void) {
    strcpy(base, "/tmp/lichen-test-XXXXXX");
    CHECK(mkdtemp(base) && chdir(base) == 0);
    CHECK(mkdir("rootfs", 0755) == 0 && mkdir("run", 0700) == 0 && mkdir("outside", 0755) == 0 && mkdir("rootfs/etc", 0755) == 0);
}

static void end(void) { CHECK(chdir("/") == 0 && remove_all(AT_FDCWD, base)); }

static void put(const char *path, const char *text) {
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write_all(fd, text, strlen(text)));
}

static bool holds(struct tree *tree, const char *path, const char *text) {
    struct bytes found = {0};
    return tree_read(tree, path, &found) && found.size == strlen(text) && !memcmp(found.data, text, found.size);
}

static void mountPoints_areMadeInside_alsoAtTheEndOfLinks(void) {
    struct plan plan = {.root = {.path = "rootfs"}};
    struct tree tree = {0};
    begin();
    CHECK(symlink("../run/made/resolv.conf", "rootfs/etc/resolv.conf") == 0 && symlink("/../../outside/file", "rootfs/etc/far") == 0 && symlink("loop", "rootfs/etc/loop") == 0);
    tree_build(&tree, &plan);
    CHECK(tree_make(&tree, "/a/b/c", true) && tree_make(&tree, "/a/b/c", true) && access("rootfs/a/b/c", F_OK) == 0);
    CHECK(tree_make(&tree, "/etc/resolv.conf", false) && access("rootfs/run/made/resolv.conf", F_OK) == 0);
    CHECK(tree_make(&tree, "/etc/far", false) && access("rootfs/outside/file", F_OK) == 0 && access("outside/file", F_OK) != 0);
    CHECK(!tree_make(&tree, "/etc/loop", true) && errno == ELOOP);
    CHECK(!tree_make(&tree, "/etc/resolv.conf/below", true) && errno == ENOTDIR);
    static struct union_place place;
    CHECK(union_mkdir(&tree.config, &place, AT_FDCWD, "/", 0755) == -EEXIST && union_unlink(&tree.config, &place, AT_FDCWD, "/", AT_REMOVEDIR) == -EBUSY);
    CHECK(tree_enter(&tree, "/a/b") && !tree_enter(&tree, "/etc/resolv.conf") && errno == ENOTDIR);
    end();
}

static void build_carriesOutTheSteps_andTheBlockTellsOfThem(void) {
    struct op ops[] = {{.kind = OP_MOUNT, .type = "proc", .target = "/proc"},
                       {.kind = OP_MOUNT, .type = "bind", .source = "outside", .target = "/mnt/out", .options = OPT_RO},
                       {.kind = OP_MOUNT, .type = "bind", .source = "nosuch", .target = "/mnt/none", .options = OPT_OPTIONAL},
                       {.kind = OP_MOUNT, .type = "bind", .source = "volumes/v", .target = "/etc", .options = OPT_COPY},
                       {.kind = OP_MOUNT, .type = "tmpfs", .target = "/tmp", .data = (char[]){"mode=0710"}},
                       {.kind = OP_FILE, .target = "/etc/hosts", .mode = 0644, .content = {"data", (const unsigned char *)"hosts", 5}}};
    static struct launch launch = {.stage = "/stage", .book = "/book", .table = "/table"};
    struct stat status;
    begin();
    put("outside/file", "outside");
    put("rootfs/etc/kept", "kept");
    launch.plan = (struct plan){.identity = IDENTITY_FULL, .root = {.path = "rootfs", .read_only = true}, .ops = ops, .op_count = 6, .guest = {.directory = "/new/dir"}};
    tree_build(&launch.tree, &launch.plan);
    CHECK(launch.tree.config.bind_count == 5 && launch.tree.binds[0].magic && launch.tree.binds[1].read_only && !launch.tree.config.writable);
    CHECK(holds(&launch.tree, "/mnt/out/file", "outside") && holds(&launch.tree, "/etc/kept", "kept") && holds(&launch.tree, "/etc/hosts", "hosts"));
    CHECK(access("volumes/v/hosts", F_OK) == 0 && access("rootfs/new/dir", F_OK) == 0);
    CHECK(stat("run/tmpfs/0", &status) == 0 && (status.st_mode & 07777) == 0710);
    block_write(&launch);
    CHECK(stat("run/engine", &status) == 0 && (status.st_mode & 07777) == 0600 && access("run/cache", F_OK) == 0);
    static struct launch entering;
    block_read(&entering, "run/engine");
    const struct union_config *tree = &entering.tree.config;
    char path[PATH_MAX];
    CHECK_TEXT(entering.stage, "/stage");
    CHECK_TEXT(entering.book, "/book");
    CHECK(realpath("run/engine", path));
    CHECK_TEXT(entering.block, path);
    CHECK_TEXT(tree->binds[1].guest, "/mnt/out");
    CHECK(strstr(tree->layers[0].host, "/rootfs") && tree->layers[0].size == strlen(tree->layers[0].host));
    CHECK(entering.plan.identity == IDENTITY_FULL && status.st_size % 4096 == 0);
    CHECK(holds(&entering.tree, "/etc/hosts", "hosts"));
    end();
}

/* The exit status of command_check in a child. */
static int check_status(struct tree *tree, const char *command) {
    int status;
    char *argv[] = {must_copy(command), NULL}, *environment[] = {(char[]){"PATH=/nowhere:/bin"}, NULL};
    const struct guest guest = {.argv = argv, .environment = environment};
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        command_check(tree, &guest, false);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status);
}

static void command_isFoundAsTheGuestWill(void) {
    struct plan plan = {.root = {.path = "rootfs"}};
    struct tree tree = {0};
    begin();
    CHECK(mkdir("rootfs/bin", 0755) == 0 && symlink("/bin/good", "rootfs/bin/link") == 0);
    put("rootfs/bin/sh", "#!/bin/sh\n"), put("rootfs/bin/good", "#! /bin/sh -e\n"), put("rootfs/bin/bad", "#!/bin/nosuch\n"), put("rootfs/bin/text", "text"), put("rootfs/bin/closed", "#!/bin/sh\n");
    for (const char *const *name = (const char *const[]){"sh", "good", "bad", "text", NULL}; *name; name++) {
        AUTO_FREE char *path = must_format("rootfs/bin/%s", *name);
        CHECK(chmod(path, 0755) == 0);
    }
    tree_build(&tree, &plan);
    CHECK(check_status(&tree, "good") == 0 && check_status(&tree, "/bin/link") == 0);
    CHECK(check_status(&tree, "bad") == 127 && check_status(&tree, "nosuch") == 127 && check_status(&tree, "/nosuch") == 127 && check_status(&tree, "/bin/good/x") == 127);
    CHECK(check_status(&tree, "text") == 126 && check_status(&tree, "closed") == 126 && check_status(&tree, "/bin") == 126);
    end();
}

int main(void) {
    RUN(mountPoints_areMadeInside_alsoAtTheEndOfLinks);
    RUN(build_carriesOutTheSteps_andTheBlockTellsOfThem);
    RUN(command_isFoundAsTheGuestWill);
    return 0;
}
