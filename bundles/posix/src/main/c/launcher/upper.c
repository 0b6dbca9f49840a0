#include "upper.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "removal.h"
#include "walk.h"

/* What is known while an upper is made. */
struct making {
    const struct root *root;
    const int *lowers;
    struct bytes *implied; /* of each lower: paths, each with its NUL */
    int top;               /* the new upper */
};

static _Noreturn void failed(const char *path) { die(STATUS_LICHEN, "cannot make the directory for what the container writes (%s): %s", path, strerror(errno)); }

/* `implied` lies beside the layer's index (docs/FORMATS.md, 7); most layers have none. */
static void read_implied(const struct lower *lower, struct bytes *into) {
    if (!lower->index) return;
    AUTO_FREE char *copy = must_copy(lower->index);
    AUTO_FREE char *path = must_format("%s/implied", dirname(copy));
    if (!read_file(AT_FDCWD, path, into) && errno != ENOENT) failed(path);
    if (into->size && into->data[into->size - 1]) die(STATUS_LICHEN, "cannot read what a layer implies (%s): it is damaged", path);
}

static const char *next_path(const struct bytes *list, const char *path) {
    const char *next = path ? path + strlen(path) + 1 : (const char *)list->data;
    return list->size && next < (const char *)list->data + list->size ? next : NULL;
}

static bool is_implied(const struct bytes *list, const char *path) {
    for (const char *at = NULL; (at = next_path(list, at));)
        if (!strcmp(at, path)) return true;
    return false;
}

static bool opaque(const struct lower *lower, int directory) {
    char value = 0, path[64];
    if (lower->aufs) return faccessat(directory, ".wh..wh..opq", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    return getxattr(path, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* Does this lower hide, by a mark on the path or on a directory that leads to it, what the lowers below have there? */
static bool hides(const struct lower *lower, int files, const char *path) {
    char part[PATH_MAX];
    for (size_t size = 0;; size += strcspn(path + size, "/")) {
        snprintf(part, sizeof part, "%.*s", (int)size, path);
        AUTO_CLOSE int at = walk_plain(files, part);
        if (at < 0) return false;
        if (opaque(lower, at)) return true;
        if (!path[size]) return false;
        if (path[size] == '/') size++;
        if (lower->aufs) {
            AUTO_FREE char *mark = must_format(".wh.%.*s", (int)strcspn(path + size, "/"), path + size);
            if (faccessat(at, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return true;
        }
    }
}

/* The directory of the highest lower that really has it, as far down as it is seen; -1: none. *first: it is also the highest that has it at all. */
static int real_directory(const struct making *making, const char *path, bool *first) {
    *first = true;
    for (size_t i = 0; i < making->root->lower_count; i++) {
        struct stat status;
        AUTO_CLOSE int at = walk_plain(making->lowers[i], path);
        if (at < 0 && errno != ENOENT) return -1;
        if (at >= 0 && (fstat(at, &status) != 0 || !S_ISDIR(status.st_mode))) return -1;
        if (at >= 0 && !is_implied(&making->implied[i], path)) return openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (at >= 0) *first = false;
        if (hides(&making->root->lowers[i], making->lowers[i], path)) return -1;
    }
    return -1;
}

static void settle(const struct making *making, const char *path) {
    bool first;
    struct stat status;
    AUTO_CLOSE int from = real_directory(making, path, &first);
    AUTO_CLOSE int to = openat(making->top, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0) { /* every layer implies it */
        if (to < 0 || fchmod(to, 0755) != 0) failed(path);
        return;
    }
    if (to < 0 || fstat(from, &status) != 0 || fchmod(to, status.st_mode & 01777) != 0 || !copy_attributes(from, to) ||
        (fchown(to, status.st_uid, status.st_gid) != 0 && errno != EINVAL) || !copy_time(to, &status))
        failed(path);
}

/* Calls it for each directory that leads to `path`, and for itself. */
static void each_part(const struct making *making, const char *path, void (*act)(const struct making *making, const char *part)) {
    AUTO_FREE char *part = must_copy(path);
    for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        act(making, part);
        *slash = '/';
    }
    act(making, part);
}

static void make_directory(const struct making *making, const char *part) {
    if (mkdirat(making->top, part, 0700) != 0 && errno != EEXIST) failed(part);
}

static void each_implied(const struct making *making, void (*act)(const struct making *making, const char *part)) {
    for (size_t i = 0; i < making->root->lower_count; i++)
        for (const char *path = NULL; (path = next_path(&making->implied[i], path));) {
            bool first = true;
            AUTO_CLOSE int real = *path ? real_directory(making, path, &first) : -1;
            if (real >= 0 && !first) each_part(making, path, act);
        }
}

static void make_directories(struct making *making) {
    making->implied = must_alloc(making->root->lower_count * sizeof *making->implied);
    memset(making->implied, 0, making->root->lower_count * sizeof *making->implied);
    for (size_t i = 0; i < making->root->lower_count; i++) read_implied(&making->root->lowers[i], &making->implied[i]);
    each_implied(making, make_directory); /* what is made in a directory changes its time, so all are made first */
    each_implied(making, settle);
    settle(making, "");
    for (size_t i = 0; i < making->root->lower_count; i++) bytes_clear(&making->implied[i]);
    free(making->implied);
}

void work_make(const struct root *root) {
    if (mkdir(root->work, 0700) != 0 && errno != EEXIST) failed(root->work);
}

void upper_make(const struct root *root, const int *lowers) {
    struct stat status;
    if (stat(root->upper, &status) == 0) return;
    AUTO_FREE char *beside = must_format("%s.new", root->upper);
    if (mkdir(beside, 0700) != 0 && (errno != EEXIST || !remove_all(AT_FDCWD, beside) || mkdir(beside, 0700) != 0)) failed(beside);
    AUTO_CLOSE int top = open(beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) failed(beside);
    struct making making = {.root = root, .lowers = lowers, .top = top};
    make_directories(&making);
    if (rename(beside, root->upper) != 0) failed(root->upper);
}
