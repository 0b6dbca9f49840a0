#include "removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEEPEST = 64 };

struct removal {
    int top;         /* the tree's own directory: what lies too deep is moved up into it */
    unsigned moved;
    bool again;      /* something was moved */
    int error;       /* first failure */
};

/* Opens a directory for listing and changing, whatever its mode says. */
static int open_directory(int parent, const char *name) {
    struct stat status;
    AUTO_CLOSE int path = openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    if (path < 0) return -1;
    if (fstat(path, &status) == 0 && (status.st_mode & 0700) != 0700) {
        char self[32];
        snprintf(self, sizeof self, "/proc/self/fd/%d", path);
        (void)chmod(self, 0700); /* through the descriptor: the name could be a link by now */
    }
    return openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void note(struct removal *removal) {
    if (!removal->error && errno != ENOENT) removal->error = errno;
}

static void empty(struct removal *removal, int parent, const char *name, int depth);

static void remove_entry(struct removal *removal, int directory, const char *name, int depth) {
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) {
        note(removal);
        return;
    }
    if (depth >= DEEPEST) {
        char up[32];
        AUTO_CLOSE int opened = open_directory(directory, name); /* makes it writable: its `..` is going to change */
        snprintf(up, sizeof up, ".deep-%u", removal->moved++);
        if (opened >= 0 && renameat(directory, name, removal->top, up) == 0) {
            removal->again = true;
            return;
        }
    }
    empty(removal, directory, name, depth + 1);
    if (unlinkat(directory, name, AT_REMOVEDIR) != 0) note(removal);
}

/* Removes what is in parent/name. */
static void empty(struct removal *removal, int parent, const char *name, int depth) {
    int fd = open_directory(parent, name);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list) {
        note(removal);
        if (fd >= 0) close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) remove_entry(removal, fd, entry->d_name, depth);
    closedir(list);
}

bool remove_all(int directory, const char *name) {
    struct removal removal = {0};
    bool itself = !strcmp(name, "."); /* cannot be removed by that name: then it is enough that it is empty */
    if (!itself && (unlinkat(directory, name, 0) == 0 || errno == ENOENT)) return true;
    removal.top = open_directory(directory, name);
    if (removal.top < 0) return false;
    do {
        removal.again = false;
        removal.error = 0;
        empty(&removal, directory, name, 0);
    } while (removal.again);
    close(removal.top);
    if (itself ? !removal.error : unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    if (removal.error) errno = removal.error;
    return false;
}
