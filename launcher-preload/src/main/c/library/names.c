/* Functions that make names, or answer them. */
#include <sys/stat.h>

#include "library.h"

/* ---- the working directory */

static char *working_directory(char *to, size_t size) {
    char path[PATH_ROOM];
    const long result = CALL(getcwd, path, PATH_ROOM);
    if (result < 0) return told(result), NULL;
    if (!to) {
        if (size && size < (size_t)result) return set_errno(ERANGE), NULL;
        to = malloc(size ? size : (size_t)result);
        if (!to) return NULL;
    } else if (size < (size_t)result) {
        return set_errno(size ? ERANGE : EINVAL), NULL;
    }
    bytes_copy(to, path, (size_t)result);
    return to;
}
char *lib_getcwd(char *to, size_t size) EXPORTED("getcwd");
ALSO(__getcwd_chk, getcwd);
char *lib_getcwd(char *to, size_t size) { return working_directory(to, size); }
char *lib_getwd(char *to) EXPORTED("getwd");
ALSO(__getwd_chk, getwd);
char *lib_getwd(char *to) { return working_directory(to, PATH_ROOM); }
char *lib_current(void) EXPORTED("get_current_dir_name");
char *lib_current(void) {
    struct stat here, there;
    const char *told_by = environment("PWD");
    if (told_by && *told_by == '/' && CALL(stat, ".", &here) == 0 && CALL(stat, told_by, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino) return text_copy(told_by);
    return working_directory(NULL, 0);
}

/* ---- realpath: the walk of the union answers it */

struct real {
    const char *path;
    char *to; /* PATH_ROOM */
};
static long resolve(struct call *call) {
    const struct real *real = data_of(call);
    struct union_place *place = &scratch_of(call)->place;
    long result = resolve_path(call, place, AT_FDCWD, real->path, 0);
    if (result < 0) return result;
    if (place->magic && place->bind >= 0 && place->dir == AT_FDCWD) { /* an open file that is outside, say a terminal */
        result = SYS(readlink, place->path, real->to, PATH_ROOM - 1);
        if (result > 0) real->to[result] = 0;
    } else {
        if (place->size == 0) place->guest[place->size++] = '/';
        bytes_copy(real->to, place->guest, place->size);
        real->to[place->size] = 0;
    }
    union_release(place);
    return result < 0 ? result : 0;
}
static char *real_path(const char *path, char *to) {
    char found[PATH_ROOM];
    struct real real = {path, found};
    if (!path) return set_errno(EINVAL), NULL;
    if (!*path) return set_errno(ENOENT), NULL;
    if (text_size(path) >= PATH_ROOM) return set_errno(ENAMETOOLONG), NULL;
    const long result = engine_do(resolve, &real);
    if (result < 0) return told(result), NULL;
    if (!to) return text_copy(found);
    bytes_copy(to, found, text_size(found) + 1);
    return to;
}
char *lib_realpath(const char *path, char *to) EXPORTED("realpath");
ALSO(__realpath_chk, realpath);
char *lib_realpath(const char *path, char *to) { return real_path(path, to); }
char *lib_canonical(const char *path) EXPORTED("canonicalize_file_name");
char *lib_canonical(const char *path) { return real_path(path, NULL); }

/* ---- temporary names */

enum { TRIES = 238328, LETTERS = 6 };
static void put_random(char *to) {
    static const char SIGNS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint8_t bytes[LETTERS] = {0};
    if (SYS(getrandom, bytes, sizeof bytes, 1 /* GRND_NONBLOCK */) < 0) {
        uint32_t low, high;
        __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
        for (int i = 0; i < LETTERS; i++) bytes[i] = (uint8_t)(low >> 4 * i ^ (uint64_t)bytes);
    }
    for (int i = 0; i < LETTERS; i++) to[i] = SIGNS[bytes[i] % (sizeof SIGNS - 1)];
}

enum making { MAKE_FILE, MAKE_DIRECTORY, MAKE_NAME };
static long make(char *template, int suffix, int flags, enum making making) {
    const size_t size = text_size(template);
    char *letters = template + size - suffix - LETTERS;
    if (suffix < 0 || size < (size_t)suffix + LETTERS || !bytes_equal(letters, "XXXXXX", LETTERS)) return -EINVAL;
    for (int i = 0; i < TRIES; i++) {
        struct stat status;
        long result;
        put_random(letters);
        if (making == MAKE_FILE) result = CALL(open, template, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, 0600);
        else if (making == MAKE_DIRECTORY) result = CALL(mkdir, template, 0700);
        else if ((result = CALL(lstat, template, &status)) == -ENOENT) return 0;
        else if (result == 0) result = -EEXIST;
        if (result != -EEXIST) return result;
    }
    return -EEXIST;
}
#define MAKES_FILE(name, parameters, suffix, flags)       \
    int lib_##name parameters EXPORTED(#name);     \
    ALSO(name##64, name);                           \
    int lib_##name parameters { return (int)told(make(template, suffix, flags, MAKE_FILE)); }
MAKES_FILE(mkstemp, (char *template), 0, 0)
MAKES_FILE(mkstemps, (char *template, int suffix), suffix, 0)
MAKES_FILE(mkostemp, (char *template, int flags), 0, flags)
MAKES_FILE(mkostemps, (char *template, int suffix, int flags), suffix, flags)

char *lib_mkdtemp(char *template) EXPORTED("mkdtemp");
char *lib_mkdtemp(char *template) { return told(make(template, 0, 0, MAKE_DIRECTORY)) < 0 ? NULL : template; }
char *lib_mktemp(char *template) EXPORTED("mktemp");
char *lib_mktemp(char *template) {
    if (told(make(template, 0, 0, MAKE_NAME)) < 0) *template = 0;
    return template;
}

char *lib_tmpnam(char *to) EXPORTED("tmpnam");
char *lib_tmpnam(char *to) {
    static char own[20];
    char name[] = "/tmp/fileXXXXXX";
    if (make(name, 0, 0, MAKE_NAME) < 0) return NULL;
    if (!to) to = own;
    bytes_copy(to, name, sizeof name);
    return to;
}
char *lib_tmpnam_r(char *to) EXPORTED("tmpnam_r");
char *lib_tmpnam_r(char *to) { return to ? lib_tmpnam(to) : NULL; }

static bool is_usable(const char *directory) {
    struct stat status;
    return directory && *directory && CALL(stat, directory, &status) == 0 && S_ISDIR(status.st_mode);
}
char *lib_tempnam(const char *directory, const char *prefix) EXPORTED("tempnam");
char *lib_tempnam(const char *directory, const char *prefix) {
    enum { PREFIX = 5 };
    const char *wanted = environment("TMPDIR");
    if (is_usable(wanted)) directory = wanted;
    else if (!is_usable(directory)) directory = "/tmp";
    size_t length = prefix ? text_size(prefix) : 0;
    if (length > PREFIX) length = PREFIX;
    char *name = malloc(text_size(directory) + length + LETTERS + 2);
    if (!name) return NULL;
    char *end = put_text(put_text(name, directory), "/");
    bytes_copy(end, prefix, length);
    put_text(end + length, "XXXXXX");
    if (told(make(name, 0, 0, MAKE_NAME)) == 0) return name;
    free(name);
    return NULL;
}

int temporary_file(void) {
    char name[] = "/tmp/tmpfXXXXXX";
    const long unnamed = CALL(open, "/tmp", O_RDWR | O_TMPFILE | O_EXCL, 0600);
    if (unnamed >= 0) return (int)unnamed;
    const long fd = make(name, 0, 0, MAKE_FILE);
    if (fd >= 0) CALL(unlink, name);
    return (int)told(fd);
}
