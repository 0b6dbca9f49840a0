/* The system calls that change owners and modes, for files in an upper or a volume; what lies in a lower layer is copied up before. Each looks, decides (rights.h) and keeps, with
 * other threads and processes of the container kept out of the same file meanwhile.
 *
 * In a guest's thread, perhaps in a vfork child, with the rights of the user on the host; under 2 KiB of stack. They block on nothing but another such call. 0 or -errno. */
#ifndef LICHEN_ROOT_CALLS_H
#define LICHEN_ROOT_CALLS_H

#include "layerindex.h"
#include "owners.h"
#include "rights.h"

int root_chown(const struct root_place *place, const struct root_who *who, const struct root_file *file, uint32_t uid, uint32_t gid);
int root_chmod(const struct root_place *place, const struct root_who *who, const struct root_file *file, uint32_t mode);

/* What is to be made on disk for a new node: mode for open, mkdir and mknod under umask 0; for a device it is an empty regular file. */
uint32_t root_made_of(const struct root_node *node);
/* After a file has been made (with O_EXCL or its like, so that it is known to be new). A kill between the two leaves a file of the place's default owner. */
int root_made(const struct root_place *place, const struct root_file *file, const struct root_node *node);
/* After a file is opened for writing or truncated by its name: setuid and setgid go as a write would make them go. */
int root_wrote(const struct root_place *place, const struct root_who *who, const struct root_file *file);

/* The union's hook: the copy of a lower's file, open on this descriptor (O_PATH for what cannot be opened), still under its temporary name. */
int root_copied_up(const struct root_lowers *lowers, unsigned layer, const char *path, const struct root_place *upper, int fd);

/* The same as union_config.copied (fs-uufs), with this as its data: the union counts the upper as layer 0, and its paths begin with a slash. */
struct root_union {
    const struct root_lowers *lowers; /* without the upper */
    const struct root_place *upper;
};
long root_union_copied(void *root_union, unsigned layer, const char *guest, int fd);

#endif
