/* Functions of libc's that open files by themselves, as far as it is simple to have them open the container's; and those that are refused, for they would act on the host's. */
#include <dirent.h>
#include <locale.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>

#include "library.h"

FILE *lib_fopen(const char *path, const char *mode) EXPORTED("fopen");
struct passwd *lib_getpwuid(uid_t uid) EXPORTED("getpwuid");

/* ---- the lock of the user database */

static int lock_fd = -1;
int lib_lckpwdf(void) EXPORTED("lckpwdf");
int lib_lckpwdf(void) {
    enum { SET_LOCK = 6, WRITE_LOCK = 1, TRIES = 150 };
    struct {
        short type, whence;
        int64_t start, size;
        int pid;
    } whole = {.type = WRITE_LOCK};
    const int64_t pause[2] = {0, 100000000};
    if (lock_fd >= 0) return -1;
    const long fd = told(CALL(open, "/etc/.pwd.lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (fd < 0) return -1;
    long result = -1;
    for (int i = 0; i < TRIES && (result = SYS(fcntl, fd, SET_LOCK, &whole)) < 0; i++) SYS(nanosleep, pause, NULL);
    if (result < 0) SYS(close, fd);
    else lock_fd = (int)fd;
    return (int)told(result);
}
int lib_ulckpwdf(void) EXPORTED("ulckpwdf");
int lib_ulckpwdf(void) {
    if (lock_fd < 0) return -1;
    const long result = SYS(close, lock_fd);
    lock_fd = -1;
    return (int)told(result);
}

/* ---- */

FILE *lib_setmntent(const char *path, const char *mode) EXPORTED("setmntent");
ALSO(__setmntent, setmntent);
FILE *lib_setmntent(const char *path, const char *mode) { return lib_fopen(path, mode); }

int lib_ftok(const char *path, int project) EXPORTED("ftok");
int lib_ftok(const char *path, int project) {
    struct stat status;
    if (told(CALL(stat, path, &status)) < 0) return -1;
    return (int)((unsigned)(status.st_ino & 0xffff) | (unsigned)(status.st_dev & 0xff) << 16 | (unsigned)(project & 0xff) << 24);
}

long lib_getdirentries(int fd, char *to, size_t size, long *base) EXPORTED("getdirentries");
ALSO(getdirentries64, getdirentries);
long lib_getdirentries(int fd, char *to, size_t size, long *base) {
    const long at = told(SYS(lseek, fd, 0, 1));
    if (at < 0) return at;
    const long result = told(CALL(getdents64, fd, to, size));
    if (result >= 0) *base = at;
    return result;
}

int lib_group_member(gid_t gid) EXPORTED("group_member");
int lib_group_member(gid_t gid) {
    enum { MOST = 1024 };
    gid_t all[MOST];
    const long count = CALL(getgroups, MOST, all);
    for (long i = 0; i < count; i++)
        if (all[i] == gid) return 1;
    return CALL(getegid, 0) == (long)gid;
}

/* Nobody has logged in to a container. */
char *lib_getlogin(void) EXPORTED("getlogin");
char *lib_getlogin(void) { return set_errno(ENXIO), NULL; }
int lib_getlogin_r(char *to, size_t size) EXPORTED("getlogin_r");
int lib_getlogin_r(char *to, size_t size) { return (void)to, (void)size, ENXIO; }
char *lib_cuserid(char *to) EXPORTED("cuserid");
char *lib_cuserid(char *to) {
    enum { SIZE = 9 };
    static char own[SIZE];
    const struct passwd *user = lib_getpwuid((uid_t)CALL(geteuid, 0));
    if (!to) to = own;
    size_t size = user ? text_size(user->pw_name) : 0;
    if (size >= SIZE) size = SIZE - 1;
    bytes_copy(to, user ? user->pw_name : "", size);
    to[size] = 0;
    return to;
}

/* ---- locales, messages and character sets: libc is told the directory on the host, for the time of the call. A directory that several layers have a part in is the uppermost's. */

struct place {
    const char *guest;
    char *host; /* PATH_ROOM */
};
static long find_directory(struct call *call) {
    const struct place *wanted = data_of(call);
    struct union_place *place = &scratch_of(call)->place;
    long result = resolve_path(call, place, AT_FDCWD, wanted->guest, UNION_DIRECTORY);
    if (result < 0) return result;
    if (place->dir != AT_FDCWD || place->magic || text_size(place->path) >= PATH_ROOM) result = -ENAMETOOLONG;
    else put_text(wanted->host, place->path);
    union_release(place);
    return result;
}

/* Another environment for the time of a call, with one more variable: setenv would leave its own behind, and there are programs (Perl) that take it for theirs. */
struct other_environment {
    char **before, **instead;
    char variable[PATH_ROOM + 16];
};
static void set_for_now(struct other_environment *other, const char *name, const char *directory) {
    size_t count = 0;
    char *value = put_text(put_text(other->variable, name), "=");
    struct place place = {directory, value};
    other->instead = NULL;
    if (!environ || environment(name) || engine_do(find_directory, &place) < 0) return;
    while (environ[count]) count++;
    other->instead = malloc((count + 2) * sizeof *other->instead);
    if (!other->instead) return;
    bytes_copy(other->instead, environ, count * sizeof *environ);
    other->instead[count] = other->variable;
    other->instead[count + 1] = NULL;
    other->before = environ;
    environ = other->instead;
}
static void unset(struct other_environment *other) {
    if (!other->instead) return;
    environ = other->before;
    free(other->instead);
}

/* With LOCPATH glibc leaves the archive of locales alone, so it is told only where the container has none. */
static void locales_for_now(struct other_environment *other, const char *name) {
    other->instead = NULL;
    if (name && !library.musl && CALL(access, "/usr/lib/locale/locale-archive", 0) < 0) set_for_now(other, "LOCPATH", "/usr/lib/locale");
}

typedef char *setlocale_function(int category, const char *name);
char *lib_setlocale(int category, const char *name) EXPORTED("setlocale");
char *lib_setlocale(int category, const char *name) {
    struct other_environment other;
    locales_for_now(&other, name);
    char *result = LIBC(setlocale_function, setlocale)(category, name);
    unset(&other);
    return result;
}
typedef locale_t newlocale_function(int categories, const char *name, locale_t base);
locale_t lib_newlocale(int categories, const char *name, locale_t base) EXPORTED("newlocale");
ALSO(__newlocale, newlocale);
locale_t lib_newlocale(int categories, const char *name, locale_t base) {
    struct other_environment other;
    locales_for_now(&other, name);
    const locale_t result = LIBC(newlocale_function, newlocale)(categories, name, base);
    unset(&other);
    return result;
}

typedef void *iconv_open_function(const char *to, const char *from);
void *lib_iconv_open(const char *to, const char *from) EXPORTED("iconv_open");
void *lib_iconv_open(const char *to, const char *from) {
    static const char *const DIRECTORIES[] = {"/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib64/gconv", "/usr/lib/gconv"};
    struct other_environment other = {.instead = NULL};
    for (unsigned i = 0; !library.musl && !other.instead && i < sizeof DIRECTORIES / sizeof *DIRECTORIES; i++) set_for_now(&other, "GCONV_PATH", DIRECTORIES[i]);
    void *result = LIBC(iconv_open_function, iconv_open)(to, from);
    unset(&other);
    return result;
}

typedef char *bindtextdomain_function(const char *domain, const char *directory);
char *lib_bindtextdomain(const char *domain, const char *directory) EXPORTED("bindtextdomain");
char *lib_bindtextdomain(const char *domain, const char *directory) {
    char host[PATH_ROOM];
    struct place place = {directory, host};
    const bool found = directory && *directory == '/' && engine_do(find_directory, &place) == 0;
    return LIBC(bindtextdomain_function, bindtextdomain)(domain, found ? host : directory);
}

/* ---- refused */

int lib_wordexp(const char *words, void *to, int flags) EXPORTED("wordexp");
int lib_wordexp(const char *words, void *to, int flags) { /* it starts a shell, of the host's */
    enum { NO_SPACE = 1 };
    return (void)words, (void)to, (void)flags, NO_SPACE;
}
void *lib_fts_open(char *const *paths, int options, int (*compare)(const void **, const void **)) EXPORTED("fts_open");
ALSO(fts64_open, fts_open);
void *lib_fts_open(char *const *paths, int options, int (*compare)(const void **, const void **)) {
    return (void)paths, (void)options, (void)compare, set_errno(ENOSYS), NULL;
}
