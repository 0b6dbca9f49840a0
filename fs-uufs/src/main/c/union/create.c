/* New names: mkdir, mknod, symlink, link, and files for open. */
#include "create.h"

static long make(const struct thing *thing, int dir, const char *name) {
    switch (thing->kind) {
        case THING_DIRECTORY: return SYS(mkdirat, dir, name, thing->mode);
        case THING_NODE: return SYS(mknodat, dir, name, thing->mode, thing->device);
        case THING_SYMLINK: return SYS(symlinkat, thing->text, dir, name);
        case THING_LINK: return SYS(linkat, thing->dir, thing->text, dir, name, thing->flags);
        case THING_FILE: return sys_openat(dir, name, thing->flags | O_NOFOLLOW, thing->mode);
        default: return -EINVAL;
    }
}

/* A temporary over the whiteout. For a directory they change places, for nothing else is atomic; what lowers have below that name must not show in it. */
static long replace_whiteout(const struct union_config *u, const struct thing *thing, int parent, const char *disk) {
    struct temporary temporary;
    struct thing new = *thing;
    long made, result = temporary_open(u, &temporary);
    if (result < 0) return result;
    if (thing->kind == THING_FILE) new.flags |= O_EXCL;
    for (int tries = 0; (made = make(&new, temporary.work, temporary.name)) == -EEXIST && tries < 100; tries++) temporary_next(&temporary);
    result = made;
    if (made >= 0 && thing->kind == THING_DIRECTORY) {
        result = make_opaque(u, temporary.work, temporary.name);
        if (result >= 0) result = SYS(renameat2, temporary.work, temporary.name, parent, disk, RENAME_EXCHANGE);
        temporary_remove(u, &temporary); /* the whiteout, or what failed */
    } else if (made >= 0) {
        result = SYS(renameat, temporary.work, temporary.name, parent, disk);
        if (result < 0) temporary_remove(u, &temporary);
    }
    if (result < 0 && made >= 0 && thing->kind == THING_FILE) sys_close(made);
    temporary_close(&temporary);
    return result < 0 ? result : made;
}

long create_thing(const struct union_config *u, struct union_place *place, const struct thing *thing) {
    char disk[DISK_NAME];
    struct union_status status;
    if (place->size - place->name > NAME_MAX) return -ENAMETOOLONG;
    long parent = enter_parent(u, place, disk);
    if (parent < 0) return parent;
    const bool covered = !is_pure(u, place) && u->layers[UPPER].encoding == UNION_OVERLAY && sys_stat((int)parent, disk, &status, AT_SYMLINK_NOFOLLOW) == 0;
    long result = covered ? replace_whiteout(u, thing, (int)parent, disk) : make(thing, (int)parent, disk);
    sys_close(parent);
    return result;
}

/* The kernel's order of errors for whatever makes a new name. */
static long may_create(const struct union_config *u, const struct union_place *place, bool directory) {
    if (place->last != UNION_NAME || place->found) return -EEXIST;
    if (place->slash && !directory) return -ENOENT;
    return is_read_only(u, place) ? -EROFS : 0;
}

static long create_at(const struct union_config *u, struct union_place *place, int dir, const char *path, const struct thing *thing) {
    long result;
    int tries = 0;
    do {
        result = resolve_change(u, place, dir, path);
        if (result == 0) result = may_create(u, place, thing->kind == THING_DIRECTORY);
        if (result == 0) result = create_thing(u, place, thing);
        release_change(place);
    } while (is_moved(&result, &tries));
    return result;
}

long union_mkdir(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode) {
    const struct thing thing = {.kind = THING_DIRECTORY, .mode = mode};
    return create_at(u, place, dir, path, &thing);
}

/* A device 0:0 would be a whiteout. */
long union_mknod(const struct union_config *u, struct union_place *place, int dir, const char *path, unsigned mode, uint64_t device) {
    const struct thing thing = {.kind = THING_NODE, .mode = mode, .device = device};
    if (S_ISDIR(mode)) return -EPERM;
    if (S_ISCHR(mode) && device == 0) {
        long result = union_resolve(u, place, dir, path, UNION_PARENT);
        if (result == 0) result = may_create(u, place, false);
        union_release(place);
        return result < 0 ? result : -EPERM;
    }
    return create_at(u, place, dir, path, &thing);
}

long union_symlink(const struct union_config *u, struct union_place *place, const char *target, int dir, const char *path) {
    const struct thing thing = {.kind = THING_SYMLINK, .text = target};
    const size_t size = text_size(target);
    if (size == 0) return -ENOENT;
    if (size >= PATH_MAX) return -ENAMETOOLONG;
    return create_at(u, place, dir, path, &thing);
}

/* A descriptor without a name, as of O_TMPFILE. */
static long link_descriptor(const struct union_config *u, int fd, struct union_place *new, int new_dir, const char *new_path) {
    char name[UNION_FD_NAME];
    union_name_of_fd(fd, name);
    const struct thing thing = {.kind = THING_LINK, .text = name, .dir = AT_FDCWD, .flags = AT_SYMLINK_FOLLOW};
    return create_at(u, new, new_dir, new_path, &thing);
}

/* Both places are resolved under the same lock, and the old one is in the upper. */
static long link_now(const struct union_config *u, struct union_place *old, struct union_place *new) {
    char disk[DISK_NAME];
    long result = may_create(u, new, false);
    if (result < 0) return result;
    if (old->parent_bind != new->parent_bind || is_mount_point(u, old)) return -EXDEV;
    if (is_directory(&old->status)) return -EPERM;
    result = copy_up(u, old, false);
    if (result < 0) return result;
    long from = enter_parent(u, old, disk);
    if (from < 0) return from;
    const struct thing thing = {.kind = THING_LINK, .text = disk, .dir = (int)from};
    result = create_thing(u, new, &thing);
    sys_close(from);
    if (result == 0 && new->parent_bind < 0) mark_impure(u, new);
    return result;
}

long union_link(const struct union_config *u, struct union_place *old, int old_dir, const char *old_path, struct union_place *new, int new_dir, const char *new_path,
                int flags) {
    const unsigned how = (flags & AT_SYMLINK_FOLLOW ? 0U : UNION_NOFOLLOW) | (flags & AT_EMPTY_PATH ? UNION_EMPTY : 0U);
    long result;
    int tries = 0;
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return -EINVAL;
    do {
        new->dir = AT_FDCWD;
        new->lock = -1;
        result = union_resolve(u, old, old_dir, old_path, how);
        if (flags & AT_EMPTY_PATH && !*old_path && (result == -ENOENT || result == -EXDEV)) return link_descriptor(u, old_dir, new, new_dir, new_path);
        if (result == 0 && old->layer > UPPER && is_file(&old->status) && u->writable) { /* the content is copied without the lock, if all else seems well */
            result = resolve(u, new, new_dir, new_path, UNION_PARENT);
            if (result == 0) result = may_create(u, new, false);
            if (result == 0) result = new->parent_bind >= 0 ? -EXDEV : copy_up(u, old, false);
            union_release(new);
        }
        union_release(old);
        if (result == 0) result = resolve_change(u, new, new_dir, new_path);
        old->lock = new->lock;
        if (result == 0) result = resolve(u, old, old_dir, old_path, how);
        if (result == 0) result = link_now(u, old, new);
        union_release(old);
        release_change(new);
    } while (is_moved(&result, &tries));
    return result;
}
