#include "node.h"

#include <stddef.h>

struct root_host root_host_of_stat(const struct stat *status) {
    return (struct root_host){status->st_mode, status->st_uid, status->st_gid, (uint32_t)status->st_nlink, status->st_ino};
}

struct root_host root_host_of_statx(const struct statx *status) {
    return (struct root_host){status->stx_mode, status->stx_uid, status->stx_gid, status->stx_nlink, status->stx_ino};
}

struct root_node root_plain(const struct root_place *place, const struct root_host *host) {
    bool ours = host->uid == place->host_uid;
    /* A directory of ours may have any of our groups on the host, handed down by setgid: it is ours all the same. */
    return (struct root_node){host->mode, ours ? place->uid : host->uid, ours ? place->gid : host->gid, 0, 0};
}

uint32_t root_disk_mode(uint32_t host_mode, const struct root_node *node) {
    if (S_ISLNK(host_mode)) return host_mode;
    if (S_ISDIR(host_mode)) return S_IFDIR | (node->mode & 01777) | 0700;
    return (host_mode & S_IFMT) | (node->mode & 0777) | 0600;
}

bool root_same(const struct root_node *a, const struct root_node *b) {
    return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->major == b->major && a->minor == b->minor;
}

/* Of a device of the host's the number is not in the node, and what the kernel says is right; so it is of a recorded 0:0, which is a file. */
static bool is_recorded_device(const struct root_node *node) { return (S_ISCHR(node->mode) || S_ISBLK(node->mode)) && (node->major || node->minor); }

void root_show_stat(struct stat *status, const struct root_node *node) {
    status->st_mode = node->mode;
    status->st_uid = node->uid;
    status->st_gid = node->gid;
    if (is_recorded_device(node)) /* the kernel's encoding, new_encode_dev */
        status->st_rdev = (node->minor & 0xff) | (node->major & 0xfff) << 8 | (node->minor & 0xfff00) << 12;
}

void root_show_statx(struct statx *status, const struct root_node *node) {
    status->stx_mode = (uint16_t)node->mode;
    status->stx_uid = node->uid;
    status->stx_gid = node->gid;
    if (is_recorded_device(node)) {
        status->stx_rdev_major = node->major;
        status->stx_rdev_minor = node->minor;
    }
}

const char *root_device_path(const struct root_node *node) {
    static const struct {
        uint32_t major, minor;
        char path[16];
    } OPEN_TO_ALL[] = {{1, 3, "/dev/null"}, {1, 5, "/dev/zero"}, {1, 7, "/dev/full"}, {1, 8, "/dev/random"}, {1, 9, "/dev/urandom"}, {5, 0, "/dev/tty"}, {5, 2, "/dev/ptmx"}};
    for (size_t i = 0; S_ISCHR(node->mode) && i < sizeof OPEN_TO_ALL / sizeof *OPEN_TO_ALL; i++)
        if (OPEN_TO_ALL[i].major == node->major && OPEN_TO_ALL[i].minor == node->minor) return OPEN_TO_ALL[i].path;
    return NULL;
}
