#include "owners.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ownerlist.h"

/* The mode comes after the owner, for chown clears the setuid bits. */
static bool give(int fd, uid_t uid, gid_t gid, mode_t mode) {
    struct stat status;
    if (fchownat(fd, "", uid, gid, AT_EMPTY_PATH) != 0 || fstat(fd, &status) != 0) return false;
    if (S_ISLNK(status.st_mode)) return true;
    AUTO_FREE char *self = must_format("/proc/self/fd/%d", fd);
    return chmod(self, mode & 07777) == 0;
}

void owners_apply(int root, const char *list) { owner_list_apply(root, list, give); }
