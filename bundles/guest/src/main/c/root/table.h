/* The side table: records of files that cannot carry an attribute, which are links, fifos and sockets everywhere and all files where the filesystem has no user attributes.
 *
 * One file for each upper, beside it and so out of the guest's sight. The key is the inode, so a rename has nothing to move and a hard link nothing to copy. Records on the
 * parent directory were refused: all attributes of an ext4 directory share one block, which holds about 50 records (measured), they would have to follow every rename, and a
 * kill between the two would part them.
 *
 * Readers map the file once and take no lock. A slot is 64 bytes with a check sum and is written by one pwrite, which a kill cannot cut in two; a reader that sees half of one
 * looks again. There are levels, each twice as large as the one before; a slot is looked for in a window of each level, and a new level is added when no window of a key has
 * room. So nothing is ever moved. */
#ifndef LICHEN_ROOT_TABLE_H
#define LICHEN_ROOT_TABLE_H

#include "record.h"

enum { ROOT_TABLE_LEVELS = 14, ROOT_TABLE_FIRST = 256, ROOT_TABLE_WINDOW = 32, ROOT_SLOT_SIZE = 64, ROOT_TABLE_HEADER = 4096 };
/* Address space that the mapping takes; the file is as long as its levels, and sparse. */
#define ROOT_TABLE_SPAN (ROOT_TABLE_HEADER + (unsigned long)ROOT_TABLE_FIRST * ((1ul << ROOT_TABLE_LEVELS) - 1) * ROOT_SLOT_SIZE)

struct root_table {
    const char *path; /* absolute, on the host */
    const unsigned char *map;
};

/* A file, told from a later one with the same inode number by its time of birth; zero where the filesystem has none. */
struct root_file_id {
    uint64_t inode, seconds;
    uint32_t nanoseconds;
};

struct root_slot {
    struct root_file_id file;
    unsigned char record[ROOT_RECORD_SIZE];
};

/* Opens the table of the upper whose root has this inode, and maps it; makes it where there is none, where it is damaged, or where it came here by copying an upper whose files
   had other inodes. Once, at the start of a container's process; the path must stay. 0 or -errno. */
int root_table_open(struct root_table *table, const char *path, uint64_t upper);
/* In a guest's thread, also in a vfork child; no system call. */
bool root_table_find(const struct root_table *table, uint64_t inode, struct root_slot *slot);
/* In a guest's thread, also in a vfork child; opens and closes a descriptor. 0 or -errno. */
int root_table_put(const struct root_table *table, const struct root_slot *slot);
/* Forgets an inode; nothing is done, and no system call made, for one that is not there. */
int root_table_drop(const struct root_table *table, uint64_t inode);

/* Keeps others, also threads of this process, from changing what this number stands for; root_unlock takes the result. Waits a second at most and then goes on without: whoever
   holds it may have been stopped, or killed while a forked child still has the descriptor, and a hang is worse than two changes of one file at once. */
enum { ROOT_LOCK_TABLE = 0, ROOT_LOCK_INODES = 1 };
int root_lock(const char *path, uint64_t number);
void root_unlock(int lock, uint64_t number);

#endif
