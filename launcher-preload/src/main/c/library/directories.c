/* Directories, read by the engine, for libc would read one layer of a union. A DIR is ours, so all functions that take one are. */
#include <dirent.h>
#include <sys/stat.h>

#include "library.h"

enum { BUFFER = 32768 };
struct directory {
    int fd;
    int lock;
    size_t at, end;
    int64_t position; /* behind the entry that was told last */
    _Alignas(8) char entries[BUFFER];
    struct dirent copy;
};

static struct directory *directory_of(DIR *directory) { return (struct directory *)directory; }

static void lock(struct directory *directory) {
    while (__atomic_exchange_n(&directory->lock, 1, __ATOMIC_ACQUIRE)) SYS(sched_yield, 0);
}
static void unlock(struct directory *directory) { __atomic_store_n(&directory->lock, 0, __ATOMIC_RELEASE); }

static DIR *make(int fd) {
    struct directory *directory = malloc(sizeof *directory);
    if (!directory) return NULL;
    directory->fd = fd;
    directory->lock = 0;
    directory->at = directory->end = 0;
    directory->position = 0;
    return (DIR *)directory;
}

DIR *directory_at(int dir, const char *path, int flags) {
    const int fd = (int)told(CALL(openat, dir, path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC | flags));
    if (fd < 0) return NULL;
    DIR *directory = make(fd);
    if (!directory) SYS(close, fd);
    return directory;
}
DIR *lib_opendir(const char *path) EXPORTED("opendir");
DIR *lib_opendir(const char *path) {
    if (path && !*path) return set_errno(ENOENT), NULL;
    return directory_at(AT_FDCWD, path, 0);
}

DIR *lib_fdopendir(int fd) EXPORTED("fdopendir");
DIR *lib_fdopendir(int fd) {
    enum { GET_FLAGS = 3, SET_FD = 2, CLOSE_ON_EXEC = 1 };
    struct stat status;
    if (told(SYS(fstat, fd, &status)) < 0) return NULL;
    if (!S_ISDIR(status.st_mode)) return set_errno(ENOTDIR), NULL;
    const long flags = told(SYS(fcntl, fd, GET_FLAGS));
    if (flags < 0) return NULL;
    if (flags & O_PATH) return set_errno(EBADF), NULL;
    DIR *directory = make(fd);
    if (directory) SYS(fcntl, fd, SET_FD, CLOSE_ON_EXEC);
    return directory;
}

int lib_closedir(DIR *of) EXPORTED("closedir");
int lib_closedir(DIR *of) {
    if (!of) return set_errno(EINVAL), -1;
    const int fd = directory_of(of)->fd;
    free(of);
    return (int)told(SYS(close, fd));
}
int lib_dirfd(DIR *of) EXPORTED("dirfd");
int lib_dirfd(DIR *of) { return directory_of(of)->fd; }

/* NULL: the end, or `error`. */
static struct dirent *next(struct directory *directory, int *error) {
    *error = 0;
    if (directory->at == directory->end) {
        const long size = CALL(getdents64, directory->fd, directory->entries, BUFFER);
        if (size < 0 && size != -ENOENT) *error = (int)-size; /* one that was removed has none */
        if (size <= 0) return NULL;
        directory->at = 0;
        directory->end = (size_t)size;
    }
    struct dirent *entry = (struct dirent *)(void *)(directory->entries + directory->at);
    directory->at += entry->d_reclen;
    directory->position = entry->d_off;
    return entry;
}

struct dirent *lib_readdir(DIR *of) EXPORTED("readdir");
ALSO(readdir64, readdir);
struct dirent *lib_readdir(DIR *of) {
    struct directory *directory = directory_of(of);
    int error;
    lock(directory);
    struct dirent *entry = next(directory, &error);
    unlock(directory);
    if (error) set_errno(error);
    return entry;
}
int lib_readdir_r(DIR *of, struct dirent *to, struct dirent **result) EXPORTED("readdir_r");
ALSO(readdir64_r, readdir_r);
int lib_readdir_r(DIR *of, struct dirent *to, struct dirent **result) {
    struct directory *directory = directory_of(of);
    int error;
    lock(directory);
    const struct dirent *entry = next(directory, &error);
    *result = entry ? to : NULL;
    if (entry) bytes_copy(to, entry, entry->d_reclen < sizeof *to ? entry->d_reclen : sizeof *to);
    unlock(directory);
    return error;
}

static void go_to(struct directory *directory, int64_t position) {
    lock(directory);
    SYS(lseek, directory->fd, position, 0);
    directory->at = directory->end = 0;
    directory->position = position;
    unlock(directory);
}
void lib_rewinddir(DIR *of) EXPORTED("rewinddir");
void lib_rewinddir(DIR *of) { go_to(directory_of(of), 0); }
void lib_seekdir(DIR *of, long position) EXPORTED("seekdir");
void lib_seekdir(DIR *of, long position) { go_to(directory_of(of), position); }
long lib_telldir(DIR *of) EXPORTED("telldir");
long lib_telldir(DIR *of) { return directory_of(of)->position; }

/* ---- scandir */

typedef int filter_function(const struct dirent *);
typedef int compare_function(const struct dirent **, const struct dirent **);
typedef void sort_function(void *, size_t, size_t, compare_function *);

static void forget(struct dirent **list, size_t count) {
    while (count) free(list[--count]);
    free(list);
}

int directory_list(int dir, const char *path, struct dirent ***to, filter_function *wanted, compare_function *compare) {
    DIR *directory = directory_at(dir, path, 0);
    struct dirent **list = NULL;
    size_t count = 0, room = 0;
    const int before = get_errno();
    int error = 0;
    if (!directory) return -1;
    for (struct dirent *entry; (entry = next(directory_of(directory), &error));) {
        if (wanted && !wanted(entry)) continue;
        if (count == room) {
            struct dirent **more = realloc(list, (room = room ? 2 * room : 32) * sizeof *list);
            if (!more) {
                error = ENOMEM;
                break;
            }
            list = more;
        }
        if (!(list[count] = malloc(entry->d_reclen))) {
            error = ENOMEM;
            break;
        }
        bytes_copy(list[count++], entry, entry->d_reclen);
    }
    lib_closedir(directory);
    set_errno(error ? error : before);
    if (error) return forget(list, count), -1;
    if (compare && count) LIBC(sort_function, qsort)(list, count, sizeof *list, compare);
    *to = list;
    return (int)count;
}
int lib_scandir(const char *path, struct dirent ***to, filter_function *wanted, compare_function *compare) EXPORTED("scandir");
ALSO(scandir64, scandir);
int lib_scandir(const char *path, struct dirent ***to, filter_function *wanted, compare_function *compare) { return directory_list(AT_FDCWD, path, to, wanted, compare); }
int lib_scandirat(int dir, const char *path, struct dirent ***to, filter_function *wanted, compare_function *compare) EXPORTED("scandirat");
ALSO(scandirat64, scandirat);
int lib_scandirat(int dir, const char *path, struct dirent ***to, filter_function *wanted, compare_function *compare) { return directory_list(dir, path, to, wanted, compare); }

/* ---- ftw, nftw: what is told of a file has other numbers in each libc */

enum what { A_FILE, A_DIRECTORY, UNREADABLE, NO_STATUS, A_LINK, DIRECTORY_AFTER, LINK_TO_NOTHING };
enum { PHYSICAL = 1, ONE_DEVICE = 2, ENTERS = 4, DEPTH_FIRST = 8, ACTIONS = 16, SKIP_SUBTREE = 2, SKIP_SIBLINGS = 3 };
struct base_level {
    int base, level;
};
typedef int nftw_function(const char *, const struct stat *, int, struct base_level *);
typedef int ftw_function(const char *, const struct stat *, int);
struct tree_walk {
    nftw_function *full;
    ftw_function *brief;
    int flags;
    int home; /* with FTW_CHDIR: where paths count from; the function is called in the directory of what it is told of */
    dev_t device;
    struct tree_above {
        struct tree_above *above;
        dev_t device;
        ino_t inode;
    } *above;
    char path[PATH_ROOM];
};

static int visit(struct tree_walk *walk, const struct stat *status, enum what what, int base, int level) {
    struct base_level where = {base, level};
    const int number = (int)what + (library.musl ? 1 : 0);
    if (walk->home >= 0 && base) {
        const char kept = walk->path[base];
        walk->path[base] = 0;
        const long entered = CALL(chdir, walk->path);
        walk->path[base] = kept;
        if (entered < 0) return (int)told(entered);
    }
    const int result = walk->full ? walk->full(walk->path, status, number, &where) : walk->brief(walk->path, status, number);
    if (walk->home >= 0) SYS(fchdir, walk->home);
    return result;
}

static bool is_above(const struct tree_walk *walk, const struct stat *status) {
    for (const struct tree_above *at = walk->above; at; at = at->above)
        if (at->device == status->st_dev && at->inode == status->st_ino) return true;
    return false;
}

static int walk_entries(struct tree_walk *walk, DIR *directory, size_t size, int level);

static int walk_one(struct tree_walk *walk, size_t size, int level) {
    struct stat status;
    enum what what = A_FILE;
    int base = (int)size, error;
    while (base > 0 && walk->path[base - 1] == '/') base--;
    while (base > 0 && walk->path[base - 1] != '/') base--;
    long result = CALL(newfstatat, AT_FDCWD, walk->path, &status, walk->flags & PHYSICAL ? AT_SYMLINK_NOFOLLOW : 0);
    if (result < 0 && !(walk->flags & PHYSICAL) && CALL(lstat, walk->path, &status) == 0) what = walk->full ? LINK_TO_NOTHING : A_LINK;
    else if (result < 0 && result != -EACCES) return (int)told(result);
    else if (result < 0) what = NO_STATUS;
    else if (S_ISDIR(status.st_mode)) what = A_DIRECTORY;
    else if (S_ISLNK(status.st_mode)) what = A_LINK;
    if (what != NO_STATUS && walk->flags & ONE_DEVICE && level && status.st_dev != walk->device) return 0;
    if (!level) walk->device = status.st_dev;
    if (what != A_DIRECTORY) return visit(walk, &status, what, base, level);
    if (is_above(walk, &status)) return 0;
    DIR *directory = directory_at(AT_FDCWD, walk->path, 0);
    if (!directory && get_errno() != EACCES) return -1;
    if (!directory) return visit(walk, &status, UNREADABLE, base, level);
    error = walk->flags & DEPTH_FIRST ? 0 : visit(walk, &status, A_DIRECTORY, base, level);
    if (error) {
        lib_closedir(directory);
        return walk->flags & ACTIONS && error == SKIP_SUBTREE ? 0 : error;
    }
    struct tree_above here = {walk->above, status.st_dev, status.st_ino};
    walk->above = &here;
    error = walk_entries(walk, directory, size, level + 1);
    walk->above = here.above;
    walk->path[size] = 0;
    if (!error && walk->flags & DEPTH_FIRST) error = visit(walk, &status, DIRECTORY_AFTER, base, level);
    return walk->flags & ACTIONS && error == SKIP_SUBTREE ? 0 : error;
}

static int walk_entries(struct tree_walk *walk, DIR *directory, size_t size, int level) {
    int error = 0, result = 0;
    const size_t slash = size && walk->path[size - 1] == '/' ? 0 : 1;
    for (struct dirent *entry; !result && (entry = next(directory_of(directory), &error));) {
        const size_t name = text_size(entry->d_name);
        if (is_text(".", 1, entry->d_name) || is_text("..", 2, entry->d_name)) continue;
        if (size + slash + name >= PATH_ROOM) {
            set_errno(ENAMETOOLONG);
            result = -1;
            break;
        }
        if (slash) walk->path[size] = '/';
        bytes_copy(walk->path + size + slash, entry->d_name, name + 1);
        result = walk_one(walk, size + slash + name, level);
    }
    lib_closedir(directory);
    if (error) set_errno(error), result = -1;
    return walk->flags & ACTIONS && result == SKIP_SIBLINGS ? 0 : result;
}

static int walk_tree(const char *path, nftw_function *full, ftw_function *brief, int flags) {
    struct tree_walk *walk = malloc(sizeof *walk);
    const size_t size = text_size(path);
    if (!walk) return -1;
    if (size >= PATH_ROOM || !size) {
        free(walk);
        return set_errno(size ? ENAMETOOLONG : ENOENT), -1;
    }
    *walk = (struct tree_walk){.full = full, .brief = brief, .flags = flags, .home = -1};
    bytes_copy(walk->path, path, size + 1);
    int result = -1;
    if (flags & ENTERS) walk->home = (int)told(SYS(openat, AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!(flags & ENTERS) || walk->home >= 0) result = walk_one(walk, size, 0);
    if (walk->home >= 0) SYS(fchdir, walk->home), SYS(close, walk->home);
    free(walk);
    return result;
}
int lib_nftw(const char *path, nftw_function *function, int most, int flags) EXPORTED("nftw");
ALSO(nftw64, nftw);
int lib_nftw(const char *path, nftw_function *function, int most, int flags) { return (void)most, walk_tree(path, function, NULL, flags); }
int lib_ftw(const char *path, ftw_function *function, int most) EXPORTED("ftw");
ALSO(ftw64, ftw);
int lib_ftw(const char *path, ftw_function *function, int most) { return (void)most, walk_tree(path, NULL, function, 0); }
