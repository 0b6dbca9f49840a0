#include "owned.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "layerjson.h"
#include "links.h"
#include "places.h"
#include "removal.h"

/* One layer while it is copied. Directories wait in a list, by their paths: so a deep tree needs no more descriptors than a flat one. */
struct copying {
    const char *name; /* for messages */
    struct index index;
    size_t turn; /* which layer of this start it is: inodes of two are not the same file */
    int from, to;
    char **waiting;
    size_t waiting_count;
};

static _Noreturn void failed(const struct copying *copying, const char *path) {
    int error = errno;
    die(STATUS_LICHEN, "cannot make the copy of a layer that has the real owners (%s of %s): %s", *path ? path : "root", copying->name,
        error == EINVAL ? "its owner is not in the ranges of this user" : strerror(error));
}

/* What the image says; of a file with several names it says it once. */
static const struct entry *said(const struct copying *copying, const char *path) {
    const struct entry *entry = index_find(&copying->index, path);
    for (int links = 0; entry && entry->target && links < 40; links++) entry = index_find(&copying->index, entry->target);
    return entry;
}

/* The mode comes after the owner, for chown clears the setuid bits; the time last. */
static void settle(const struct copying *copying, int fd, const char *path, const struct stat *status) {
    const struct entry *entry = said(copying, path);
    if (fchown(fd, entry ? entry->uid : 0, entry ? entry->gid : 0) != 0 || fchmod(fd, entry ? entry->mode : status->st_mode & 0777) != 0 || !copy_time(fd, status))
        failed(copying, path);
}

static void copy_file(const struct copying *copying, int from, int to, const char *name, const char *path, const struct stat *status) {
    AUTO_CLOSE int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    AUTO_CLOSE int target = status->st_nlink > 1 ? links_make(copying->to, copying->turn, status->st_ino, to, name, path, 0600)
                                                 : openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target == -1 && status->st_nlink > 1) return; /* another name of what is there */
    if (source < 0 || target < 0 || !copy_content(source, target, status) || !copy_attributes(source, target)) failed(copying, path);
    settle(copying, target, path, status);
}

static bool copy_link(int from, int to, const char *name, const struct stat *status) {
    AUTO_FREE char *text = must_alloc((size_t)status->st_size + 1);
    ssize_t size = readlinkat(from, name, text, (size_t)status->st_size + 1);
    if (size < 0 || size > status->st_size) return false;
    text[size] = 0;
    return symlinkat(text, to, name) == 0;
}

/* A link, a fifo, a socket, or a whiteout, which belongs to nobody. */
static void copy_other(const struct copying *copying, int from, int to, const char *name, const char *path, const struct stat *status) {
    const struct entry *entry = said(copying, path);
    const struct timespec times[2] = {status->st_mtim, status->st_mtim};
    bool link = S_ISLNK(status->st_mode), whiteout = S_ISCHR(status->st_mode);
    if (!(link ? copy_link(from, to, name, status) : mknodat(to, name, status->st_mode & S_IFMT, 0) == 0)) failed(copying, path);
    if (whiteout) return;
    if (fchownat(to, name, entry ? entry->uid : 0, entry ? entry->gid : 0, AT_SYMLINK_NOFOLLOW) != 0) failed(copying, path);
    if (!link && fchmodat(to, name, entry ? entry->mode : status->st_mode & 0777, 0) != 0) failed(copying, path);
    if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) != 0) failed(copying, path);
}

static void copy_entry(struct copying *copying, int from, int to, const char *name, const char *path) {
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) failed(copying, path);
    if (S_ISREG(status.st_mode)) copy_file(copying, from, to, name, path, &status);
    else if (!S_ISDIR(status.st_mode)) copy_other(copying, from, to, name, path, &status);
    else {
        if (mkdirat(to, name, 0700) != 0) failed(copying, path);
        copying->waiting = must_realloc(copying->waiting, copying->waiting_count + 1, sizeof *copying->waiting);
        copying->waiting[copying->waiting_count++] = must_copy(path);
    }
}

static bool copy_opaque(int from, int to) {
    char value = 0;
    return fgetxattr(from, "user.overlay.opaque", &value, 1) != 1 || fsetxattr(to, "user.overlay.opaque", &value, 1, 0) == 0;
}

static void copy_directory(struct copying *copying, const char *path) {
    struct stat status;
    AUTO_CLOSE int from = openat(copying->from, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    AUTO_CLOSE int to = openat(copying->to, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0 || to < 0 || fstat(from, &status) != 0) failed(copying, path);
    int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = own < 0 ? NULL : fdopendir(own);
    if (!entries) failed(copying, path);
    for (const struct dirent *entry; errno = 0, (entry = readdir(entries));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        AUTO_FREE char *below = must_format("%s%s%s", path, *path ? "/" : "", entry->d_name);
        copy_entry(copying, from, to, entry->d_name, below);
    }
    if (errno) failed(copying, path);
    closedir(entries);
    if (!copy_attributes(from, to) || !copy_opaque(from, to)) failed(copying, path);
    settle(copying, to, path, &status);
}

static void copy_layer(const struct lower *lower, int directory, const char *beside) {
    static size_t turn;
    struct copying copying = {.name = lower->path, .turn = turn++};
    index_read(&copying.index, directory, lower->path, true);
    if (mkdir(beside, 0700) != 0) failed(&copying, "");
    copying.from = open(lower->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    copying.to = open(beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (copying.from < 0 || copying.to < 0) failed(&copying, "");
    copy_directory(&copying, "");
    while (copying.waiting_count) {
        AUTO_FREE char *path = copying.waiting[--copying.waiting_count];
        copy_directory(&copying, path);
    }
    if (syncfs(copying.to) != 0) failed(&copying, "");
    free(copying.waiting);
    close(copying.from);
    close(copying.to);
}

void owned_make(const struct lower *lower) {
    if (access(lower->owned, F_OK) == 0) return;
    AUTO_FREE char *index = must_copy(lower->index);
    const char *layer = dirname(index);
    AUTO_CLOSE int directory = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO_CLOSE int lock = directory < 0 ? -1 : openat(directory, "owned.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0 || !lock_wait(lock)) die(STATUS_LICHEN, "cannot lock a layer (%s): %s", layer, strerror(errno));
    if (access(lower->owned, F_OK) == 0) return; /* somebody else has made it meanwhile */
    AUTO_FREE char *beside = must_format("%s.new", lower->owned);
    if (!remove_all(AT_FDCWD, beside)) die(STATUS_LICHEN, "cannot remove what a killed start left (%s): %s", beside, strerror(errno));
    copy_layer(lower, directory, beside);
    if (rename(beside, lower->owned) != 0) die(STATUS_LICHEN, "cannot put the copy of a layer into its place (%s): %s", lower->owned, strerror(errno));
}
