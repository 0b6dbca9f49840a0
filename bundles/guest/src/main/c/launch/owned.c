#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owners.h"
#include "ownerlist.h"

static struct root_place owned;

static bool give(int fd, uid_t uid, gid_t gid, mode_t mode) {
    const struct root_file file = {fd, NULL};
    struct root_host host;
    int error = root_host(&file, &host);
    const struct root_node node = {.mode = (host.mode & S_IFMT) | (S_ISLNK(host.mode) ? 0777 : mode & 07777), .uid = uid, .gid = gid};
    if (!error) error = root_keep(&owned, &file, &host, &node);
    errno = -error;
    return !error;
}

void owners_keep(const struct plan *plan) {
    const char *tree = plan->root.path;
    static struct root_table table;
    struct stat status;
    AUTO_CLOSE int root = tree ? open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0 || fstat(root, &status) != 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", tree ? tree : "none", strerror(errno));
    const int error = root_table_open(&table, in_container("root.table"), status.st_ino);
    if (error < 0) die(STATUS_LICHEN, "cannot open the table of owners (root.table in the container directory): %s", strerror(-error));
    owned = (struct root_place){.host_uid = geteuid(), .attributes = true, .table = &table};
    if (plan->owners) owner_list_apply(root, plan->owners, give);
}
