/* Calls that open, look at and enter files. */
#include "engine.h"

#include <linux/openat2.h>
#include <linux/stat.h>

enum { AT_EACCESS_FLAG = 0x200, STATFS_SIZE = 120 };

/* The tree is a directory and nothing else: what the kernel finds in it is what there is. */
static bool is_plain(void) { return engine.tree.writable && engine.tree.layer_count == 1 && engine.tree.layers[0].encoding == UNION_PLAIN; }

/* Whether the last name may be used by a system call of our own at place->path: no lower layer has a say. */
static bool is_direct(const struct union_place *place) { return place->bind >= 0 ? !engine.tree.binds[place->bind].read_only : is_plain(); }

/* How a path is resolved for calls that take these AT_ flags. */
static unsigned as_told(int flags) { return (flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U); }

static bool may_name_executable(const char *path) {
    const size_t size = text_size(path);
    return size >= 3 && is_text(path + size - 3, 3, "exe") && (size == 3 || path[size - 4] == '/');
}

/* Where the kernel has executed a dynamic linker of the guest's, the link to it looks like any other. */
static bool resolve_executable(struct call *call, struct union_place *place, int dir, const char *path, unsigned flags) {
    if (!engine.config->preload || flags & (UNION_NOFOLLOW | UNION_PARENT) || !may_name_executable(path) || union_resolve(&engine.tree, place, dir, path, UNION_NOFOLLOW) < 0) return false;
    const long size = executable_behind(call, place, scratch_of(call)->text);
    union_release(place);
    return size > 0;
}

long resolve_path(struct call *call, struct union_place *place, int dir, const char *path, unsigned flags) {
    if (resolve_executable(call, place, dir, path, flags)) return union_resolve(&engine.tree, place, AT_FDCWD, scratch_of(call)->text, flags & ~(unsigned)UNION_EMPTY);
    long result = union_resolve(&engine.tree, place, dir, path, flags);
    if (result < 0 || !place->magic) return result;
    char *executable = scratch_of(call)->text;
    const long size = executable_behind(call, place, executable);
    if (size > 0) {
        union_release(place);
        return union_resolve(&engine.tree, place, AT_FDCWD, executable, flags & ~(unsigned)UNION_EMPTY);
    }
    result = sys_stat(place->dir, place->path, &place->status, 0);
    if (result == 0 && !may_leave(call, place)) result = -EACCES;
    if (result < 0) union_release(place);
    return result;
}

/* Directories that were found to be in the tree, so that descriptors of them need not be looked up again. */
enum { KNOWN = 1024 };
static uint64_t known[KNOWN];

static bool is_inside(struct union_place *place, int dir) {
    struct union_status status;
    const long result = dir == AT_FDCWD ? sys_stat(AT_FDCWD, "", &status, AT_EMPTY_PATH) : sys_fstat(dir, &status);
    if (result < 0) return false;
    const uint64_t key = (status.dev * 0x9e3779b97f4a7c15u ^ status.ino * 0xc2b2ae3d27d4eb4fu) | 1;
    uint64_t *slot = &known[key >> 20 & (KNOWN - 1)];
    if (__atomic_load_n(slot, __ATOMIC_RELAXED) == key) return true;
    if (union_resolve(&engine.tree, place, dir, ".", 0) < 0) return false;
    union_release(place);
    __atomic_store_n(slot, key, __ATOMIC_RELAXED);
    return true;
}

/* One name below a directory that is at hand, in a tree that is all there is: then the kernel finds what the walk would find, unless it is a link, or a mount point. Answers a place
   that was not looked at. */
static bool is_at_hand(struct union_place *place, int dir, const char *path) {
    const struct union_config *tree = &engine.tree;
    size_t size = 0;
    if (!is_plain() || *path == '.' || live_rules()) return false;
    for (; path[size]; size++)
        if (path[size] == '/') return false;
    if (size == 0 || size > NAME_MAX) return false;
    const unsigned count = __atomic_load_n(tree->bind_count, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < count; i++) {
        const struct union_bind *bind = &tree->binds[i];
        if (!bind->gone && bind->guest_size > size && bind->guest[bind->guest_size - size - 1] == '/' && bytes_equal(bind->guest + bind->guest_size - size, path, size)) return false;
    }
    if (!is_inside(place, dir)) return false;
    place->dir = dir, place->path = path;
    place->magic = place->looked = place->slash = false;
    place->found = true;
    return true;
}

/* ---- open */

struct opening {
    int dir;
    const char *path;
    int flags;
    unsigned mode;
};

static unsigned resolving(const struct opening *opening) {
    const bool exclusive = (opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    return (opening->flags & O_CREAT ? UNION_CREATE : 0U) | (exclusive || opening->flags & O_NOFOLLOW ? UNION_NOFOLLOW : 0U);
}

static bool is_slow_to_open(const struct union_place *place) {
    return place->looked && place->found && (S_ISFIFO(place->status.mode) || S_ISCHR(place->status.mode) || S_ISBLK(place->status.mode));
}

/* By a call that a signal may interrupt, and never through a link that has come into the way meanwhile. -ELOOP with a place that was not looked at: it is a link. */
static long open_at(struct call *call, int dir, const char *path, int flags, unsigned mode, bool magic) {
    enum { PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
    const int known_flags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_NOATIME | O_TMPFILE | PATH_FLAGS;
    const bool makes = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
    if (!magic) flags |= O_NOFOLLOW;
    const struct open_how how = {.flags = (uint64_t)(uint32_t)(flags & (flags & O_PATH ? PATH_FLAGS : known_flags)), .mode = makes ? mode & 07777 : 0, .resolve = magic ? 0 : RESOLVE_NO_SYMLINKS};
    const long result = WINDOW(call, openat2, dir, path, &how, sizeof how);
    return result == -ENOSYS ? WINDOW(call, openat, dir, path, flags | O_LARGEFILE, mode) : result; /* before Linux 5.6 */
}

static long open_here(struct call *call, const struct union_place *place, const struct opening *opening) {
    return open_at(call, place->dir, place->path, place->magic ? opening->flags & ~(O_CREAT | O_EXCL) : opening->flags, opening->mode, place->magic);
}

/* Looking needs no more than the kernel; but O_PATH without following would open a link. */
static bool is_look(int flags) { return (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) == O_RDONLY && (!(flags & O_PATH) || flags & O_NOFOLLOW); }
/* What was opened without following, although the guest wants to follow, could be a link. */
static bool may_be_link(long result, int flags) { return !(flags & O_NOFOLLOW) && (result == -ELOOP || (result == -ENOTDIR && flags & O_DIRECTORY)); }
static long open_in_union(struct union_place *place, const struct opening *opening) {
    return union_open(&engine.tree, place, opening->dir, opening->path, opening->flags, opening->mode);
}

static long open_at_hand(struct call *call, const struct opening *opening) {
    return open_at(call, opening->dir, opening->path, opening->flags, 0, false);
}

static long open_plainly(struct call *call, struct union_place *place, const struct opening *opening) {
    if (is_look(opening->flags) && !is_generated(opening->path) && is_at_hand(place, opening->dir, opening->path)) {
        const long result = open_at_hand(call, opening);
        if (!may_be_link(result, opening->flags)) return result;
    }
    for (unsigned lazy = opening->flags & O_PATH ? 0U : UNION_LAZY;; lazy = 0) {
        long result = resolve_path(call, place, opening->dir, opening->path, resolving(opening) | lazy);
        if (result < 0) return result;
        if (place->found && !place->magic && !(opening->flags & O_PATH) && (result = open_generated(call, place, opening->flags)) != -ENOENT) {
            union_release(place);
            return result;
        }
        const bool looked = place->looked, here = is_direct(place) || place->magic || is_slow_to_open(place);
        result = here ? open_here(call, place, opening) : 0;
        union_release(place);
        if (!here) return open_in_union(place, opening);
        if (looked || !may_be_link(result, opening->flags)) return result;
    }
}

/* The host's own device in place of one that the guest or its image has made. */
static long open_device(struct call *call, const struct root_node *node, int flags) {
    const char *device = root_device_path(node);
    return device ? WINDOW(call, openat, AT_FDCWD, device, flags & ~(O_CREAT | O_EXCL), 0) : -ENXIO;
}

static bool wants_to_write(int flags) { return (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC; }

static long open_existing(struct call *call, const struct caller *caller, struct union_place *place, const struct opening *opening) {
    const struct root_file file = file_of(place);
    struct root_node node = {0};
    if ((opening->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
    if (opening->flags & O_CREAT && is_directory(&place->status)) return -EISDIR;
    if (opening->flags & O_PATH || place->magic || is_link(&place->status)) return open_here(call, place, opening);
    long result = open_generated(call, place, opening->flags);
    if (result != -ENOENT) return result;
    /* What root opens for reading is asked about only where it may be a device. */
    const bool ask = !caller->almighty || wants_to_write(opening->flags) || (is_file(&place->status) && place->status.size == 0);
    result = ask ? node_of(place, &node) : 0;
    if (result == 0 && !caller->almighty) {
        result = may_search(caller, call, place, false);
        if (result == 0) result = root_may_open(&caller->who, &node, opening->flags);
    }
    if (result < 0) return result;
    if (is_file(&place->status) && (S_ISCHR(node.mode) || S_ISBLK(node.mode))) return open_device(call, &node, opening->flags);
    const bool here = is_direct(place) || is_slow_to_open(place);
    result = here ? open_here(call, place, opening) : open_in_union(&scratch_of(call)->other, opening);
    if (result == -EACCES && here && root_mend(owners_at(place), &file) == 0) result = open_here(call, place, opening);
    if (result >= 0 && wants_to_write(opening->flags) && node.mode & 06000) root_wrote(owners_at(place), &caller->who, &file);
    return result;
}

static long open_new(struct call *call, const struct caller *caller, struct union_place *place, const struct opening *opening) {
    struct opening exclusive = *opening;
    struct root_node parent;
    long result = parent_of(call, place, &parent);
    if (result == 0 && !caller->almighty) {
        result = may_search(caller, call, place, false);
        if (result == 0) result = root_may_create(&caller->who, &parent);
    }
    if (result < 0) return result;
    exclusive.flags |= O_EXCL;
    exclusive.mode &= 0777;
    exclusive.dir = AT_FDCWD;
    exclusive.path = place->guest; /* where links have led; O_EXCL would not follow them */
    const long fd = open_in_union(&scratch_of(call)->other, &exclusive);
    if (fd < 0) return fd;
    result = made_open(caller, owners_at(place), &parent, (int)fd, S_IFREG | (opening->mode & 07777));
    if (result == 0) return fd;
    SYS(close, fd);
    return result;
}

static long open_emulated(struct call *call, const struct caller *caller, struct union_place *place, const struct opening *opening) {
    enum { TRIES = 100 };
    /* A directory is what it is on disk. */
    if (caller->almighty && is_look(opening->flags) && opening->flags & O_DIRECTORY && is_at_hand(place, opening->dir, opening->path)) {
        const long result = open_at_hand(call, opening);
        if (!may_be_link(result, opening->flags) && result != -EACCES) return result;
    }
    for (int i = 0;; i++) {
        long result = resolve_path(call, place, opening->dir, opening->path, resolving(opening));
        if (result < 0) return result;
        const bool found = place->found;
        if ((opening->flags & O_TMPFILE) == O_TMPFILE) result = open_in_union(&scratch_of(call)->other, opening);
        else result = found ? open_existing(call, caller, place, opening) : open_new(call, caller, place, opening);
        union_release(place);
        const bool again = found ? result == -ENOENT && opening->flags & O_CREAT : result == -EEXIST && !(opening->flags & O_EXCL);
        if (!again || i == TRIES) return result; /* else somebody was faster */
    }
}

static long open_path(struct call *call, int dir, uint64_t path, int flags, unsigned mode) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    if (flags & O_PATH) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) return -EINVAL;
    if (flags & O_TMPFILE & ~O_DIRECTORY && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY)) return -EINVAL;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    const struct opening opening = {dir, scratch->path, flags, mode};
    find_caller(call, &caller);
    return caller.emulated ? open_emulated(call, &caller, &scratch->place, &opening) : open_plainly(call, &scratch->place, &opening);
}

long call_open(struct call *call) { return open_path(call, AT_FDCWD, call->rdi, (int)call->rsi, (unsigned)call->rdx); }
long call_openat(struct call *call) { return open_path(call, (int)call->rdi, call->rsi, (int)call->rdx, (unsigned)call->r10); }
long call_creat(struct call *call) { return open_path(call, AT_FDCWD, call->rdi, O_CREAT | O_WRONLY | O_TRUNC, (unsigned)call->rsi); }

/* Restrictions on the way (RESOLVE_*) cannot be passed on, for the way on the host is another: those that a program can do without are answered as by a kernel without the call. */
long call_openat2(struct call *call) {
    struct open_how how = {0};
    if (call->r10 < sizeof how) return -EINVAL;
    if (call->r10 > sizeof how) return -E2BIG;
    if (guest_read(&how, call->rdx, sizeof how) < 0) return -EFAULT;
    const long check = SYS(openat2, AT_FDCWD, "", &how, sizeof how); /* the kernel says what is wrong with them before it looks for the path */
    if (check != -ENOENT) return check;
    if (how.resolve) return -ENOSYS;
    return open_path(call, (int)call->rdi, call->rsi, (int)how.flags, (unsigned)how.mode);
}

/* ---- stat */

static void show(struct union_status *status, const struct root_node *node) {
    struct stat seen = {.st_rdev = status->rdev};
    root_show_stat(&seen, node);
    status->mode = seen.st_mode, status->uid = seen.st_uid, status->gid = seen.st_gid, status->rdev = seen.st_rdev;
}

/* stat by any name. The flags were checked. */
static long look(struct call *call, int dir, const char *path, int flags, struct union_status *status) {
    struct union_place *place = &scratch_of(call)->place;
    struct caller caller;
    struct root_node node;
    long result;
    find_caller(call, &caller);
    if (!*path && flags & AT_EMPTY_PATH && dir != AT_FDCWD) {
        char *copied = scratch_of(call)->other_path;
        result = union_stat(&engine.tree, place, dir, path, flags, status);
        if (result == 0 && is_generated_copy(status, dir, copied)) return look(call, AT_FDCWD, copied, 0, status);
        if (result < 0 || !caller.emulated) return result;
        const struct root_host host = host_of(status);
        result = node_seen(call, dir, status->dev, &host, &node);
        if (result == 0) show(status, &node);
        return result == -EBADF ? 0 : result;
    }
    if ((!caller.emulated || caller.almighty) && is_at_hand(place, dir, path)) {
        result = sys_stat(dir, path, status, AT_SYMLINK_NOFOLLOW);
        if (result < 0) return result;
        if (!is_link(status) || flags & AT_SYMLINK_NOFOLLOW) {
            const struct root_file file = {dir, path};
            const struct root_host host = host_of(status);
            if (caller.emulated && root_look(owners_seen(call, dir, status->dev), &file, &host, &node) == 0) show(status, &node);
            return 0;
        }
    }
    result = resolve_path(call, place, dir, path, as_told(flags));
    if (result < 0) return result;
    *status = place->status;
    if (caller.emulated) {
        result = caller.almighty ? 0 : may_search(&caller, call, place, false);
        if (result == 0) result = node_of(place, &node);
        if (result == 0) show(status, &node);
    }
    union_release(place);
    if (result == 0 && engine.tree.layer_count > 1) { /* numbers that stay the same over a copy-up */
        struct union_status identity;
        if (union_stat(&engine.tree, place, dir, path, flags, &identity) == 0) status->ino = identity.ino, status->nlink = identity.nlink, status->dev = identity.dev;
    }
    return result;
}

static long stat_path(struct call *call, int dir, uint64_t path, uint64_t out, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct union_status status;
    long result = path_argument(scratch->path, path);
    if (result == -EFAULT && !path && flags & AT_EMPTY_PATH) *scratch->path = 0, result = 0;
    if (result >= 0) result = look(call, dir, scratch->path, flags, &status);
    return result < 0 ? result : guest_write(out, &status, sizeof status);
}

long call_stat(struct call *call) { return stat_path(call, AT_FDCWD, call->rdi, call->rsi, 0); }
long call_lstat(struct call *call) { return stat_path(call, AT_FDCWD, call->rdi, call->rsi, AT_SYMLINK_NOFOLLOW); }
long call_newfstatat(struct call *call) {
    const int flags = (int)call->r10;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE)) return -EINVAL;
    return stat_path(call, (int)call->rdi, call->rsi, call->rdx, flags);
}

long call_fstat(struct call *call) {
    struct union_status status;
    if (call->rdi == (uint64_t)(int)AT_FDCWD) return -EBADF;
    long result = look(call, (int)call->rdi, "", AT_EMPTY_PATH, &status);
    return result < 0 ? result : guest_write(call->rsi, &status, sizeof status);
}

long call_statx(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    struct caller caller;
    struct root_node node;
    struct statx status;
    const int flags = (int)call->rdx;
    int dir = (int)call->rdi;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE) || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) return -EINVAL;
    long result = path_argument(scratch->path, call->rsi);
    if (result == -EFAULT && !call->rsi && flags & AT_EMPTY_PATH) *scratch->path = 0, result = 0;
    if (result < 0) return result;
    find_caller(call, &caller);
    if (!*scratch->path && flags & AT_EMPTY_PATH && dir != AT_FDCWD) {
        result = SYS(statx, dir, "", flags, call->r10, &status);
        if (result < 0) return result;
        const struct union_status kind = {.mode = status.stx_mode, .nlink = status.stx_nlink};
        const struct root_host host = root_host_of_statx(&status);
        const uint64_t minor = status.stx_dev_minor, device = (minor & 0xff) | status.stx_dev_major << 8 | (minor & ~0xffull) << 12; /* as stat tells it */
        if (!is_generated_copy(&kind, dir, scratch->path)) {
            if (caller.emulated && node_seen(call, dir, device, &host, &node) == 0) root_show_statx(&status, &node);
            return guest_write(call->r8, &status, sizeof status);
        }
        dir = AT_FDCWD;
    }
    const bool asks = caller.emulated && !caller.almighty; /* else the call itself looks at a name that it does not follow */
    result = resolve_path(call, place, dir, scratch->path, as_told(flags) | (flags & AT_SYMLINK_NOFOLLOW && !asks ? UNION_LAZY : 0U));
    if (result < 0) return result;
    result = SYS(statx, place->dir, place->path, (flags & ~AT_EMPTY_PATH) | (place->magic ? 0 : AT_SYMLINK_NOFOLLOW), call->r10, &status);
    if (result == 0 && caller.emulated) {
        const struct root_host host = root_host_of_statx(&status);
        result = asks ? may_search(&caller, call, place, false) : 0;
        if (result == 0) result = node_as(place, &host, &node);
        if (result == 0) root_show_statx(&status, &node);
    }
    union_release(place);
    if (result == 0 && engine.tree.layer_count > 1) {
        struct union_status identity;
        if (union_stat(&engine.tree, place, dir, scratch->path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), &identity) == 0)
            status.stx_ino = identity.ino, status.stx_nlink = (uint32_t)identity.nlink;
    }
    return result < 0 ? result : guest_write(call->r8, &status, sizeof status);
}

/* ---- access, readlink */

static long access_path(struct call *call, int dir, uint64_t path, int want, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    struct caller caller;
    if (want & ~7 || flags & ~(AT_EACCESS_FLAG | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    result = resolve_path(call, place, dir, scratch->path, as_told(flags));
    if (result < 0) return result;
    find_caller(call, &caller);
    const bool of_others = place->bind >= 0 && place->status.uid != engine.config->host_uid;
    if (want & 2 && (place->bind >= 0 ? engine.tree.binds[place->bind].read_only : !engine.tree.writable) && (is_file(&place->status) || is_directory(&place->status))) result = -EROFS;
    if (result == 0 && caller.emulated) result = want ? may(&caller, call, place, (unsigned)want, !(flags & AT_EACCESS_FLAG)) : may_search(&caller, call, place, !(flags & AT_EACCESS_FLAG));
    if (result == 0 && (!caller.emulated || of_others || place->magic)) {
        const int ask = (flags & AT_EACCESS_FLAG) | (place->magic ? 0 : AT_SYMLINK_NOFOLLOW);
        result = SYS(faccessat2, place->dir, place->path, want, ask);
        if (result == -ENOSYS) result = SYS(faccessat, place->dir, place->path, want); /* before Linux 5.8 */
    }
    union_release(place);
    return result;
}

long call_access(struct call *call) { return access_path(call, AT_FDCWD, call->rdi, (int)call->rsi, 0); }
long call_faccessat(struct call *call) { return access_path(call, (int)call->rdi, call->rsi, (int)call->rdx, 0); }
long call_faccessat2(struct call *call) { return access_path(call, (int)call->rdi, call->rsi, (int)call->rdx, (int)call->r10); }

/* Links of /proc tell host paths: those of the container are told as guest paths. */
static long link_of_proc(struct call *call, struct union_place *place, char *target, long size) {
    const long own = executable_behind(call, place, target);
    if (own) return own;
    const long mapped = mapped_behind(call, place, target);
    if (mapped) size = mapped;
    return *target == '/' ? (long)told_by_proc(call, target, (size_t)size) : size;
}

static long readlink_path(struct call *call, int dir, uint64_t path, uint64_t out, int64_t room) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    char *target = scratch->other_path;
    if (room <= 0) return -EINVAL;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    if (!*scratch->path && dir != AT_FDCWD) {
        result = SYS(readlinkat, dir, "", target, PATH_ROOM);
    } else {
        struct caller caller;
        find_caller(call, &caller);
        result = union_resolve(&engine.tree, place, dir, scratch->path, UNION_NOFOLLOW | (caller.almighty || !caller.emulated ? UNION_LAZY : 0U));
        if (result == 0 && caller.emulated && !caller.almighty) result = may_search(&caller, call, place, false);
        if (result == 0) result = SYS(readlinkat, place->dir, place->path, target, PATH_ROOM);
        if (result >= 0 && result < PATH_ROOM && place->bind >= 0 && engine.tree.binds[place->bind].magic) result = link_of_proc(call, place, target, result);
        union_release(place);
    }
    if (result > room) result = room;
    if (result > 0 && guest_write(out, target, (uint64_t)result) < 0) return -EFAULT;
    return result;
}

long call_readlink(struct call *call) { return readlink_path(call, AT_FDCWD, call->rdi, call->rsi, (int)call->rdx); }
long call_readlinkat(struct call *call) { return readlink_path(call, (int)call->rdi, call->rsi, call->rdx, (int)call->r10); }

/* ---- the working directory */

long call_getcwd(struct call *call) {
    struct union_place *place = &scratch_of(call)->place;
    static const char unreachable[] = "(unreachable)";
    long result = union_resolve(&engine.tree, place, AT_FDCWD, ".", 0);
    if (result == -EXDEV) { /* as the kernel does where there is no way from the root */
        if (call->rsi < sizeof unreachable + 1) return -ERANGE;
        return guest_write(call->rdi, "(unreachable)/", sizeof unreachable + 1) < 0 ? -EFAULT : (long)sizeof unreachable + 1;
    }
    if (result < 0) return result;
    union_release(place);
    if (place->size == 0) place->guest[place->size++] = '/';
    place->guest[place->size++] = 0;
    if (call->rsi < place->size) return -ERANGE;
    return guest_write(call->rdi, place->guest, place->size) < 0 ? -EFAULT : (long)place->size;
}

long call_chdir(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    struct caller caller;
    long result = path_argument(scratch->path, call->rdi);
    if (result < 0) return result;
    result = resolve_path(call, place, AT_FDCWD, scratch->path, UNION_DIRECTORY);
    if (result < 0) return result;
    find_caller(call, &caller);
    if (caller.emulated && !caller.almighty) result = may(&caller, call, place, ROOT_EXECUTE, false);
    if (result == 0) {
        const long fd = sys_openat(place->dir, place->path, O_PATH | O_DIRECTORY | O_CLOEXEC | (place->magic ? 0 : O_NOFOLLOW), 0);
        result = fd < 0 ? fd : SYS(fchdir, fd);
        sys_close(fd);
    }
    union_release(place);
    return result;
}

/* Another root would be a tree of its own; what can be done is nothing. */
long call_chroot(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    long result = path_argument(scratch->path, call->rdi);
    if (result >= 0) result = resolve_path(call, place, AT_FDCWD, scratch->path, UNION_DIRECTORY);
    if (result < 0) return result;
    union_release(place);
    return place->size == 0 && place->bind < 0 ? 0 : -EPERM;
}

/* ---- statfs, inotify */

long call_statfs(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    char status[STATFS_SIZE];
    long result = path_argument(scratch->path, call->rdi);
    if (result >= 0) result = resolve_path(call, place, AT_FDCWD, scratch->path, 0);
    if (result < 0) return result;
    result = SYS(statfs, place->path, status);
    union_release(place);
    return result < 0 ? result : guest_write(call->rsi, status, sizeof status);
}

long call_inotify_add_watch(struct call *call) {
    enum { DONT_FOLLOW = 0x02000000 };
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    long result = path_argument(scratch->path, call->rsi);
    if (result >= 0) result = resolve_path(call, place, AT_FDCWD, scratch->path, call->rdx & DONT_FOLLOW ? UNION_NOFOLLOW : 0U);
    if (result < 0) return result;
    result = SYS(inotify_add_watch, call->rdi, place->path, call->rdx | (place->magic ? 0 : DONT_FOLLOW));
    union_release(place);
    return result;
}
