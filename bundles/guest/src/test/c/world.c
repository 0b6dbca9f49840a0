#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"

_Thread_local long world_calls = -1;
_Thread_local int world_fail;
static char directory[] = "/tmp/lichen-root-XXXXXX";
static pid_t maker;

long sys_call(long number, long a, long b, long c, long d, long e, long f) {
    if (world_calls >= 0 && world_calls-- == 0) {
        if (world_fail) return -world_fail;
        kill(getpid(), SIGKILL);
    }
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw) {
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static void clean(void) {
    if (getpid() != maker) return;
    CHECK(chdir("/") == 0);
    nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void world_make(void) {
    CHECK(mkdtemp(directory) && chdir(directory) == 0);
    if (geteuid() == 0) CHECK(chown(".", WORLD_USER, WORLD_USER) == 0 && chmod(".", 0755) == 0);
    maker = getpid();
    atexit(clean);
    setvbuf(stdout, NULL, _IOLBF, 0); /* children that exit must not repeat what was said */
    umask(0);
}

void world_drop(void) {
    if (geteuid() != 0) return;
    CHECK(setgroups(0, NULL) == 0 && setresgid(WORLD_USER, WORLD_USER, WORLD_USER) == 0 && setresuid(WORLD_USER, WORLD_USER, WORLD_USER) == 0);
}

void world_skip(const char *test, bool could, const char *why) {
    printf("skip %s: %s\n", test, why);
    if (could && getenv("LICHEN_MUST_WORK")) exit(1);
}

bool world_protects_hardlinks(void) {
    char sysctl = '0';
    int fd = open("/proc/sys/fs/protected_hardlinks", O_RDONLY);
    if (fd >= 0) CHECK(read(fd, &sysctl, 1) == 1 && close(fd) == 0);
    return sysctl != '0';
}

uint64_t world_number(const char *variable, uint64_t normally) {
    const char *text = getenv(variable);
    return text && *text ? strtoull(text, NULL, 0) : normally;
}

uint32_t world_random(uint64_t *state, uint32_t below) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717u) >> 33) % below;
}

struct root_place world_place(bool attributes, const struct root_table *table) {
    return (struct root_place){.host_uid = geteuid(), .attributes = attributes, .table = table};
}

struct root_host world_host(const char *name) {
    struct root_host host;
    struct root_file file = {AT_FDCWD, name};
    CHECK(root_host(&file, &host) == 0);
    return host;
}
