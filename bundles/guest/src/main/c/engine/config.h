/* What the processes of a container have in common: a block of memory that the launcher writes to a file before the first of them starts, and that each maps, read only, at
   ENGINE_CONFIG. Its pointers hold there. */
#ifndef LICHEN_ENGINE_CONFIG_H
#define LICHEN_ENGINE_CONFIG_H

#include "layout.h"
#include "union.h"

/* What can change while the container runs. Texts and tables are added to the end of the block and never change there; a word then says that they count. So nobody who reads needs a
 * lock. The launcher's program alone writes (launch/change.c). */
struct live_rule {
    const char *program, *path; /* of the guest, canonical; "" is the root */
    uint32_t program_size, path_size;
    uint32_t allowed;
};
struct live_rules {
    uint64_t count;
    struct live_rule list[];
};
/* A variable of the guest's environment that has got another value, at execve: what has a value of its own keeps it. */
struct live_variable {
    const char *name, *assignment; /* assignment `NAME=VALUE`, or NULL: there is none any more */
    uint64_t name_size;
    const char *const *formers;    /* assignments that it had before */
    uint32_t former_count;
    uint32_t absent;               /* or it had none */
};
struct live_variables {
    uint64_t count;
    struct live_variable list[];
};
struct live {
    uint32_t bind_count, bind_room;
    const struct live_rules *rules;         /* or NULL */
    const struct live_variables *variables; /* or NULL */
    uint64_t used;                          /* of the block */
};

#define ENGINE_MAGIC "lichen1"
enum engine_identity { ENGINE_SINGLE, ENGINE_FULL };

struct engine_config {
    char magic[8];
    uint64_t size;
    struct union_config tree; /* without `cache`, `copied` and `data`, which each process has to find for itself */
    const char *path;         /* this file */
    const char *stage;        /* the program that every process of the guest begins as */
    const char *images;       /* the directory of rewritten images; or NULL: code is executed as it is */
    const char *preload;      /* the engine as a library that the guest's dynamic linker loads; or NULL: programs are mapped by the stage */
    const char *cache;        /* shared memory of tree.cache_slots slots, a file that was empty at the start; or NULL */
    const char *const *indexes; /* of a union whose root is emulated: of each layer its binary index (root/layerindex.h), or NULL */
    const char *book, *table; /* of root emulation; the side table is made where it is missing */
    uint64_t upper_inode, upper_device; /* of the tree's root on disk */
    uint32_t identity;
    uint32_t host_uid, host_gid;
    uint32_t first_uid, first_gid; /* of the container's first process: whom directories of the host belong to that are bound into it */
    struct live live;
    const char *own;               /* the directory of bound files that are the container's own, or NULL */
};

/* From one program to the next, and from the launcher to the first, goes the last string of the environment, which the guest does not see:
 *
 *     ENGINE_STATE config SEP flags SEP program SEP interpreter SEP executable SEP file name NUL
 *
 * config: path of the block; program: host path of the ELF file, or of the descriptor that it is on; interpreter: that of
 * its interpreter; executable: what /proc/self/exe tells; file name: what execve was given.
 * flags: `f` the first program, found by argv[0] and the guest's PATH (the rest is empty); `c` close the descriptor; `s` secure (AT_SECURE); `n` the
 * filter is there already (nest.h); `t` a tracer waits for it. */
#define ENGINE_STATE "\177LICHEN="
#define ENGINE_SEPARATOR '\037'

#endif
