#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>

#include "syscalls.h"

enum call { CHOWN, CHMOD, WROTE };
struct arguments {
    enum call call;
    uint32_t a, b;
};

static int decide(const struct root_who *who, const struct arguments *arguments, struct root_node *node) {
    switch (arguments->call) {
        case CHOWN: return root_chown_node(who, node, arguments->a, arguments->b);
        case CHMOD: return root_chmod_node(who, node, arguments->a);
        case WROTE: root_write_node(who, node); return 0;
    }
    return -ENOSYS;
}

static int change(const struct root_place *place, const struct root_who *who, const struct root_file *held, const struct arguments *arguments) {
    struct root_host host;
    struct root_node before, node;
    int error = root_host(held, &host);
    if (error) return error;
    int lock = place->table ? root_lock(place->table->path, ROOT_LOCK_INODES + host.inode) : -1;
    error = root_host(held, &host); /* as it is now that it cannot change */
    if (!error) error = root_look(place, held, &host, &before);
    node = before;
    if (!error) error = decide(who, arguments, &node);
    if (!error && !root_same(&before, &node)) error = root_keep(place, held, &host, &node);
    root_unlock(lock, ROOT_LOCK_INODES + host.inode);
    return error;
}

/* By a descriptor that stands for the file whatever becomes of its name. */
static int change_held(const struct root_place *place, const struct root_who *who, const struct root_file *file, const struct arguments *arguments) {
    if (!file->name) return change(place, who, file, arguments);
    struct root_file held = {(int)SYS(openat, file->dir, file->name, O_PATH | O_NOFOLLOW | O_CLOEXEC), NULL};
    if (held.dir < 0) return held.dir;
    int error = change(place, who, &held, arguments);
    SYS(close, held.dir);
    return error;
}

int root_chown(const struct root_place *place, const struct root_who *who, const struct root_file *file, uint32_t uid, uint32_t gid) {
    return change_held(place, who, file, &(struct arguments){CHOWN, uid, gid});
}

int root_chmod(const struct root_place *place, const struct root_who *who, const struct root_file *file, uint32_t mode) {
    return change_held(place, who, file, &(struct arguments){CHMOD, mode, 0});
}

int root_wrote(const struct root_place *place, const struct root_who *who, const struct root_file *file) {
    return root_able(who, CAP_FSETID) ? 0 : change_held(place, who, file, &(struct arguments){WROTE, 0, 0});
}

uint32_t root_made_of(const struct root_node *node) {
    bool device = S_ISCHR(node->mode) || S_ISBLK(node->mode);
    return root_disk_mode(device ? S_IFREG : node->mode, node);
}

int root_made(const struct root_place *place, const struct root_file *file, const struct root_node *node) {
    struct root_host host;
    return root_keep(place, file, &host, node);
}

int root_copied_up(const struct root_lowers *lowers, unsigned layer, const char *path, const struct root_place *upper, int fd) {
    const struct root_file copy = {fd, NULL};
    struct root_host host;
    int error = root_host(&copy, &host);
    if (error) return error;
    struct root_node node = root_look_lower(lowers, layer, path, &host);
    return root_keep(upper, &copy, &host, &node);
}

long root_union_copied(void *root_union, unsigned layer, const char *guest, int fd) {
    const struct root_union *in = root_union;
    return root_copied_up(in->lowers, layer - 1, *guest == '/' ? guest + 1 : guest, in->upper, fd);
}
