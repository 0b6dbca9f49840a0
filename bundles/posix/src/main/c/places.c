#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LONGEST_RUN = 60 }; /* so that the path of a socket below fits into sockaddr_un */

void make_private(const char *path) {
    struct stat status;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) die(STATUS_LICHEN, "cannot make a directory (%s): %s", path, strerror(errno));
    if (lstat(path, &status) != 0) die(STATUS_LICHEN, "cannot use the directory %s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        die(STATUS_LICHEN, "cannot use the directory %s: it is not a directory of this user\nhint: somebody else has made it; set XDG_RUNTIME_DIR to a directory of yours", path);
    if ((status.st_mode & 0777) != 0700 && chmod(path, 0700) != 0) die(STATUS_LICHEN, "cannot protect the directory %s: %s", path, strerror(errno));
}

static bool is_ours(const char *path) {
    struct stat status;
    return path && path[0] == '/' && strlen(path) <= LONGEST_RUN && stat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid();
}

char *run_directory(void) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char *path = is_ours(runtime) ? must_format("%s/lichen", runtime) : must_format("/tmp/lichen-%u", geteuid());
    make_private(path);
    return path;
}

/* The home in /etc/passwd without NSS, for a caller without HOME. */
static char *passwd_home(void) {
    FILE *file = fopen("/etc/passwd", "re");
    char *home = NULL;
    for (struct passwd *entry; file && !home && (entry = fgetpwent(file));)
        if (entry->pw_uid == geteuid()) home = must_copy(entry->pw_dir);
    if (file) fclose(file);
    return home;
}

static char *absolute(char *path) {
    char here[PATH_MAX];
    if (path[0] == '/' || !getcwd(here, sizeof here)) return path;
    char *full = must_format("%s/%s", here, path);
    free(path);
    return full;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

char *home_directory(const char *home) {
    if (!home) home = variable("LICHEN_HOME");
    if (home) return absolute(must_copy(home));
    const char *data = variable("XDG_DATA_HOME");
    if (data && data[0] == '/') return must_format("%s/lichen", data); /* the specification says to ignore a relative one */
    AUTO_FREE char *user = variable("HOME") ? must_copy(variable("HOME")) : passwd_home();
    if (!user) die(STATUS_LICHEN, "cannot find the home directory: HOME is not set\nhint: set HOME or LICHEN_HOME, or give --home DIR");
    return absolute(must_format("%s/.local/share/lichen", user));
}

static bool lock(int fd, int command) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int result;
    do result = fcntl(fd, command, &whole);
    while (result != 0 && errno == EINTR);
    if (result != 0 && errno == EACCES) errno = EAGAIN;
    return result == 0;
}

bool lock_try(int fd) { return lock(fd, F_OFD_SETLK); }
bool lock_wait(int fd) { return lock(fd, F_OFD_SETLKW); }

bool lock_part(int fd, enum lock_part part, bool alone) {
    struct flock one = {.l_type = alone ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET, .l_start = part, .l_len = 1};
    int result;
    do result = fcntl(fd, F_OFD_SETLKW, &one);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

void unlock_part(int fd, enum lock_part part) {
    struct flock one = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = part, .l_len = 1};
    (void)fcntl(fd, F_OFD_SETLK, &one);
}

bool lock_is_held(int fd) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static struct sockaddr_un address_of(int directory, const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
    return address;
}

int socket_listen(int directory, const char *name) {
    struct sockaddr_un address = address_of(directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    mode_t old = umask(0177);
    bool good = (unlinkat(directory, name, 0) == 0 || errno == ENOENT) && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 64) == 0;
    umask(old);
    if (good) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int socket_connect(int directory, const char *name) {
    struct sockaddr_un address = address_of(directory, name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool socket_is_ours(int fd) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}
