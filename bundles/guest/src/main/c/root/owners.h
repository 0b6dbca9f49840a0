/* Finds and keeps what the guest sees of a file on disk.
 *
 * Everything here runs in a guest's thread, on its descriptors and perhaps in a vfork child, with the rights of the user on the host and no others; it may be on a small stack (under
 * 2 KiB are used). A change is whole after a kill at any point: the guest sees the old or the new node. Whoever looks in
 * the middle of one sees the right owner, and a mode that the file has had or will have. */
#ifndef LICHEN_ROOT_OWNERS_H
#define LICHEN_ROOT_OWNERS_H

#include "table.h"

/* How a file on the host is named; a link is never followed.
   name NULL: what the descriptor dir is open on (O_PATH is enough); name absolute, or dir AT_FDCWD: that path; else one name in the directory dir. */
struct root_file {
    int dir;
    const char *name;
};

/* The node of a file whose host stat is known. One getxattr for files and directories, none for others. 0 or -errno, as -ENOENT if the name is gone meanwhile. */
int root_look(const struct root_place *place, const struct root_file *file, const struct root_host *host, struct root_node *node);
/* Makes the guest see this node: mode on disk and record. *host is brought up to date. 0 or -errno. */
int root_keep(const struct root_place *place, const struct root_file *file, struct root_host *host, const struct root_node *node);
/* What the host says of a file. 0 or -errno. */
int root_host(const struct root_file *file, struct root_host *host);

/* To be called after a name is gone, with the host's stat from before: forgets the record of a file that had no other name. Only the side table needs it. */
void root_removed(const struct root_place *place, const struct root_host *before);

/* An own file without u+rw (a directory without u+rwx) on disk, left by a launcher whose kernel knew the guest's root: gives them to it, while the guest sees the mode as before.
   To be tried when the host refuses a file (EACCES) that the guest may open; 0: try again. */
int root_mend(const struct root_place *place, const struct root_file *file);

/* Whether the attribute is ours and does not exist for the guest; and a list of attributes (listxattr) without ours: its new size. */
bool root_hidden_attribute(const char *name);
long root_hide_attributes(char *list, long size);

#endif
