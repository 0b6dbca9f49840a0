#include "sealed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "places.h"

enum { SEALS = 0x0f /* seal, shrink, grow, write */, ADD_SEALS = 1033, GET_SEALS = 1034, CLOSE_AND_SEAL = 3, EXECUTABLE = 0x10 };

static bool copy(int from, int to, off_t size) {
    while (size > 0) {
        ssize_t done = sendfile(to, from, NULL, (size_t)size);
        if (done <= 0) return false;
        size -= done;
    }
    return true;
}

static int make(int program, off_t size) {
    int memory = (int)syscall(SYS_memfd_create, "lichen", CLOSE_AND_SEAL | EXECUTABLE);
    if (memory < 0) memory = (int)syscall(SYS_memfd_create, "lichen", CLOSE_AND_SEAL); /* before 6.3 all are executable */
    if (memory < 0) return -1;
    AUTO_CLOSE int writable = memory;
    if (!copy(program, memory, size) || fcntl(memory, ADD_SEALS, SEALS) != 0) return -1;
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", memory);
    return open(self, O_RDONLY | O_CLOEXEC);
}

/* Whoever made the link may have ended, and its pid and descriptor may be something else now: only a sealed file of the right size is taken. */
static int take(const char *link, off_t size) {
    char target[PATH_MAX];
    struct stat status;
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = 0;
    int fd = strncmp(target, "/proc/", 6) ? -1 : open(target, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || (fcntl(fd, GET_SEALS) == SEALS && fstat(fd, &status) == 0 && status.st_size == size)) return fd;
    close(fd);
    return -1;
}

/* Links of shims that have ended. */
static void sweep(const char *group) {
    DIR *all = opendir(group);
    struct stat status;
    if (!all) return;
    for (struct dirent *entry; (entry = readdir(all));)
        if (entry->d_name[0] != '.' && fstatat(dirfd(all), entry->d_name, &status, 0) != 0) unlinkat(dirfd(all), entry->d_name, 0);
    closedir(all);
}

static void offer(const char *link, int fd) {
    AUTO_FREE char *target = must_format("/proc/%d/fd/%d", (int)getpid(), fd);
    AUTO_FREE char *beside = must_format("%s.new-%d", link, (int)getpid());
    unlink(beside);
    if (symlink(target, beside) == 0 && rename(beside, link) != 0) unlink(beside);
}

int sealed_open(const char *program, const char *run) {
    struct stat status;
    AUTO_CLOSE int from = open(program, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &status) != 0) return -1;
    if (!run) return make(from, status.st_size);
    AUTO_FREE char *group = must_format("%s/x", run);
    AUTO_FREE char *link = must_format("%s/%llx-%llx-%llx.%09lx", group, (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
                                       (unsigned long long)status.st_ctim.tv_sec, (unsigned long)status.st_ctim.tv_nsec);
    int fd = take(link, status.st_size);
    if (fd >= 0) return fd;
    fd = make(from, status.st_size);
    if (fd < 0) return -1;
    make_private(group);
    sweep(group);
    offer(link, fd);
    return fd;
}
