/* A record: what the guest is to see of one file, kept where the guest could write it too, and so believed only when it makes sense.
 *
 *     offset  0        4          6         8      10       12    16    20      24     28
 *             | "LSt1" | on disk  | before  | mode | 0      | uid | gid | major | minor |     big endian; docs/FORMATS.md, 8
 *
 * It was written for the mode that the file has on disk, or while that is being changed for the mode before as well; with any other it is void, for then somebody has changed
 * the mode who knows nothing of records, and what he has set is to be seen. Pure; runs anywhere. */
#ifndef LICHEN_ROOT_RECORD_H
#define LICHEN_ROOT_RECORD_H

#include <stddef.h>

#include "node.h"

#define ROOT_RECORD_NAME "user.lichen.stat"
enum { ROOT_RECORD_SIZE = 28 };

void root_record_write(unsigned char record[ROOT_RECORD_SIZE], uint32_t on_disk, uint32_t before, const struct root_node *node);
/* Whether a file with this mode on disk can show this node: a device takes the place of a regular file, no other kind that of another. */
bool root_sensible(const struct root_node *node, uint32_t host_mode);
/* false, and *node unchanged: it is no record, or void for a file that has this mode on disk. */
bool root_record_read(const unsigned char *record, size_t size, uint32_t host_mode, struct root_node *node);

#endif
