/* Calls that make, remove and move names. */
#include "engine.h"

static long finish(struct call *call, const struct caller *caller, long result, int dir, const char *path, uint32_t mode, uint64_t device) {
    return result < 0 || !caller->emulated ? result : made(call, caller, dir, path, mode, device);
}

/* Asks, for a name that is to be made. What cannot be resolved is left for the call itself to tell. */
static long ask_create(struct call *call, const struct caller *caller, int dir, const char *path) {
    struct union_place *place = &scratch_of(call)->place;
    if (!caller->emulated || caller->almighty) return 0;
    if (union_resolve(&engine.tree, place, dir, path, UNION_PARENT) < 0) return 0;
    const long result = place->found ? 0 : may_create(caller, call, place);
    union_release(place);
    return result;
}

static long mkdir_path(struct call *call, int dir, uint64_t path, unsigned mode) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    find_caller(call, &caller);
    result = ask_create(call, &caller, dir, scratch->path);
    if (result == 0) result = union_mkdir(&engine.tree, &scratch->place, dir, scratch->path, caller.emulated ? mode & 01777 : mode);
    return finish(call, &caller, result, dir, scratch->path, S_IFDIR | (mode & 01777), 0);
}

long call_mkdir(struct call *call) { return mkdir_path(call, AT_FDCWD, call->rdi, (unsigned)call->rsi); }
long call_mkdirat(struct call *call) { return mkdir_path(call, (int)call->rdi, call->rsi, (unsigned)call->rdx); }

/* A device that is not ours to make is a regular file with a record. */
static long mknod_path(struct call *call, int dir, uint64_t path, unsigned mode, uint64_t device) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    find_caller(call, &caller);
    if (!(mode & S_IFMT)) mode |= S_IFREG;
    if (S_ISDIR(mode)) return -EPERM;
    const bool is_device = S_ISCHR(mode) || S_ISBLK(mode);
    if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode) && !is_device) return -EINVAL;
    if (is_device && caller.emulated && !root_able(&caller.who, 27 /* CAP_MKNOD */)) return -EPERM;
    result = ask_create(call, &caller, dir, scratch->path);
    const unsigned real = caller.emulated ? ((is_device ? (unsigned)S_IFREG : mode & S_IFMT) | (mode & 0777)) : mode;
    if (result == 0) result = union_mknod(&engine.tree, &scratch->place, dir, scratch->path, real, caller.emulated ? 0 : device);
    return finish(call, &caller, result, dir, scratch->path, mode, device);
}

long call_mknod(struct call *call) { return mknod_path(call, AT_FDCWD, call->rdi, (unsigned)call->rsi, call->rdx); }
long call_mknodat(struct call *call) { return mknod_path(call, (int)call->rdi, call->rsi, (unsigned)call->rdx, call->r10); }

static long symlink_path(struct call *call, uint64_t target, int dir, uint64_t path) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    long result = path_argument(scratch->other_path, target);
    if (result >= 0) result = path_argument(scratch->path, path);
    if (result < 0) return result;
    if (!*scratch->other_path) return -ENOENT;
    find_caller(call, &caller);
    result = ask_create(call, &caller, dir, scratch->path);
    if (result == 0) result = union_symlink(&engine.tree, &scratch->place, scratch->other_path, dir, scratch->path);
    return finish(call, &caller, result, dir, scratch->path, S_IFLNK | 0777, 0);
}

long call_symlink(struct call *call) { return symlink_path(call, call->rdi, AT_FDCWD, call->rsi); }
long call_symlinkat(struct call *call) { return symlink_path(call, call->rdi, (int)call->rsi, call->rdx); }

/* Into scratch->path and other_path. That the first leads nowhere is told before a bad pointer to the second. */
static long two_paths(struct call *call, int old_dir, uint64_t old, unsigned how, uint64_t new) {
    struct scratch *scratch = scratch_of(call);
    long result = path_argument(scratch->path, old);
    if (result < 0) return result;
    const long second = path_argument(scratch->other_path, new);
    if (second >= 0) return 0;
    result = union_resolve(&engine.tree, &scratch->place, old_dir, scratch->path, how);
    union_release(&scratch->place);
    return result < 0 ? result : second;
}

/* What a name means before it is removed, for root's records, and whether it may be. */
static long ask_remove(struct call *call, const struct caller *caller, int dir, const char *path, struct root_host *before) {
    struct union_place *place = &scratch_of(call)->place;
    before->links = 0;
    if (!caller->emulated) return 0;
    if (union_resolve(&engine.tree, place, dir, path, UNION_PARENT) < 0) return 0;
    const long result = place->found ? may_remove(caller, call, place) : 0;
    if (place->found && place->bind < 0) *before = host_of(&place->status);
    union_release(place);
    return result;
}

static long unlink_path(struct call *call, int dir, uint64_t path, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    struct root_host before;
    if (flags & ~AT_REMOVEDIR) return -EINVAL;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    find_caller(call, &caller);
    result = ask_remove(call, &caller, dir, scratch->path, &before);
    if (result == 0) result = union_unlink(&engine.tree, &scratch->place, dir, scratch->path, flags);
    if (result == 0 && before.links) root_removed(&engine.place, &before);
    return result;
}

long call_unlink(struct call *call) { return unlink_path(call, AT_FDCWD, call->rdi, 0); }
long call_rmdir(struct call *call) { return unlink_path(call, AT_FDCWD, call->rdi, AT_REMOVEDIR); }
long call_unlinkat(struct call *call) { return unlink_path(call, (int)call->rdi, call->rsi, (int)call->rdx); }

/* Whether the guest's user may; the answer of the kernel's rules for both names. */
static long ask_rename(struct call *call, const struct caller *caller, int old_dir, int new_dir, unsigned flags) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *old = &scratch->place, *new = &scratch->other;
    struct root_node from, file, to, target;
    if (!caller->emulated || caller->almighty) return 0;
    if (union_resolve(&engine.tree, old, old_dir, scratch->path, UNION_PARENT) < 0) return 0;
    long result = 0;
    if (union_resolve(&engine.tree, new, new_dir, scratch->other_path, UNION_PARENT) == 0) {
        if (old->found) {
            result = may_search(caller, call, old, false);
            if (result == 0) result = may_search(caller, call, new, false);
            if (result == 0) result = parent_of(call, old, &from);
            if (result == 0) result = parent_of(call, new, &to);
            if (result == 0) result = node_of(old, &file);
            if (result == 0 && new->found) result = node_of(new, &target);
            const bool same = old->name == new->name && bytes_equal(old->guest, new->guest, old->name);
            if (result == 0) result = root_may_rename(&caller->who, &from, &file, &to, new->found ? &target : NULL, same, flags & RENAME_EXCHANGE);
        }
        union_release(new);
    }
    union_release(old);
    return result;
}

static long rename_path(struct call *call, int old_dir, uint64_t old, int new_dir, uint64_t new, unsigned flags) {
    struct scratch *scratch = scratch_of(call);
    struct caller caller;
    struct root_host replaced = {0};
    if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) return -EINVAL;
    long result = two_paths(call, old_dir, old, UNION_PARENT, new);
    if (result < 0) return result;
    find_caller(call, &caller);
    if (caller.emulated && engine.place.table && !(flags & RENAME_EXCHANGE)) {
        struct caller root = {.emulated = true, .almighty = true};
        ask_remove(call, &root, new_dir, scratch->other_path, &replaced);
    }
    result = ask_rename(call, &caller, old_dir, new_dir, flags);
    if (result == 0) result = union_rename(&engine.tree, &scratch->place, old_dir, scratch->path, &scratch->other, new_dir, scratch->other_path, flags);
    if (result == 0 && replaced.links) root_removed(&engine.place, &replaced);
    return result;
}

long call_rename(struct call *call) { return rename_path(call, AT_FDCWD, call->rdi, AT_FDCWD, call->rsi, 0); }
long call_renameat(struct call *call) { return rename_path(call, (int)call->rdi, call->rsi, (int)call->rdx, call->r10, 0); }
long call_renameat2(struct call *call) { return rename_path(call, (int)call->rdi, call->rsi, (int)call->rdx, call->r10, (unsigned)call->r8); }

static long link_path(struct call *call, int old_dir, uint64_t old, int new_dir, uint64_t new, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    struct caller caller;
    struct root_node node, parent;
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    long result = two_paths(call, old_dir, old, (flags & AT_SYMLINK_FOLLOW ? 0U : UNION_NOFOLLOW) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U), new);
    if (result < 0) return result;
    find_caller(call, &caller);
    if (caller.emulated && !caller.almighty && union_resolve(&engine.tree, place, new_dir, scratch->other_path, UNION_PARENT) == 0) {
        result = may_create(&caller, call, place);
        if (result == 0) result = parent_of(call, place, &parent);
        union_release(place);
        if (result == 0 && union_resolve(&engine.tree, place, old_dir, scratch->path, (flags & AT_SYMLINK_FOLLOW ? 0U : UNION_NOFOLLOW) | UNION_EMPTY) == 0) {
            result = node_of(place, &node);
            if (result == 0) result = root_may_link(&caller.who, &parent, &node, true);
            union_release(place);
        }
        if (result < 0) return result;
    }
    return union_link(&engine.tree, place, old_dir, scratch->path, &scratch->other, new_dir, scratch->other_path, flags);
}

long call_link(struct call *call) { return link_path(call, AT_FDCWD, call->rdi, AT_FDCWD, call->rsi, 0); }
long call_linkat(struct call *call) { return link_path(call, (int)call->rdi, call->rsi, (int)call->rdx, call->r10, (int)call->r8); }
