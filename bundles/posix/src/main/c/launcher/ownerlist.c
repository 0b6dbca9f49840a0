#include "ownerlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "walk.h"

static bool apply(int root, uid_t uid, gid_t gid, mode_t mode, const char *path, owner_give *give) {
    AUTO_CLOSE int fd = walk_plain(root, path);
    return fd < 0 ? errno == ENOENT || errno == ELOOP : give(fd, uid, gid, mode);
}

static _Noreturn void malformed(const char *list) { die(STATUS_LICHEN, "cannot apply the owners of the image (%s): the list is damaged", list); }

void owner_list_apply(int root, const char *list, owner_give *give) {
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
        if (!apply(root, uid, gid, (mode_t)mode, entry + begun, give))
            die(STATUS_LICHEN, "cannot give %s in the container to uid %u, gid %u: %s", entry + begun, uid, gid,
                errno == EINVAL ? "the id is not in the ranges of this user" : strerror(errno));
        at += strlen(entry) + 1;
    }
    bytes_clear(&text);
    AUTO_FREE char *applied = must_format("%s.applied", list);
    if (rename(list, applied) != 0) die(STATUS_LICHEN, "cannot mark the owners as applied (%s): %s", list, strerror(errno));
}
