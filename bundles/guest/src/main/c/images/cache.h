/* The images of a stage: one directory, of its owner alone, with a file for each ELF file. Anybody may remove what is in it at any time; who has an image mapped keeps it. */
#ifndef LICHEN_IMAGE_CACHE_H
#define LICHEN_IMAGE_CACHE_H

#include "image.h"

/* The image of the file that `fd` is open on, made if there is none yet: a descriptor to map it from, with its header; or -errno: -ENOEXEC if it is no ELF file. */
long image_open(const char *directory, int fd, const struct image_engine *engine, struct image_header *header);

/* The image that a mapping is of, by the path that /proc tells of it, perhaps with " (deleted)" behind it: its key's device and inode, and its header, whose part_count is 0 when it cannot be read any
 * more. False: it is none of this directory's. */
bool image_mapped(const char *directory, const char *path, size_t size, uint64_t *device, uint64_t *inode, struct image_header *header);

#endif
