#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_LINKS = 40 };

/* Where a walk stands: `at` is the directory reached, `path` its name from the root without any link (empty: the root itself). */
struct walk {
    int root, at, links;
    struct bytes path;
    char *rest; /* what is still to be walked */
};

static int open_part(int dir, const char *name) { return openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC); }

static void stand_on(struct walk *walk, int fd) {
    close(walk->at);
    walk->at = fd;
}

/* Back to the root, or to the parent: by walking the known link-free path again, for a directory's own `..` could meanwhile lead elsewhere. */
static bool climb(struct walk *walk, bool to_root) {
    size_t keep = 0;
    if (!to_root)
        for (size_t i = 0; i < walk->path.size; i++)
            if (walk->path.data[i] == '/') keep = i;
    walk->path.size = keep;
    bytes_add(&walk->path, "", 1);
    walk->path.size--;
    int fd = open_part(walk->root, ".");
    char *names = must_copy((const char *)walk->path.data), *state = NULL;
    for (char *name = strtok_r(names, "/", &state); fd >= 0 && name; name = strtok_r(NULL, "/", &state)) {
        int next = open_part(fd, name);
        close(fd);
        fd = next;
    }
    free(names);
    if (fd < 0) return false;
    stand_on(walk, fd);
    return true;
}

/* Puts a link's text before what is left of the path. */
static bool follow(struct walk *walk, int link) {
    char text[PATH_MAX];
    ssize_t size = readlinkat(link, "", text, sizeof text - 1);
    if (size < 0) return false;
    if (++walk->links > MOST_LINKS) {
        errno = ELOOP;
        return false;
    }
    text[size] = 0;
    char *rest = must_format("%s/%s", text, walk->rest);
    free(walk->rest);
    walk->rest = rest;
    return text[0] != '/' || climb(walk, true);
}

static int make_part(struct walk *walk, const char *name, bool last, enum walk_make make) {
    if (make == WALK_EXISTING) return -1;
    if (last && make == WALK_MAKE_FILE) {
        int made = openat(walk->at, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (made < 0 && errno != EEXIST) return -1;
        if (made >= 0) close(made);
    } else if (mkdirat(walk->at, name, 0755) != 0 && errno != EEXIST) {
        return -1;
    }
    return open_part(walk->at, name);
}

/* One component. false: errno. */
static bool walk_part(struct walk *walk, const char *name, bool last, enum walk_make make) {
    if (!strcmp(name, ".") || !*name) return true;
    if (!strcmp(name, "..")) return climb(walk, false);
    int fd = open_part(walk->at, name);
    if (fd < 0 && errno == ENOENT) {
        errno = ENOENT;
        fd = make_part(walk, name, last, make);
    }
    if (fd < 0) return false;
    struct stat status;
    if (fstat(fd, &status) != 0) {
        close(fd);
        return false;
    }
    if (S_ISLNK(status.st_mode)) {
        bool followed = follow(walk, fd);
        close(fd);
        return followed;
    }
    if (!last && !S_ISDIR(status.st_mode)) {
        close(fd);
        errno = ENOTDIR;
        return false;
    }
    bytes_text(&walk->path, "/");
    bytes_text(&walk->path, name);
    stand_on(walk, fd);
    return true;
}

/* Takes the next component off `rest`; NULL at the end. */
static char *next_part(struct walk *walk) {
    char *start = walk->rest + strspn(walk->rest, "/");
    if (!*start) return NULL;
    size_t size = strcspn(start, "/");
    char *name = must_alloc(size + 1);
    memcpy(name, start, size);
    char *rest = must_copy(start + size);
    free(walk->rest);
    walk->rest = rest;
    return name;
}

int walk_slowly(int root, const char *guest_path, enum walk_make make) {
    struct walk walk = {.root = root, .at = open_part(root, "."), .rest = must_copy(guest_path)};
    bool good = walk.at >= 0;
    for (char *name; good && (name = next_part(&walk));) {
        good = walk_part(&walk, name, walk.rest[strspn(walk.rest, "/")] == 0, make);
        free(name);
    }
    int saved = errno;
    bytes_clear(&walk.path);
    free(walk.rest);
    if (!good && walk.at >= 0) close(walk.at);
    errno = saved;
    return good ? walk.at : -1;
}

int walk_open(int root, const char *guest_path, enum walk_make make) {
#ifdef SYS_openat2
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, root, guest_path, &how, sizeof how);
    /* EAGAIN: a rename went on meanwhile; the walk decides. */
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN && (errno != ENOENT || make == WALK_EXISTING))) return fd;
#endif
    return walk_slowly(root, guest_path, make);
}

int walk_plain(int root, const char *path) {
    while (*path == '/') path++;
    if (!*path) path = ".";
#ifdef SYS_openat2
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0 || errno != ENOSYS) return fd;
#endif
    int at = openat(root, ".", O_PATH | O_CLOEXEC);
    AUTO_FREE char *copy = must_copy(path);
    char *state = NULL;
    for (char *name = strtok_r(copy, "/", &state); name && at >= 0; name = strtok_r(NULL, "/", &state)) {
        int next = strcmp(name, "..") ? openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
        close(at);
        at = next;
    }
    return at;
}
