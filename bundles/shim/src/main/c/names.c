#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "places.h"

static int open_names(const char *home) {
    AUTO_FREE char *path = must_format("%s/names", home);
    mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die(STATUS_LICHEN, "cannot open the container names (%s): %s", path, strerror(errno));
    return fd;
}

static bool claim(int names, const char *name, const char *target) {
    if (symlinkat(target, names, name) == 0) return true;
    if (errno == EEXIST) return false;
    die(STATUS_LICHEN, "cannot claim the container name %s: %s", name, strerror(errno));
}

/* Only who holds `.lock` unlinks a dead claim, and looks again before: so nobody unlinks a claim that another has just made in its place. */
static bool replace_dead(int names, const char *name, const char *target) {
    struct stat status;
    AUTO_CLOSE int lock = openat(names, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || !lock_wait(lock) || fstatat(names, name, &status, 0) == 0 || errno != ENOENT) return false;
    unlinkat(names, name, 0);
    return claim(names, name, target);
}

bool name_claim(const char *home, const char *name, const char *id) {
    AUTO_CLOSE int names = open_names(home);
    AUTO_FREE char *target = must_format("../containers/%s", id);
    return claim(names, name, target) || replace_dead(names, name, target);
}

void name_release(const char *home, const char *name, const char *id) {
    AUTO_CLOSE int names = open_names(home);
    AUTO_FREE char *target = must_format("../containers/%s", id);
    char present[PATH_MAX];
    ssize_t size = readlinkat(names, name, present, sizeof present - 1);
    if (size < 0) return;
    present[size] = 0;
    if (!strcmp(present, target)) unlinkat(names, name, 0);
}
