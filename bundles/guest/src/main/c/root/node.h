/* What the guest sees of a file, and how it follows from what is on disk.
 *
 * On disk everything belongs to one user. A *node* is the guest's view: owner, mode, kind and device number. It comes from the record of the file (record.h) or, in a lower
 * layer, from what the image says (layerindex.h), and where neither says anything, from the file itself. Pure; runs anywhere. */
#ifndef LICHEN_ROOT_NODE_H
#define LICHEN_ROOT_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct root_node {
    uint32_t mode; /* with the type; a device has its own, though a regular file stands for it */
    uint32_t uid, gid;
    uint32_t major, minor; /* of a device, else 0 */
};

/* The part of the host's stat that matters here. */
struct root_host {
    uint32_t mode, uid, gid, links;
    uint64_t inode;
};

struct root_table;

/* A part of the guest's file tree and how owners are kept in it: the upper, a lower layer, a volume. Made once, then constant. */
struct root_place {
    uint32_t host_uid;  /* who we are on the host */
    uint32_t uid, gid;  /* the guest owner of our files that nothing is recorded about: 0:0, or in a bound host directory the container's first user */
    bool attributes;    /* records lie in user attributes */
    const struct root_table *table; /* where they lie otherwise; may be NULL */
};

struct root_host root_host_of_stat(const struct stat *status);
struct root_host root_host_of_statx(const struct statx *status);

/* The view of a file that nothing is known about. What others own on the host keeps its owner. */
struct root_node root_plain(const struct root_place *place, const struct root_host *host);
/* The mode on disk of a file that shows this node: what the owner needs to work with it, and never setuid or setgid. */
uint32_t root_disk_mode(uint32_t host_mode, const struct root_node *node);
bool root_same(const struct root_node *a, const struct root_node *b);

/* Puts the node into what the kernel said; everything else stays. */
void root_show_stat(struct stat *status, const struct root_node *node);
void root_show_statx(struct statx *status, const struct root_node *node);

/* The host's own device node that a guest may open in place of one that it or its image has made, or NULL: opening it fails as that of a device without a driver, ENXIO. */
const char *root_device_path(const struct root_node *node);

#endif
