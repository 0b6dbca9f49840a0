#include "owners.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walk.h"

/* The mode comes after the owner, for chown clears the setuid bits. */
static bool apply(int root, uid_t uid, gid_t gid, mode_t mode, const char *path) {
    AUTO_CLOSE int fd = walk_plain(root, path);
    struct stat status;
    if (fd < 0) return errno == ENOENT || errno == ELOOP;
    if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0 || fstat(fd, &status) != 0) return false;
    if (S_ISLNK(status.st_mode)) return true;
    AUTO_FREE char *self = must_format("/proc/self/fd/%d", fd);
    return chmod(self, mode & 07777) == 0;
}

static _Noreturn void malformed(const char *list) { die(STATUS_LICHEN, "cannot apply the owners of the image (%s): the list is damaged", list); }

void owners_apply(int root, const char *list) {
    struct bytes text = {0};
    if (!read_file(AT_FDCWD, list, &text)) {
        if (errno == ENOENT) return;
        die(STATUS_LICHEN, "cannot apply the owners of the image (%s): %s", list, strerror(errno));
    }
    if (text.size && text.data[text.size - 1]) malformed(list);
    for (size_t at = 0; at < text.size;) {
        const char *entry = (const char *)text.data + at;
        unsigned uid, gid, mode;
        int begun = 0;
        if (sscanf(entry, "%u %u %o %n", &uid, &gid, &mode, &begun) != 3 || !begun) malformed(list);
        if (!apply(root, uid, gid, (mode_t)mode, entry + begun))
            die(STATUS_LICHEN, "cannot give %s in the container to uid %u, gid %u: %s", entry + begun, uid, gid,
                errno == EINVAL ? "the id is not in the ranges of this user" : strerror(errno));
        at += strlen(entry) + 1;
    }
    bytes_clear(&text);
    AUTO_FREE char *applied = must_format("%s.applied", list);
    if (rename(list, applied) != 0) die(STATUS_LICHEN, "cannot mark the owners as applied (%s): %s", list, strerror(errno));
}
