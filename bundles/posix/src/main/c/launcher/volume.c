/* A volume that begins with the image's content: `copy` of a bind. */
#include "volume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"

static _Noreturn void copy_failed(const char *name) { die(STATUS_LICHEN, "cannot fill a volume with the image's content (%s): %s", name, strerror(errno)); }

static void copy_bytes(int from, int to, const char *name) {
    char buffer[1 << 16];
    ssize_t got;
    do got = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
    while (got > 0);
    if (got == 0) return;
    while ((got = read_some(from, buffer, sizeof buffer)) > 0)
        if (!write_all(to, buffer, (size_t)got)) copy_failed(name);
    if (got < 0) copy_failed(name);
}

static void copy_directory(int from, int to);

/* Times and mode last: writing changes the one, and a directory may have to be entered first. */
static void settle(int from, int fd, const struct stat *status, const char *name) {
    struct timespec times[2] = {status->st_atim, status->st_mtim};
    copy_attributes(from, fd); /* as far as the file system has them */
    if (fchmod(fd, status->st_mode & 01777) != 0 || futimens(fd, times) != 0) copy_failed(name);
    if (fchown(fd, status->st_uid, status->st_gid) != 0 && errno != EPERM && errno != EINVAL) copy_failed(name); /* one mapped id: it is ours */
}

static void copy_entry(int from, int to, const char *name) {
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) copy_failed(name);
    if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode)) {
        AUTO_CLOSE int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (S_ISDIR(status.st_mode) && mkdirat(to, name, 0700) != 0) copy_failed(name);
        int how = S_ISDIR(status.st_mode) ? O_RDONLY | O_DIRECTORY : O_WRONLY | O_CREAT | O_EXCL;
        AUTO_CLOSE int target = openat(to, name, how | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (source < 0 || target < 0) copy_failed(name);
        if (S_ISDIR(status.st_mode)) copy_directory(source, target);
        else copy_bytes(source, target, name);
        settle(source, target, &status, name);
    } else if (S_ISLNK(status.st_mode)) {
        char link[PATH_MAX];
        ssize_t size = readlinkat(from, name, link, sizeof link - 1);
        if (size < 0) copy_failed(name);
        link[size] = '\0';
        if (symlinkat(link, to, name) != 0) copy_failed(name);
    } else if (S_ISFIFO(status.st_mode) && mkfifoat(to, name, status.st_mode & 0777) != 0) {
        copy_failed(name);
    }
}

static void copy_directory(int from, int to) {
    int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    if (!entries) copy_failed(".");
    for (const struct dirent *entry; errno = 0, (entry = readdir(entries));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) copy_entry(from, to, entry->d_name);
    if (errno) copy_failed(".");
    closedir(entries);
}

static void make_parents(const char *path) {
    AUTO_FREE char *part = must_copy(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) die(STATUS_LICHEN, "cannot make the directory of a volume (%s): %s", part, strerror(errno));
        *slash = '/';
    }
}

/* The volume is filled beside its place and renamed into it: a kill in between leaves no half volume, and of two containers that make it at once one wins. */
void volume_make(const char *path, int image) {
    struct stat status;
    if (stat(path, &status) == 0) return;
    make_parents(path);
    AUTO_FREE char *beside = must_format("%s.new-%d", path, (int)getpid());
    if (mkdir(beside, 0700) != 0) die(STATUS_LICHEN, "cannot make a volume (%s): %s", path, strerror(errno));
    AUTO_CLOSE int to = open(beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSE int from = openat(image, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0 || fstat(image, &status) != 0) copy_failed(path);
    if (from >= 0) copy_directory(from, to);
    settle(from, to, &status, path);
    if (rename(beside, path) != 0 && errno != EEXIST && errno != ENOTEMPTY) copy_failed(path);
}
