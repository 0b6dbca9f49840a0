/* The minimal /dev: a tmpfs with the devices of the host that are safe for everyone, and a terminal file system of its own. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounts.h"
#include "walk.h"

static const char *const DEVICES[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
    const char *name, *to;
} LINKS[] = {{"fd", "/proc/self/fd"},        {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
             {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A device node cannot be made in a user namespace, so the host's is bound. One that the host lacks (a sandbox around us) is left out. */
static void bind_device(int dev, const char *name) {
    AUTO_FREE char *source = must_format("/dev/%s", name);
    if (access(source, F_OK) != 0) return;
    AUTO_CLOSE int made = openat(dev, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    AUTO_CLOSE int at = openat(dev, name, O_PATH | O_CLOEXEC);
    if (at < 0) mount_failed(source, source);
    AUTO_CLOSE int top = bind_onto(source, at, OPT_NOSUID | OPT_NOEXEC | OPT_NOREC);
    if (top < 0) mount_failed(source, source);
}

static void mount_in(int dev, const char *name, const char *type, unsigned long flags, const char *data, const char *second) {
    if (mkdirat(dev, name, 0755) != 0 && errno != EEXIST) mount_failed(type, name);
    AUTO_CLOSE int at = openat(dev, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0 || (mount(type, fd_path(at), type, flags, data) != 0 && (!second || mount(type, fd_path(at), type, flags, second) != 0))) mount_failed(type, name);
}

void mount_dev(struct tree *tree, const struct op *op) {
    AUTO_CLOSE int at = walk_open(tree->root, op->target, WALK_MAKE_DIRECTORY);
    if (at < 0) mount_failed("dev", op->target);
    if (mount("tmpfs", fd_path(at), "tmpfs", MS_NOSUID | (mount_flags(op->options) & MS_NOEXEC), "mode=0755,size=65536k") != 0) mount_failed("tmpfs", op->target);
    AUTO_CLOSE int dev = walk_open(tree->root, op->target, WALK_EXISTING);
    if (dev < 0) mount_failed("tmpfs", op->target);

    for (size_t i = 0; i < COUNT(DEVICES); i++) bind_device(dev, DEVICES[i]);
    for (size_t i = 0; i < COUNT(LINKS); i++)
        if (symlinkat(LINKS[i].to, dev, LINKS[i].name) != 0) mount_failed(LINKS[i].name, op->target);
    /* Group 5 is tty in every distribution; it is mapped only with id ranges, and not in all of them. Asking for it in vain costs as much as the rest of /dev. */
    static const char PLAIN[] = "newinstance,ptmxmode=0666,mode=0620";
    bool ranges = tree->plan->identity == IDENTITY_RANGES;
    mount_in(dev, "pts", "devpts", MS_NOSUID | MS_NOEXEC, ranges ? "newinstance,ptmxmode=0666,mode=0620,gid=5" : PLAIN, ranges ? PLAIN : NULL);
    AUTO_FREE char *shm = must_format("mode=1777,%s", op->data ? op->data : "size=65536k");
    mount_in(dev, "shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, shm, NULL);
    if (op->options & OPT_RO && !mount_restrict(dev, OPT_RO | OPT_NOREC)) mount_failed("read-only", op->target);
}
