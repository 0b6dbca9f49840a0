#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "emulation.h"
#include "mounts.h"
#include "owners.h"
#include "union.h"
#include "walk.h"

static int mount_tree(const char *path) {
    AUTO_CLOSE int at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", path, strerror(errno));
    int root = bind_onto(path, at, 0);
    if (root < 0) mount_failed(path, "/");
    return root;
}

int root_mount(const struct plan *plan) {
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0) die(STATUS_LICHEN, "cannot separate the mounts from the host's: %s", strerror(errno));
    return plan->root.path ? mount_tree(plan->root.path) : union_mount(plan);
}

/* pivot_root is refused where the present root is the initial ramfs; there the new root is moved over it. */
static void change_root(int root) {
    if (fchdir(root) != 0) die(STATUS_LICHEN, "cannot enter the new root: %s", strerror(errno));
    if (syscall(SYS_pivot_root, ".", ".") == 0) {
        if (umount2(".", MNT_DETACH) != 0) die(STATUS_LICHEN, "cannot leave the host's root: %s", strerror(errno));
    } else if (errno != EINVAL || mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0) {
        die(STATUS_LICHEN, "cannot change the root: %s", strerror(errno));
    }
    if (chdir("/") != 0) die(STATUS_LICHEN, "cannot enter the new root: %s", strerror(errno));
}

/* The working directory of a start is made when it is missing; what goes wrong here is told when it is entered. */
static void make_directory(const struct tree *tree, const char *path) {
    AUTO_CLOSE int fd = path && *path ? walk_open(tree->root, path, WALK_MAKE_DIRECTORY) : -1;
    (void)fd;
}

void root_build(const struct plan *plan, int root) {
    struct tree tree = {.root = root, .scratch = -1, .plan = plan};
    if (plan->owners && plan->identity != IDENTITY_FULL) owners_apply(tree.root, plan->owners);
    for (size_t i = 0; i < plan->op_count; i++) mount_op(&tree, &plan->ops[i]);
    if (plan->identity == IDENTITY_FULL) emulation_place(&tree);
    make_directory(&tree, plan->guest.directory);
    if (plan->root.read_only && !mount_restrict(tree.root, OPT_RO | OPT_NOREC)) mount_failed("read-only", "/");
    change_root(tree.root);
    close(tree.root);
    if (tree.scratch >= 0) close(tree.scratch);
}
