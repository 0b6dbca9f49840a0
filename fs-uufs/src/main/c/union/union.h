/* The union: several directory trees seen as one, the upper writable, as the kernel's overlayfs does it, but by system calls of the process itself.
 *
 * A freestanding library: no libc, no heap, no errno, no thread-local and no global state. It is called from arbitrary threads of a guest, with whatever stack and rights
 * they have. Functions answer >= 0 or -errno. What they need to remember lies in a `struct union_place` (20 KiB, given by the caller; never on a small stack) and in the
 * constant configuration; no function needs more than 2 KiB of stack, those it calls included. Signals: a call that was interrupted by SIGKILL leaves at most garbage in the
 * work directory; the caller sees to it that handlers of the guest do not run, and that nothing jumps out, in the middle of a call.
 *
 * Words: a guest path is one inside the container, a host path one of the machine. `place->guest` is canonical: "" is the root, else "/a/b", no link in it.
 *
 * On disk: docs/FORMATS.md section 7. Besides, in an upper:
 *   user.lichen.origin   on a file that was copied up: struct { u64 self, origin, links }: its own inode number (the record is void on any other file, say a copy of this
 *                        one with its attributes), the lower's, and how many links the lower had. Gives a file the same st_ino before and after.
 *   user.overlay.impure  on a directory that holds such files, as overlayfs marks it
 *   encoding aufs        a whiteout stays when something is created over it, for it never hides what its own layer has (a directory beside one is opaque). A file of the
 *                        guest whose name begins with `.wh.` is `.wh..wh.file.HASH`; a whiteout for a name that does not fit is `.wh..wh.gone.HASH`; for both
 *                        `.wh..wh.name.HASH` holds the name. HASH: 16 hexadecimal digits, FNV-1a of the name.
 *
 * DIFFERENCES from overlayfs (the model test knows each of them in one place; userxattr, no index, no redirect_dir):
 *   1. A descriptor of a lower file that was opened for reading keeps showing the lower after a copy-up; the kernel's switches to the copy. Reads are not intercepted.
 *   2. fchmod and the like through a descriptor of a lower file that has since been removed, replaced or renamed change nothing, and say 0. The kernel's change what was renamed,
 *      but bring back what was removed, or say EISDIR where a directory has taken its place.
 *   3. st_dev is that of the file system that holds the file, not one of the union's own.
 *   4. Removing or renaming a bind's mount point, or a directory above one, is EBUSY; the kernel moves mounts with the directory above them.
 *   5. A canonical path of PATH_MAX bytes or more, and a chain of links that expands to more than 8191 bytes, is ENAMETOOLONG; so is what counts from a descriptor, or lists it,
 *      whose path on the host is as long, for the kernel does not tell it.
 *   6. The lowers' access times do not change, but the group of a new file over a whiteout is that of the process also in a set-group-id directory; default ACLs likewise.
 *   7. Opening a lower's FIFO copies it up, so that two containers on one layer do not talk through it. Once it is removed, fchmod through the descriptor changes the copy alone,
 *      where the kernel does as in 2.
 *   8. user.lichen.* cannot be set (EPERM) and is not shown; where the file system has no user attributes, a copied-up file changes its st_ino.
 *   9. copy-up does not mark st_nlink of the other names of a hard link: like overlayfs without index, a name that is written to leaves its link.
 *  10. RENAME_WHITEOUT is EINVAL before the paths are looked at; the kernel looks first.
 *  11. Renaming one name of a file to another name of it changes nothing and is 0, as POSIX says; overlayfs may say ESTALE.
 *  12. Whiteouts that are left in a directory which is no longer merged are not listed; overlayfs lists their names.
 *  13. Where rename or link is given two wrong paths, a last name that is too long, or that is in a removed directory, is told of before the way to the other.
 *  14. All names of a file have one st_ino; overlayfs may show another for a name that was linked after a copy-up. Of a FIFO it makes two, and who reads from one name is not met
 *      by who writes to the other.
 *  15. A copy-up does not change the time of the directory above, and overlayfs does in some cases; removing what hides something changes it with aufs alone.
 *  16. Removing an attribute that a link, FIFO or socket cannot have is EPERM or ENODATA, not always the same.
 *  17. Opening "." of a removed directory for writing is ENOENT; the kernel says EISDIR.
 */
#ifndef LICHEN_UNION_H
#define LICHEN_UNION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNION_LAYERS = 128, UNION_PATH = 4096 };

/* How a layer says that something is absent. Plain: it cannot; for a single tree, and for binds. */
enum union_encoding { UNION_PLAIN, UNION_OVERLAY, UNION_AUFS };

/* Host paths are canonical (no link, no `..`, no slash at the end; the root is ""): they are compared with what the kernel says of descriptors. */
struct union_layer {
    const char *host;
    size_t size; /* strlen(host) */
    enum union_encoding encoding;
};
/* A host directory or file over a guest path. The mount point exists in the tree, as for mount(2). */
struct union_bind {
    const char *guest, *host;
    size_t guest_size, host_size;
    bool read_only;
    bool magic; /* it is a procfs: links that the kernel resolves by itself are translated */
    bool gone;  /* it is no more */
    const char *name; /* what it was called by whoever asked for it, who may want to be rid of it; or NULL */
};

struct union_mask {
    uint64_t bits[2];
};
/* Memory shared by all processes of a container, zeroed at first: what is known to be a directory, and of which layers. See cache.c. */
struct union_slot {
    uint64_t check;
    struct union_mask mask;
};
struct union_cache {
    uint64_t state;
    struct union_slot slots[];
};

struct union_place;
struct union_config {
    const struct union_layer *layers; /* the uppermost first */
    unsigned layer_count;             /* 1 … UNION_LAYERS */
    bool writable;                    /* layers[0] is the upper; else everything but binds is EROFS */
    bool sync;                        /* a copy is on the disk before it appears, as with overlayfs unless `volatile` */
    const char *work;                 /* host directory on the upper's file system, of this upper alone; not needed by a single plain tree */
    uint64_t device;                  /* st_dev of all directories where layers are on several file systems, else 0 */
    /* They may come and go while calls are being answered: a new one is whole before the count says that it is there, and what is gone stays in its place, so an index always means
     * the same. A later one hides an earlier one. */
    const struct union_bind *binds;
    const uint32_t *bind_count;       /* or NULL */
    /* Whether a path that was resolved to this place is kept from the caller: EACCES. May be NULL. */
    bool (*hidden)(const struct union_place *place);
    struct union_cache *cache;        /* or NULL */
    size_t cache_slots;               /* a power of two */
    /* Called when a copy is filled and not yet to be seen: the guest path of what was copied from which layer, and a descriptor of the copy (O_PATH unless it is a file or
     * directory). Mode and attributes that it sets stay. < 0 gives the copy up with that error. May be NULL. */
    long (*copied)(void *data, unsigned layer, const char *guest, int fd);
    void *data;
};

/* The kernel's struct stat of x86-64, which is also that of the C libraries there. */
struct union_status {
    uint64_t dev, ino, nlink;
    uint32_t mode, uid, gid, pad;
    uint64_t rdev;
    int64_t size, block_size, blocks;
    struct union_time {
        int64_t seconds, nanoseconds;
    } access, modify, change;
    int64_t unused[3];
};

enum union_last { UNION_NAME, UNION_DOT, UNION_DOTDOT, UNION_ROOT };

/* What a path means. Valid until union_release() or the next call with it. */
struct union_place {
    int dir;          /* AT_FDCWD, or a descriptor, where the host path is too long for the kernel; union_release() closes it */
    const char *path; /* of the host: absolute, or relative to dir. Not to be followed: use it with O_NOFOLLOW and the like (but see `magic`) */
    int layer;        /* where it was found, or -1: in a bind, or nowhere */
    int bind;         /* the bind it is in, or -1 */
    bool found;       /* only with UNION_CREATE it may not be */
    bool looked;      /* `status` is filled in: always, unless UNION_LAZY was given */
    bool magic;       /* a link of procfs to something outside of the container: to be followed */
    bool slash;       /* the path ended in a slash: it is, or will be, a directory */
    enum union_last last;
    struct union_mask parent, self; /* the layers that make up the directory above, and itself if it is one */
    int parent_bind;
    size_t size, name; /* of `guest`; where the last name begins in it */
    struct union_status status;
    int lock; /* the lock of the union while a call holds it, else -1 */
    char guest[UNION_PATH];
    char host[2 * UNION_PATH];
    _Alignas(8) char rest[2 * UNION_PATH];
};

enum {
    UNION_NOFOLLOW = 1,  /* a link at the end is the result (unless a slash follows) */
    UNION_CREATE = 2,    /* the last name need not exist */
    UNION_PARENT = 4,    /* the last name is going to be created, removed or renamed: not followed even before a slash, and need not exist */
    UNION_DIRECTORY = 8, /* else ENOTDIR */
    UNION_EMPTY = 16,    /* an empty path is the descriptor itself */
    UNION_LAZY = 32,     /* a last name that only a plain tree can have is not looked at (`found` says true): the caller's own call will tell. If that finds a link
                            where one would be followed, resolve again without */
};

/* Finds what `path` means, seen from the directory descriptor `dir` or AT_FDCWD (a descriptor of the host, as all that guests have). Reads only. -EXDEV: dir is outside. */
long union_resolve(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned flags);
void union_release(struct union_place *place);

/* The guest path of a host path, into place->guest, with the layer or bind. Asks nothing of the disk but names that are escaped. -EXDEV: it is outside. */
long union_detranslate(const struct union_config *u, struct union_place *place, const char *host, size_t size);
/* What a descriptor stands for, now. -ENOENT: it was removed or replaced; -EXDEV: it is outside. */
long union_behind(const struct union_config *u, struct union_place *place, int fd);

/* Around changes of binds: whoever is resolving a path begins again. Needs nothing but `cache`. */
void union_change_begin(const struct union_config *u);
void union_change_end(const struct union_config *u);

/* The calls of the same names, for guest paths. */
long union_open(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, unsigned mode);
long union_mkdir(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode);
long union_mknod(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode, uint64_t device);
long union_symlink(const struct union_config *u, struct union_place *place, const char *target, int dir, const char *path);
long union_link(const struct union_config *u, struct union_place *old, int old_dir, const char *old_path, struct union_place *new, int new_dir, const char *new_path,
                int flags);
long union_unlink(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags);
long union_rename(const struct union_config *u, struct union_place *old, int old_dir, const char *old_path, struct union_place *new, int new_dir, const char *new_path,
                  unsigned flags);
long union_readlink(const struct union_config *u, struct union_place *place, int dir, const char *path, char *buffer, size_t size);

/* stat, lstat, fstat (AT_EMPTY_PATH) with the inode and link numbers that a guest sees. */
long union_stat(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags, struct union_status *status);

/* For whatever changes attributes: copies up, and answers an O_PATH descriptor of the thing itself, never of a lower, to be closed. Change it through the name that
 * union_name_of_fd() makes, which cannot be led astray. -ESTALE: see difference 2. `flags`: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
long union_change(const struct union_config *u, struct union_place *place, int dir, const char *path, int flags);
enum { UNION_FD_NAME = 64 };
void union_name_of_fd(int fd, char name[UNION_FD_NAME]);
long union_chmod(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode, int flags);
long union_utimens(const struct union_config *u, struct union_place *place, int dir, const char *path, const struct union_time times[2], int flags);
long union_truncate(const struct union_config *u, struct union_place *place, int dir, const char *path, int64_t size);
long union_setxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, const void *value, size_t size, int how, int flags);
long union_removexattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, int flags);
long union_getxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, const char *name, void *value, size_t size, int flags);
long union_listxattr(const struct union_config *u, struct union_place *place, int dir, const char *path, char *names, size_t size, int flags);

/* An open directory. One that lies in a single layer is read with getdents64 as it is, each buffer given to union_filter(). A merged one is listed whole into memory of the
 * caller's at its first read, and again when it is read from position 0: that memory is the snapshot, and the caller keeps it with the open directory (say in a memfd). */
struct union_list {
    char *memory;
    size_t size; /* of the memory */
    size_t used; /* bytes of records, in front */
};
/* 1: a list is needed; 0: getdents64 and union_filter do. */
long union_merged(const struct union_config *u, struct union_place *place, int fd);
/* Fills the list. -ENOSPC: try again with more memory. */
long union_list(const struct union_config *u, struct union_place *place, int fd, struct union_list *list);
/* getdents64 on a list: records after `position` (0 at first, then d_off of the last record read) that fit. */
long union_list_read(const struct union_list *list, uint64_t position, void *buffer, size_t size);
/* Takes whiteouts out of `size` bytes that getdents64 read, and mends inode numbers; answers the bytes that are left, which may be none although there is more to read. */
long union_filter(const struct union_config *u, struct union_place *place, int fd, void *buffer, size_t size);

#endif
