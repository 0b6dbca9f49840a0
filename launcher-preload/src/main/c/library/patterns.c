/* glob: that of glibc is given functions to read directories with; musl's takes none, so one of ours stands in its place. */
#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <pwd.h>
#include <sys/stat.h>

#include "library.h"

#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak" /* it loses sight of what an array of pointers holds */

DIR *lib_opendir(const char *path) EXPORTED("opendir");
int lib_closedir(DIR *directory) EXPORTED("closedir");
struct dirent *lib_readdir(DIR *directory) EXPORTED("readdir");
struct passwd *lib_getpwnam(const char *name) EXPORTED("getpwnam");

typedef int on_error(const char *path, int error);
typedef int glob_function(const char *pattern, int flags, on_error *error, glob_t *to);
typedef void globfree_function(glob_t *of);
typedef int fnmatch_function(const char *pattern, const char *name, int flags);
typedef int compare_function(const void *, const void *);
typedef void sort_function(void *, size_t, size_t, compare_function *);

static int look(const char *path, struct stat *status) { return (int)told(CALL(stat, path, status)); }
static int look_at(const char *path, struct stat *status) { return (int)told(CALL(lstat, path, status)); }

static void *open_for_glob(const char *path) { return lib_opendir(path); }
static struct dirent *read_for_glob(void *directory) { return lib_readdir(directory); }
static void close_for_glob(void *directory) { lib_closedir(directory); }

static int by_glibc(const char *pattern, int flags, on_error *error, glob_t *to) {
    if (flags & GLOB_ALTDIRFUNC) return LIBC(glob_function, glob)(pattern, flags, error, to);
    to->gl_opendir = open_for_glob;
    to->gl_readdir = read_for_glob;
    to->gl_closedir = close_for_glob;
    to->gl_stat = look;
    to->gl_lstat = look_at;
    const int result = LIBC(glob_function, glob)(pattern, flags | GLOB_ALTDIRFUNC, error, to);
    to->gl_flags &= ~GLOB_ALTDIRFUNC;
    return result;
}

/* ---- for musl */

struct globbing {
    int flags;
    on_error *error;
    char **found;
    size_t count, room;
    char path[PATH_ROOM];
};

static int add(struct globbing *globbing, const char *path, bool mark) {
    if (globbing->count == globbing->room) {
        char **more = realloc(globbing->found, (globbing->room = globbing->room ? 2 * globbing->room : 16) * sizeof *more);
        if (!more) return GLOB_NOSPACE;
        globbing->found = more;
    }
    char *one = malloc(text_size(path) + 2);
    if (!one) return GLOB_NOSPACE;
    char *end = put_text(one, path);
    if (mark && end > one && end[-1] != '/') put_text(end, "/");
    globbing->found[globbing->count++] = one;
    return 0;
}

/* The plain name that a part of a pattern is, to `to`; false: it has something to match. */
static bool is_plain(const char *part, size_t size, int flags, char *to) {
    for (size_t i = 0; i < size; i++) {
        if (part[i] == '*' || part[i] == '?' || part[i] == '[') return false;
        if (part[i] == '\\' && !(flags & GLOB_NOESCAPE) && i + 1 < size) i++;
        *to++ = part[i];
    }
    *to = 0;
    return true;
}

static int match(struct globbing *globbing, size_t used, const char *pattern);

static int match_found(struct globbing *globbing, size_t used, const char *rest) {
    struct stat status;
    const bool last = !*rest;
    if (CALL(lstat, globbing->path, &status) < 0) return 0;
    if (!last) {
        size_t slashes = 0;
        while (rest[slashes] == '/') slashes++;
        if (used + slashes >= PATH_ROOM) return 0;
        bytes_copy(globbing->path + used, rest, slashes);
        globbing->path[used + slashes] = 0;
        return match(globbing, used + slashes, rest + slashes);
    }
    const bool mark = globbing->flags & GLOB_MARK && CALL(stat, globbing->path, &status) == 0 && S_ISDIR(status.st_mode);
    return add(globbing, globbing->path, mark);
}

static int match_directory(struct globbing *globbing, size_t used, const char *part, const char *rest) {
    const int flags = (globbing->flags & GLOB_NOESCAPE ? FNM_NOESCAPE : 0) | (globbing->flags & GLOB_PERIOD ? 0 : FNM_PERIOD);
    DIR *directory = lib_opendir(used ? globbing->path : ".");
    int result = 0;
    if (!directory) return (globbing->error && globbing->error(used ? globbing->path : ".", get_errno())) || globbing->flags & GLOB_ERR ? GLOB_ABORTED : 0;
    for (struct dirent *entry; result == 0 && (entry = lib_readdir(directory));) {
        const size_t size = text_size(entry->d_name);
        if (used + size >= PATH_ROOM || LIBC(fnmatch_function, fnmatch)(part, entry->d_name, flags) != 0) continue;
        bytes_copy(globbing->path + used, entry->d_name, size + 1);
        result = match_found(globbing, used + size, rest);
        globbing->path[used] = 0;
    }
    lib_closedir(directory);
    return result;
}

/* path[0, used) is what was found; `pattern` is what is left. */
static int match(struct globbing *globbing, size_t used, const char *pattern) {
    char part[PATH_ROOM];
    size_t size = 0;
    while (pattern[size] && pattern[size] != '/') size++;
    if (size >= PATH_ROOM || used + size >= PATH_ROOM) return 0;
    if (!size) return match_found(globbing, used, pattern);
    if (is_plain(pattern, size, globbing->flags, part)) {
        put_text(globbing->path + used, part);
        const int result = match_found(globbing, used + text_size(part), pattern + size);
        globbing->path[used] = 0;
        return result;
    }
    bytes_copy(part, pattern, size);
    part[size] = 0;
    return match_directory(globbing, used, part, pattern + size);
}

static int by_name(const void *a, const void *b) {
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    while (*left && *left == *right) left++, right++;
    return (unsigned char)*left - (unsigned char)*right;
}

static const char *home_of(const char *pattern, size_t size) {
    char name[NAME_MAX + 1];
    if (size == 1 && environment("HOME")) return environment("HOME");
    if (size == 1 || size > NAME_MAX) return NULL;
    bytes_copy(name, pattern + 1, size - 1);
    name[size - 1] = 0;
    const struct passwd *user = lib_getpwnam(name);
    return user ? user->pw_dir : NULL;
}

static int give(struct globbing *globbing, glob_t *to) {
    const size_t before = globbing->flags & GLOB_APPEND ? to->gl_pathc : 0, skip = globbing->flags & GLOB_DOOFFS ? to->gl_offs : 0;
    char **all = realloc(globbing->flags & GLOB_APPEND ? to->gl_pathv : NULL, (skip + before + globbing->count + 1) * sizeof *all);
    if (!all) return GLOB_NOSPACE;
    for (size_t i = 0; i < skip && !(globbing->flags & GLOB_APPEND); i++) all[i] = NULL;
    for (size_t i = 0; i < globbing->count; i++) all[skip + before + i] = globbing->found[i];
    to->gl_pathv = all;
    to->gl_pathc = before + globbing->count;
    all[skip + to->gl_pathc] = NULL;
    return 0;
}

static int by_us(const char *pattern, int flags, on_error *error, glob_t *to) {
    struct globbing *globbing = malloc(sizeof *globbing);
    size_t used = 0;
    int result = 0;
    if (!globbing) return GLOB_NOSPACE;
    *globbing = (struct globbing){.flags = flags, .error = error};
    if (!(flags & GLOB_APPEND)) to->gl_pathc = 0, to->gl_pathv = NULL;
    const char *rest = pattern;
    if (flags & (GLOB_TILDE | GLOB_TILDE_CHECK) && *rest == '~') {
        size_t size = 1;
        while (rest[size] && rest[size] != '/') size++;
        const char *home = home_of(rest, size);
        if (!home && flags & GLOB_TILDE_CHECK) result = GLOB_NOMATCH;
        if (home && text_size(home) < PATH_ROOM) {
            used = text_size(home);
            put_text(globbing->path, home);
            rest += size;
        }
    }
    if (result == 0 && (*rest || used)) result = match(globbing, used, rest);
    if (result == 0 && !globbing->count) result = flags & GLOB_NOCHECK ? add(globbing, pattern, false) : GLOB_NOMATCH;
    if (!(flags & GLOB_NOSORT) && globbing->count) LIBC(sort_function, qsort)(globbing->found, globbing->count, sizeof *globbing->found, by_name);
    const int given = globbing->count ? give(globbing, to) : 0;
    while (given && globbing->count) free(globbing->found[--globbing->count]);
    free(globbing->found);
    free(globbing);
    return given ? given : result;
}

int lib_glob(const char *pattern, int flags, on_error *error, glob_t *to) EXPORTED("glob");
ALSO(glob64, glob);
int lib_glob(const char *pattern, int flags, on_error *error, glob_t *to) { return library.musl ? by_us(pattern, flags, error, to) : by_glibc(pattern, flags, error, to); }

void lib_globfree(glob_t *of) EXPORTED("globfree");
ALSO(globfree64, globfree);
void lib_globfree(glob_t *of) {
    if (!library.musl) {
        LIBC(globfree_function, globfree)(of);
        return;
    }
    for (size_t i = 0; i < of->gl_pathc; i++) free(of->gl_pathv[of->gl_offs + i]);
    free(of->gl_pathv);
    of->gl_pathc = 0, of->gl_pathv = NULL;
}
