#include "owned.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calls.h"
#include "launch.h"
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

static void open_table(const char *tree) {
    static struct root_table table;
    struct stat status;
    if (stat(tree, &status) != 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", tree, strerror(errno));
    const int error = root_table_open(&table, in_container("root.table"), status.st_ino);
    if (error < 0) die(STATUS_LICHEN, "cannot open the table of owners (root.table in the container directory): %s", strerror(-error));
    owned = (struct root_place){.host_uid = geteuid(), .attributes = true, .table = &table};
}

void owners_kept_above(struct union_config *tree, const char *const *indexes) {
    static struct root_index opened[UNION_LAYERS];
    static struct root_lowers lowers;
    static struct root_union in = {&lowers, &owned};
    open_table(tree->layers[0].host);
    root_lowers_map(&lowers, opened, indexes + 1, tree->layer_count - 1, &owned);
    tree->copied = root_union_copied;
    tree->data = &in;
}

void owners_keep(const struct plan *plan) {
    const char *tree = plan->root.path;
    AUTO_CLOSE int root = tree ? open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", tree ? tree : "none", strerror(errno));
    open_table(tree);
    if (plan->owners) owner_list_apply(root, plan->owners, give);
}
