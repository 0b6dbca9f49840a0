#include "rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stddef.h>

bool root_able(const struct root_who *who, int capability) { return who->capabilities >> capability & 1; }

bool root_almighty(const struct root_who *who) {
    /* Reading and searching (CAP_DAC_READ_SEARCH, which containers do not keep by default) is a part of CAP_DAC_OVERRIDE. */
    const uint64_t all = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_FOWNER | 1u << CAP_FSETID;
    return (who->capabilities & all) == all;
}

bool root_owns(const struct root_who *who, const struct root_node *node) { return who->uid == node->uid || root_able(who, CAP_FOWNER); }

bool root_in_group(const struct root_who *who, uint32_t gid) {
    if (gid == who->gid) return true;
    for (uint32_t i = 0; i < who->group_count; i++)
        if (who->groups[i] == gid) return true;
    return false;
}

int root_may(const struct root_who *who, const struct root_node *node, unsigned want) {
    unsigned shift = who->uid == node->uid ? 6 : root_in_group(who, node->gid) ? 3 : 0;
    if (!(want & ~(node->mode >> shift & 7))) return 0;
    bool directory = S_ISDIR(node->mode);
    if (root_able(who, CAP_DAC_OVERRIDE) && (directory || !(want & ROOT_EXECUTE) || node->mode & 0111)) return 0;
    if (root_able(who, CAP_DAC_READ_SEARCH) && (directory ? !(want & ROOT_WRITE) : want == ROOT_READ)) return 0;
    return -EACCES;
}

int root_may_create(const struct root_who *who, const struct root_node *directory) { return root_may(who, directory, ROOT_WRITE | ROOT_EXECUTE); }

int root_may_remove(const struct root_who *who, const struct root_node *directory, const struct root_node *file) {
    int error = root_may_create(who, directory);
    if (error) return error;
    bool sticky = directory->mode & S_ISVTX && who->uid != file->uid && who->uid != directory->uid;
    return sticky && !root_able(who, CAP_FOWNER) ? -EPERM : 0;
}

int root_may_rename(const struct root_who *who, const struct root_node *from, const struct root_node *file, const struct root_node *to, const struct root_node *target, bool same_directory,
                    bool exchange) {
    int error = root_may_remove(who, from, file);
    if (!error) error = target ? root_may_remove(who, to, target) : root_may_create(who, to);
    if (!error && target && !exchange && S_ISDIR(file->mode) != S_ISDIR(target->mode)) error = S_ISDIR(file->mode) ? -ENOTDIR : -EISDIR;
    /* A directory that gets another parent is written to: its `..` changes. */
    if (!error && !same_directory && S_ISDIR(file->mode)) error = root_may(who, file, ROOT_WRITE);
    if (!error && !same_directory && exchange && target && S_ISDIR(target->mode)) error = root_may(who, target, ROOT_WRITE);
    return error;
}

int root_may_link(const struct root_who *who, const struct root_node *directory, const struct root_node *file, bool protected) {
    bool harmless = S_ISREG(file->mode) && !(file->mode & S_ISUID) && (file->mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
                    root_may(who, file, ROOT_READ | ROOT_WRITE) == 0;
    if (protected && !harmless && !root_owns(who, file)) return -EPERM;
    return root_may_create(who, directory);
}

int root_may_set_times(const struct root_who *who, const struct root_node *node, const struct timespec times[2]) {
    bool now = !times || (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW);
    if (times && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT) return 0;
    if (root_owns(who, node)) return 0;
    return now ? root_may(who, node, ROOT_WRITE) : -EPERM;
}

int root_may_open(const struct root_who *who, const struct root_node *node, int flags) {
    static const unsigned WANT[] = {ROOT_READ, ROOT_WRITE, ROOT_READ | ROOT_WRITE, ROOT_READ | ROOT_WRITE}; /* 3 is a way of its own, and asks for both */
    if (flags & O_PATH) return 0;
    int error = root_may(who, node, WANT[flags & O_ACCMODE] | (flags & O_TRUNC ? ROOT_WRITE : 0));
    return !error && flags & O_NOATIME && !root_owns(who, node) ? -EPERM : error;
}

/* Who is not in the file's group cannot leave it setgid. */
static bool keeps_setgid(const struct root_who *who, uint32_t gid) { return root_in_group(who, gid) || root_able(who, CAP_FSETID); }

static uint32_t killed(const struct root_who *who, const struct root_node *node) {
    uint32_t bits = node->mode & S_ISUID;
    if (node->mode & S_ISGID && (node->mode & S_IXGRP || !keeps_setgid(who, node->gid))) bits |= S_ISGID;
    return bits;
}

int root_chown_node(const struct root_who *who, struct root_node *node, uint32_t uid, uint32_t gid) {
    bool able = root_able(who, CAP_CHOWN), owner = who->uid == node->uid;
    struct root_node next = *node;
    if (uid != UINT32_MAX && !able && !(owner && uid == node->uid)) return -EPERM;
    if (gid != UINT32_MAX && !able && !(owner && (gid == node->gid || root_in_group(who, gid)))) return -EPERM;
    if (uid != UINT32_MAX) next.uid = uid;
    if (gid != UINT32_MAX) next.gid = gid;
    if (!S_ISDIR(node->mode)) {
        uint32_t bits = killed(who, node);
        if (bits && !root_owns(who, node)) return -EPERM; /* also of chown(-1, -1) */
        if (bits && !keeps_setgid(who, next.gid)) bits |= S_ISGID; /* a mode that is set anyway is set for the new group */
        next.mode &= ~bits;
    }
    *node = next;
    return 0;
}

int root_chmod_node(const struct root_who *who, struct root_node *node, uint32_t mode) {
    if (S_ISLNK(node->mode)) return -EOPNOTSUPP;
    if (!root_owns(who, node)) return -EPERM;
    mode &= 07777;
    if (!keeps_setgid(who, node->gid)) mode &= ~(uint32_t)S_ISGID;
    node->mode = (node->mode & S_IFMT) | mode;
    return 0;
}

void root_write_node(const struct root_who *who, struct root_node *node) {
    if (S_ISREG(node->mode) && !root_able(who, CAP_FSETID)) node->mode &= ~killed(who, node);
}

int root_new_node(const struct root_who *who, const struct root_node *directory, uint32_t mode, uint32_t umask, uint64_t device, struct root_node *node) {
    bool is_device = S_ISCHR(mode) || S_ISBLK(mode), inherits = directory->mode & S_ISGID;
    uint32_t gid = inherits ? directory->gid : who->gid;
    if (is_device && !root_able(who, CAP_MKNOD) && !(S_ISCHR(mode) && device == 0)) return -EPERM; /* anyone may make 0:0, the whiteout */
    /* Setgid goes before umask is looked at. */
    bool loses = inherits && (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !keeps_setgid(who, gid);
    if (S_ISLNK(mode)) mode = S_IFLNK | 0777;
    else if (S_ISDIR(mode)) mode = (mode & (S_IFMT | 01777) & ~umask) | (inherits ? S_ISGID : 0);
    else mode &= (loses ? ~(uint32_t)S_ISGID : UINT32_MAX) & ~umask;
    *node = (struct root_node){mode, who->uid, gid, 0, 0};
    if (is_device) {
        node->major = (uint32_t)(device >> 8 & 0xfff);
        node->minor = (uint32_t)((device & 0xff) | (device >> 12 & 0xfff00));
    }
    return 0;
}
