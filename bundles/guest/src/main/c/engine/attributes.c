/* Calls that change or read owners, modes, times, sizes and extended attributes. */
#include "engine.h"

#include <time.h>

/* Calls on descriptors do not take one that only stands for a path. */
static long usable(uint64_t fd) {
    enum { GET_FLAGS = 3 };
    const long flags = SYS(fcntl, (int)fd, GET_FLAGS);
    return flags < 0 ? flags : flags & O_PATH ? -EBADF : 0;
}

/* What is to be changed: a descriptor of the thing itself, never of a lower layer, after the right of a guest user was not denied by the way to it. 1: nothing to change (a lower
   file that is gone). */
static long thing(struct call *call, const struct caller *caller, int dir, const char *path, int flags, long *fd) {
    struct union_place *place = &scratch_of(call)->place;
    if (caller->emulated && !caller->almighty && *path) {
        long result = union_resolve(&engine.tree, place, dir, path, flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U);
        if (result == 0) result = may_search(caller, call, place, false);
        union_release(place);
        if (result < 0) return result;
    }
    *fd = union_change(&engine.tree, place, dir, path, flags);
    return *fd == -ESTALE ? 1 : *fd < 0 ? *fd : 0;
}

static long done(long result, long fd) {
    sys_close(fd);
    return result == 1 ? 0 : result;
}

static long chmod_path(struct call *call, int dir, const char *path, unsigned mode, int flags) {
    struct caller caller;
    long fd = -1;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    find_caller(call, &caller);
    if (!caller.emulated) return union_chmod(&engine.tree, &scratch_of(call)->place, dir, path, mode, flags);
    long result = thing(call, &caller, dir, path, flags, &fd);
    const struct root_file file = {(int)fd, NULL};
    if (result == 0) result = root_chmod(owners_of(call, (int)fd), &caller.who, &file, mode & 07777);
    return done(result, fd);
}

static long chmod_argument(struct call *call, int dir, uint64_t path, unsigned mode, int flags) {
    char *text = scratch_of(call)->path;
    const long result = path_argument(text, path);
    return result < 0 ? result : chmod_path(call, dir, text, mode, flags);
}

long call_chmod(struct call *call) { return chmod_argument(call, AT_FDCWD, call->rdi, (unsigned)call->rsi, 0); }
long call_fchmodat(struct call *call) { return chmod_argument(call, (int)call->rdi, call->rsi, (unsigned)call->rdx, 0); }
long call_fchmodat2(struct call *call) { return chmod_argument(call, (int)call->rdi, call->rsi, (unsigned)call->rdx, (int)call->r10); }
long call_fchmod(struct call *call) { return usable(call->rdi) < 0 ? -EBADF : chmod_path(call, (int)call->rdi, "", (unsigned)call->rsi, AT_EMPTY_PATH); }

static long chown_path(struct call *call, int dir, const char *path, uint32_t uid, uint32_t gid, int flags) {
    struct caller caller;
    char name[UNION_FD_NAME];
    long fd = -1;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    find_caller(call, &caller);
    long result = thing(call, &caller, dir, path, flags, &fd);
    if (result == 0 && caller.emulated) {
        const struct root_file file = {(int)fd, NULL};
        result = root_chown(owners_of(call, (int)fd), &caller.who, &file, uid, gid);
    } else if (result == 0) {
        union_name_of_fd((int)fd, name);
        result = SYS(chown, name, uid, gid);
    }
    return done(result, fd);
}

static long chown_argument(struct call *call, int dir, uint64_t path, uint64_t uid, uint64_t gid, int flags) {
    char *text = scratch_of(call)->path;
    const long result = path_argument(text, path);
    return result < 0 ? result : chown_path(call, dir, text, (uint32_t)uid, (uint32_t)gid, flags);
}

long call_chown(struct call *call) { return chown_argument(call, AT_FDCWD, call->rdi, call->rsi, call->rdx, 0); }
long call_lchown(struct call *call) { return chown_argument(call, AT_FDCWD, call->rdi, call->rsi, call->rdx, AT_SYMLINK_NOFOLLOW); }
long call_fchownat(struct call *call) { return chown_argument(call, (int)call->rdi, call->rsi, call->rdx, call->r10, (int)call->r8); }
long call_fchown(struct call *call) { return usable(call->rdi) < 0 ? -EBADF : chown_path(call, (int)call->rdi, "", (uint32_t)call->rsi, (uint32_t)call->rdx, AT_EMPTY_PATH); }

/* ---- times */

static long utimens_path(struct call *call, int dir, const char *path, const struct union_time *times, int flags) {
    struct caller caller;
    struct root_node node;
    struct root_host host;
    char name[UNION_FD_NAME];
    long fd = -1;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    find_caller(call, &caller);
    long result = thing(call, &caller, dir, path, flags, &fd);
    if (result == 0 && caller.emulated && !caller.almighty) {
        const struct root_file file = {(int)fd, NULL};
        const struct timespec wanted[2] = {{times ? times[0].seconds : 0, times ? times[0].nanoseconds : 0}, {times ? times[1].seconds : 0, times ? times[1].nanoseconds : 0}};
        result = root_host(&file, &host);
        if (result == 0) result = root_look(owners_of(call, (int)fd), &file, &host, &node);
        if (result == 0) result = root_may_set_times(&caller.who, &node, times ? wanted : NULL);
    }
    if (result == 0) {
        union_name_of_fd((int)fd, name);
        result = SYS(utimensat, AT_FDCWD, name, times, 0);
    }
    return done(result, fd);
}

static long utimens_argument(struct call *call, int dir, uint64_t path, const struct union_time *times, int flags) {
    char *text = scratch_of(call)->path;
    long result = 0;
    if (!path && dir != AT_FDCWD) { /* futimens */
        result = flags ? -EINVAL : usable((uint64_t)dir);
        *text = 0, flags |= AT_EMPTY_PATH;
    } else {
        result = path_argument(text, path);
    }
    return result < 0 ? result : utimens_path(call, dir, text, times, flags);
}

long call_utimensat(struct call *call) {
    struct union_time times[2];
    enum { OMIT = (1 << 30) - 2 };
    if (call->rdx && guest_read(times, call->rdx, sizeof times) < 0) return -EFAULT;
    if (call->r10 & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    if (call->rdx && times[0].nanoseconds == OMIT && times[1].nanoseconds == OMIT) return 0; /* not even the path is looked at */
    return utimens_argument(call, (int)call->rdi, call->rsi, call->rdx ? times : NULL, (int)call->r10);
}

static long microseconds(struct call *call, int dir, uint64_t path, uint64_t from) {
    struct union_time times[2];
    if (from && guest_read(times, from, sizeof times) < 0) return -EFAULT;
    for (int i = 0; from && i < 2; i++) {
        if (times[i].nanoseconds < 0 || times[i].nanoseconds >= 1000000) return -EINVAL;
        times[i].nanoseconds *= 1000;
    }
    return utimens_argument(call, dir, path, from ? times : NULL, 0);
}
long call_utimes(struct call *call) { return microseconds(call, AT_FDCWD, call->rdi, call->rsi); }
long call_futimesat(struct call *call) { return microseconds(call, (int)call->rdi, call->rsi, call->rdx); }

long call_utime(struct call *call) {
    int64_t seconds[2] = {0};
    if (call->rsi && guest_read(seconds, call->rsi, sizeof seconds) < 0) return -EFAULT;
    const struct union_time times[2] = {{seconds[0], 0}, {seconds[1], 0}};
    return utimens_argument(call, AT_FDCWD, call->rdi, call->rsi ? times : NULL, 0);
}

/* ---- truncate */

long call_truncate(struct call *call) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    if ((int64_t)call->rsi < 0) return -EINVAL;
    long result = path_argument(scratch->path, call->rdi);
    if (result < 0) return result;
    find_caller(call, &caller);
    if (caller.emulated && !caller.almighty) {
        result = resolve_path(call, &scratch->place, AT_FDCWD, scratch->path, 0);
        if (result == 0) result = may(&caller, call, &scratch->place, ROOT_WRITE, false);
        union_release(&scratch->place);
        if (result < 0) return result;
    }
    return union_truncate(&engine.tree, &scratch->place, AT_FDCWD, scratch->path, (int64_t)call->rsi);
}

/* ---- extended attributes: values of up to 64 KiB, the large ones in a mapping. */

enum { NAME_ROOM = 256, VALUE_MOST = 65536 };

static long value_room(struct call *call, uint64_t size) {
    if (size <= sizeof scratch_of(call)->text) return (long)scratch_of(call)->text;
    return SYS(mmap, 0, size, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
}
static void value_free(long value, uint64_t size) {
    if (size > sizeof((struct scratch *)0)->text) SYS(munmap, value, size);
}

static long name_argument(char *name, uint64_t from) {
    const long size = guest_text(name, from, NAME_ROOM);
    return size == -ENAMETOOLONG || size == 0 ? -ERANGE : size;
}

/* Without a path, it is the first argument, and read only now. */
static long own_path(struct call *call, const char **path) {
    if (*path) return 0;
    *path = scratch_of(call)->path;
    return path_argument(scratch_of(call)->path, call->rdi);
}

/* In the order of the kernel: what is wrong with the attribute is told before what is wrong with the path. */
static long set_value(struct call *call, int dir, const char *path, int flags) {
    char name[NAME_ROOM];
    const uint64_t size = call->r10;
    long result = call->r8 & ~3ull ? -EINVAL : name_argument(name, call->rsi);
    if (result < 0) return result;
    if (size > VALUE_MOST) return -E2BIG;
    const long value = value_room(call, size);
    if (value < 0) return value;
    result = size ? guest_read((void *)value, call->rdx, size) : 0;
    if (result == 0) result = own_path(call, &path);
    if (result >= 0) result = union_setxattr(&engine.tree, &scratch_of(call)->place, dir, path, name, size ? (void *)value : NULL, size, (int)call->r8, flags);
    value_free(value, size);
    return result;
}

static long get_value(struct call *call, int dir, const char *path, int flags) {
    char name[NAME_ROOM];
    const uint64_t size = call->r10 > VALUE_MOST ? VALUE_MOST : call->r10;
    long result = name_argument(name, call->rsi);
    if (result >= 0) result = own_path(call, &path);
    if (result < 0) return result;
    const long value = value_room(call, size);
    if (value < 0) return value;
    result = union_getxattr(&engine.tree, &scratch_of(call)->place, dir, path, name, size ? (void *)value : NULL, size, flags);
    if (result > 0 && size && guest_write(call->rdx, (void *)value, (uint64_t)result) < 0) result = -EFAULT;
    value_free(value, size);
    return result;
}

static long list_values(struct call *call, int dir, const char *path, int flags) {
    const uint64_t size = call->rdx > VALUE_MOST ? VALUE_MOST : call->rdx;
    long result = own_path(call, &path);
    if (result < 0) return result;
    const long value = value_room(call, size);
    if (value < 0) return value;
    result = union_listxattr(&engine.tree, &scratch_of(call)->place, dir, path, size ? (char *)value : NULL, size, flags);
    if (result > 0 && size && guest_write(call->rsi, (void *)value, (uint64_t)result) < 0) result = -EFAULT;
    value_free(value, size);
    return result;
}

static long remove_value(struct call *call, int dir, const char *path, int flags) {
    char name[NAME_ROOM];
    long result = name_argument(name, call->rsi);
    if (result >= 0) result = own_path(call, &path);
    return result < 0 ? result : union_removexattr(&engine.tree, &scratch_of(call)->place, dir, path, name, flags);
}

typedef long value_call(struct call *call, int dir, const char *path, int flags);
static long of_path(struct call *call, value_call *do_call, int flags) { return do_call(call, AT_FDCWD, NULL, flags); }
static long of_fd(struct call *call, value_call *do_call) { return usable(call->rdi) < 0 ? -EBADF : do_call(call, (int)call->rdi, "", AT_EMPTY_PATH); }

long call_setxattr(struct call *call) { return of_path(call, set_value, 0); }
long call_lsetxattr(struct call *call) { return of_path(call, set_value, AT_SYMLINK_NOFOLLOW); }
long call_fsetxattr(struct call *call) { return of_fd(call, set_value); }
long call_getxattr(struct call *call) { return of_path(call, get_value, 0); }
long call_lgetxattr(struct call *call) { return of_path(call, get_value, AT_SYMLINK_NOFOLLOW); }
long call_fgetxattr(struct call *call) { return of_fd(call, get_value); }
long call_listxattr(struct call *call) { return of_path(call, list_values, 0); }
long call_llistxattr(struct call *call) { return of_path(call, list_values, AT_SYMLINK_NOFOLLOW); }
long call_flistxattr(struct call *call) { return of_fd(call, list_values); }
long call_removexattr(struct call *call) { return of_path(call, remove_value, 0); }
long call_lremovexattr(struct call *call) { return of_path(call, remove_value, AT_SYMLINK_NOFOLLOW); }
long call_fremovexattr(struct call *call) { return of_fd(call, remove_value); }
