#include "owners.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "bytes.h"
#include "syscalls.h"

enum { PATH_ROOM = 32 + NAME_MAX + 1 };
static const char SELF_FD[] = "/proc/self/fd/";

/* A path for calls that take no directory descriptor. The descriptor's own is a link to be followed, all others are not: *follow. */
static const char *path_of(const struct root_file *file, char room[PATH_ROOM], bool *follow) {
    *follow = !file->name;
    if (file->name && (*file->name == '/' || file->dir == AT_FDCWD)) return file->name;
    struct text text = {room, 0, PATH_ROOM, false};
    text_add(&text, SELF_FD, sizeof SELF_FD - 1);
    text_add_number(&text, (unsigned)file->dir, 10, 0);
    if (file->name) {
        text_add(&text, "/", 1);
        text_add(&text, file->name, bytes_length(file->name));
    }
    text_add(&text, "", 1);
    return text.full ? NULL : room;
}

static bool takes_attributes(const struct root_place *place, uint32_t host_mode) { return place->attributes && (S_ISREG(host_mode) || S_ISDIR(host_mode)); }

static long attribute_get(const struct root_file *file, unsigned char *record) {
    char room[PATH_ROOM];
    bool follow;
    const char *path = path_of(file, room, &follow);
    if (!path) return -ENAMETOOLONG;
    if (follow) return SYS(getxattr, path, ROOT_RECORD_NAME, record, ROOT_RECORD_SIZE);
    return SYS(lgetxattr, path, ROOT_RECORD_NAME, record, ROOT_RECORD_SIZE);
}

/* Kernels before 4.11, and containers of that time, know no statx: then all files have the same birth. */
static int birth_of(const struct root_file *file, struct root_file_id *id) {
    struct statx status;
    long error = SYS(statx, file->dir, file->name ? file->name : "", file->name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH, STATX_BTIME, &status);
    bool known = !error && status.stx_mask & STATX_BTIME;
    id->seconds = known ? (uint64_t)status.stx_btime.tv_sec : 0;
    id->nanoseconds = known ? status.stx_btime.tv_nsec : 0;
    return error == -ENOSYS || error == -EPERM ? 0 : (int)error;
}

/* Where something is recorded of a file, and whether it holds: it may be void, or of an earlier file with its inode. */
struct recorded {
    bool in_attribute, in_table, holds;
};

static int look(const struct root_place *place, const struct root_file *file, const struct root_host *host, struct root_node *node, struct recorded *recorded) {
    unsigned char record[ROOT_RECORD_SIZE];
    struct root_slot slot;
    struct root_file_id id;
    *node = root_plain(place, host);
    *recorded = (struct recorded){false, false, false};
    if (takes_attributes(place, host->mode)) {
        long size = attribute_get(file, record);
        recorded->in_attribute = size >= 0 || size == -ERANGE;
        recorded->holds = size >= 0 && root_record_read(record, (size_t)size, host->mode, node);
        if (recorded->holds) return 0;
        /* The kernel shows attributes to whoever can read the file; no record is for a mode with which we cannot. */
        if (size < 0 && size != -ENODATA && size != -EOPNOTSUPP && size != -ERANGE && size != -EACCES && size != -EPERM) return (int)size;
    }
    recorded->in_table = place->table && root_table_find(place->table, host->inode, &slot);
    int error = recorded->in_table ? birth_of(file, &id) : 0;
    if (!error && recorded->in_table && slot.file.seconds == id.seconds && slot.file.nanoseconds == id.nanoseconds)
        recorded->holds = root_record_read(slot.record, sizeof slot.record, host->mode, node);
    return error;
}

int root_host(const struct root_file *file, struct root_host *host) {
    struct stat status;
    long error = SYS(newfstatat, file->dir, file->name ? file->name : "", &status, file->name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH);
    if (error) return (int)error;
    *host = root_host_of_stat(&status);
    return 0;
}

/* A record that is void may have been written since the caller's stat, for a mode that was set since; then the file is looked at once more. */
int root_look(const struct root_place *place, const struct root_file *file, const struct root_host *host, struct root_node *node) {
    enum { TRIES = 8 };
    struct root_host now = *host;
    struct recorded recorded;
    for (int i = 0;; i++) {
        uint32_t mode = now.mode;
        int error = look(place, file, &now, node, &recorded);
        if (error || recorded.holds || (!recorded.in_attribute && !recorded.in_table) || i == TRIES) return error;
        error = root_host(file, &now);
        if (error || now.mode == mode || now.inode != host->inode) return error;
    }
}

/* One file while it is changed, by a descriptor: its name may become another's meanwhile, or a link to a file that is none of ours. */
struct change {
    const struct root_place *place;
    const struct root_file *file;
    const struct root_node *node;
    struct recorded recorded;
};

static int set_mode(const struct root_file *file, uint32_t mode) {
    char room[PATH_ROOM];
    bool follow;
    return (int)SYS(chmod, path_of(file, room, &follow), mode & 07777);
}

static int forget(const struct change *change, uint64_t inode) {
    char room[PATH_ROOM];
    bool follow;
    long error = change->recorded.in_attribute ? SYS(removexattr, path_of(change->file, room, &follow), ROOT_RECORD_NAME) : 0;
    if (error && error != -ENODATA) return (int)error;
    return change->place->table ? root_table_drop(change->place->table, inode) : 0;
}

/* An attribute where one can be; where it cannot, or the directory's or file's room for attributes is used up, the table. A place without one (a bound directory of the host)
   keeps the owners of files and directories only: that of a link is then as if it had not been set, which nobody but `ls` will notice. */
static int record(struct change *change, const struct root_host *host, uint32_t on_disk) {
    const struct root_table *table = change->place->table;
    struct root_slot slot;
    long error = -EOPNOTSUPP;
    root_record_write(slot.record, on_disk, host->mode, change->node);
    if (takes_attributes(change->place, host->mode)) {
        char room[PATH_ROOM];
        bool follow;
        error = SYS(setxattr, path_of(change->file, room, &follow), ROOT_RECORD_NAME, slot.record, ROOT_RECORD_SIZE, 0);
        if (!error) {
            change->recorded.in_attribute = true;
            return table && change->recorded.in_table ? root_table_drop(table, host->inode) : 0;
        }
    }
    if (!table) return error == -EOPNOTSUPP ? 0 : (int)error;
    slot.file.inode = host->inode;
    error = birth_of(change->file, &slot.file);
    return error ? (int)error : root_table_put(table, &slot);
}

static bool says_nothing(const struct change *change, const struct root_host *host, uint32_t on_disk) {
    struct root_host after = *host;
    after.mode = on_disk;
    struct root_node plain = root_plain(change->place, &after);
    return root_same(&plain, change->node);
}

/* In an order in which each step alone can be the last: a record is good for the mode before and after until the mode is changed. */
static int keep(struct change *change, struct root_host *host) {
    uint32_t on_disk = root_disk_mode(host->mode, change->node);
    bool nothing = says_nothing(change, host, on_disk);
    int error = nothing ? 0 : record(change, host, on_disk);
    if (!error && on_disk != host->mode) {
        error = set_mode(change->file, on_disk);
        if (!error) host->mode = on_disk;
        if (!error && !nothing) error = record(change, host, on_disk);
    }
    return !error && nothing && (change->recorded.in_attribute || change->recorded.in_table) ? forget(change, host->inode) : error;
}

/* A descriptor that stands for the file whatever becomes of its name. */
static int hold(const struct root_file *file) {
    if (!file->name) return file->dir;
    return (int)SYS(openat, file->dir, file->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static void release(const struct root_file *file, int fd) {
    if (file->name) SYS(close, fd);
}

/* The kernel asks for r and w before it reads and writes attributes. What a record says is void already with a mode that lacks them, since it is written for none such. */
static int make_workable(const struct root_file *file, struct root_host *host) {
    struct root_node bare = {.mode = host->mode};
    uint32_t workable = root_disk_mode(host->mode, &bare);
    int error = workable == host->mode ? 0 : set_mode(file, workable);
    if (!error) host->mode = workable;
    return error;
}

int root_keep(const struct root_place *place, const struct root_file *file, struct root_host *host, const struct root_node *node) {
    struct root_file held = {hold(file), NULL};
    if (held.dir < 0) return held.dir;
    struct change change = {place, &held, node, {false, false, false}};
    struct root_node old;
    int error = root_host(&held, host);
    if (!error) error = make_workable(&held, host);
    if (!error) error = look(place, &held, host, &old, &change.recorded);
    if (!error) error = keep(&change, host);
    release(file, held.dir);
    return error;
}

void root_removed(const struct root_place *place, const struct root_host *before) {
    if (place->table && (before->links <= 1 || S_ISDIR(before->mode))) root_table_drop(place->table, before->inode);
}

int root_mend(const struct root_place *place, const struct root_file *file) {
    struct root_host host;
    struct root_node node;
    int error = root_host(file, &host);
    if (!error) error = root_look(place, file, &host, &node);
    if (error) return error;
    if (host.uid != place->host_uid || root_disk_mode(host.mode, &node) == host.mode) return -EACCES;
    return root_keep(place, file, &host, &node);
}

static bool begins(const char *name, const char *with) {
    while (*with)
        if (*name++ != *with++) return false;
    return true;
}

bool root_hidden_attribute(const char *name) { return begins(name, "user.lichen."); }

long root_hide_attributes(char *list, long size) {
    long kept = 0;
    for (long at = 0; at < size;) {
        long length = (long)bytes_length(list + at) + 1;
        bool hidden = root_hidden_attribute(list + at);
        for (long i = 0; i < length && !hidden; i++) list[kept++] = list[at + i];
        at += length;
    }
    return kept;
}
