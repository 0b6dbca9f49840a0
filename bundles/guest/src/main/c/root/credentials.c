#include "credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>

static const uint64_t FS_CAPABILITIES = 1ull << CAP_CHOWN | 1ull << CAP_MKNOD | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH | 1ull << CAP_FOWNER | 1ull << CAP_FSETID |
                                       1ull << CAP_LINUX_IMMUTABLE | 1ull << CAP_MAC_OVERRIDE;

static bool secure(const struct root_credentials *c, int bit) { return c->securebits >> bit & 1; }
static bool able(const struct root_credentials *c, int capability) { return c->effective >> capability & 1; }
static bool within(uint64_t set, uint64_t other) { return !(set & ~other); }

/* The kernel keeps groups sorted, and getgroups shows it. */
static void sort(uint32_t *groups, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        uint32_t group = groups[i], at = i;
        for (; at > 0 && groups[at - 1] > group; at--) groups[at] = groups[at - 1];
        groups[at] = group;
    }
}

void root_first(struct root_credentials *c, uint32_t uid, uint32_t gid, const uint32_t *groups, uint32_t group_count, uint64_t capabilities) {
    capabilities &= ROOT_ALL_CAPABILITIES;
    c->user = (struct ids_set){uid, uid, uid, uid};
    c->group = (struct ids_set){gid, gid, gid, gid};
    c->permitted = c->effective = uid == 0 ? capabilities : 0;
    c->inheritable = c->ambient = 0;
    c->bounding = capabilities;
    c->securebits = c->no_new_privs = 0;
    c->group_count = group_count < ROOT_GROUPS ? group_count : ROOT_GROUPS;
    for (uint32_t i = 0; i < c->group_count; i++) c->groups[i] = groups[i];
    sort(c->groups, c->group_count);
}

struct root_who root_who(const struct root_credentials *c) { return (struct root_who){c->user.file, c->group.file, c->effective, c->groups, c->group_count}; }

struct root_who root_who_real(const struct root_credentials *c) {
    uint64_t capabilities = secure(c, SECURE_NO_SETUID_FIXUP) ? c->effective : c->user.real == 0 ? c->permitted : 0;
    return (struct root_who){c->user.real, c->group.real, capabilities, c->groups, c->group_count};
}

static bool is_root(const struct ids_set *user) { return user->real == 0 || user->effective == 0 || user->saved == 0; }

/* cap_emulate_setxuid: root's capabilities come and go with the id 0. */
static void follow_ids(struct root_credentials *c, const struct ids_set *old) {
    if (secure(c, SECURE_NO_SETUID_FIXUP)) return;
    if (is_root(old) && !is_root(&c->user)) {
        if (!secure(c, SECURE_KEEP_CAPS)) c->permitted = c->effective = 0;
        c->ambient = 0;
    }
    if (old->effective == 0 && c->user.effective != 0) c->effective = 0;
    if (old->effective != 0 && c->user.effective == 0) c->effective = c->permitted;
}

static void follow_file_id(struct root_credentials *c, const struct ids_set *old) {
    if (secure(c, SECURE_NO_SETUID_FIXUP)) return;
    if (old->file == 0 && c->user.file != 0) c->effective &= ~FS_CAPABILITIES;
    if (old->file != 0 && c->user.file == 0) c->effective |= c->permitted & FS_CAPABILITIES;
}

long root_set_ids(struct root_credentials *c, enum ids_operation operation, const uint32_t arguments[3]) {
    const struct ids_set old = c->user;
    bool group = ids_of_group(operation);
    uint32_t value;
    int error = ids_apply(group ? &c->group : &c->user, operation, arguments, able(c, group ? CAP_SETGID : CAP_SETUID), &value);
    if (error) return error;
    if (operation == IDS_SETFSUID) follow_file_id(c, &old);
    else if (!group) follow_ids(c, &old);
    return value;
}

int root_set_groups(struct root_credentials *c, const uint32_t *groups, uint64_t count) {
    if (!able(c, CAP_SETGID)) return -EPERM;
    if (count > ROOT_GROUPS) return -EINVAL;
    for (uint64_t i = 0; i < count; i++)
        if (groups[i] == UINT32_MAX) return -EINVAL;
    for (uint64_t i = 0; i < count; i++) c->groups[i] = groups[i];
    c->group_count = (uint32_t)count;
    sort(c->groups, c->group_count);
    return 0;
}

int root_set_capabilities(struct root_credentials *c, uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    effective &= ROOT_ALL_CAPABILITIES;
    permitted &= ROOT_ALL_CAPABILITIES;
    inheritable &= ROOT_ALL_CAPABILITIES;
    if (!able(c, CAP_SETPCAP) && !within(inheritable, c->inheritable | c->permitted)) return -EPERM;
    if (!within(inheritable, c->inheritable | c->bounding) || !within(permitted, c->permitted) || !within(effective, permitted)) return -EPERM;
    c->effective = effective;
    c->permitted = permitted;
    c->inheritable = inheritable;
    c->ambient &= permitted & inheritable;
    return 0;
}

static long set_keep(struct root_credentials *c, unsigned long keep) {
    if (keep > 1) return -EINVAL;
    if (secure(c, SECURE_KEEP_CAPS_LOCKED)) return -EPERM;
    c->securebits = (c->securebits & ~(1u << SECURE_KEEP_CAPS)) | (uint32_t)keep << SECURE_KEEP_CAPS;
    return 0;
}

static long set_secure(struct root_credentials *c, unsigned long bits) {
    const unsigned long known = SECURE_ALL_BITS | SECURE_ALL_LOCKS, locks = SECURE_ALL_LOCKS;
    bool locked = ((c->securebits & locks) >> 1 & (c->securebits ^ bits)) || (c->securebits & locks & ~bits);
    if (locked || bits & ~known || !able(c, CAP_SETPCAP)) return -EPERM;
    c->securebits = (uint32_t)bits;
    return 0;
}

static long change_ambient(struct root_credentials *c, const unsigned long arguments[4]) {
    if (arguments[2] || arguments[3]) return -EINVAL;
    if (arguments[0] == PR_CAP_AMBIENT_CLEAR_ALL) {
        if (arguments[1]) return -EINVAL;
        c->ambient = 0;
        return 0;
    }
    if (arguments[1] > CAP_LAST_CAP) return -EINVAL;
    uint64_t bit = 1ull << arguments[1];
    switch (arguments[0]) {
        case PR_CAP_AMBIENT_IS_SET: return !!(c->ambient & bit);
        case PR_CAP_AMBIENT_RAISE:
            if (!(c->permitted & c->inheritable & bit) || secure(c, SECURE_NO_CAP_AMBIENT_RAISE)) return -EPERM;
            c->ambient |= bit;
            return 0;
        case PR_CAP_AMBIENT_LOWER: c->ambient &= ~bit; return 0;
        default: return -EINVAL;
    }
}

static long drop_bounding(struct root_credentials *c, unsigned long capability) {
    if (!able(c, CAP_SETPCAP)) return -EPERM;
    if (capability > CAP_LAST_CAP) return -EINVAL;
    c->bounding &= ~(1ull << capability);
    return 0;
}

static long set_no_new_privs(struct root_credentials *c, const unsigned long arguments[4]) {
    if (arguments[0] != 1 || arguments[1] || arguments[2] || arguments[3]) return -EINVAL;
    c->no_new_privs = 1;
    return 0;
}

bool root_prctl(struct root_credentials *c, int option, const unsigned long arguments[4], long *result) {
    switch (option) {
        case PR_GET_KEEPCAPS: *result = secure(c, SECURE_KEEP_CAPS); return true;
        case PR_SET_KEEPCAPS: *result = set_keep(c, arguments[0]); return true;
        case PR_GET_SECUREBITS: *result = c->securebits; return true;
        case PR_SET_SECUREBITS: *result = set_secure(c, arguments[0]); return true;
        case PR_CAPBSET_READ: *result = arguments[0] > CAP_LAST_CAP ? -EINVAL : (long)(c->bounding >> arguments[0] & 1); return true;
        case PR_CAPBSET_DROP: *result = drop_bounding(c, arguments[0]); return true;
        case PR_CAP_AMBIENT: *result = change_ambient(c, arguments); return true;
        case PR_SET_NO_NEW_PRIVS: *result = set_no_new_privs(c, arguments); return true;
        case PR_GET_NO_NEW_PRIVS: *result = arguments[0] || arguments[1] || arguments[2] || arguments[3] ? -EINVAL : (long)c->no_new_privs; return true;
        default: return false;
    }
}

/* cap_bprm_creds_from_file, as since Linux 6.16. */
bool root_execute(struct root_credentials *c, const struct root_node *file, bool nosuid) {
    const struct ids_set old = c->user;
    const uint64_t held = c->permitted;
    const struct root_who who = root_who(c);
    if (!nosuid && !c->no_new_privs) {
        if (file->mode & S_ISUID) c->user.effective = file->uid;
        if ((file->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) c->group.effective = file->gid;
    }
    bool rooted = !secure(c, SECURE_NOROOT), effective = rooted && c->user.effective == 0;
    bool changed = c->user.effective != old.effective || !root_in_group(&who, c->group.effective);
    c->permitted = rooted && (c->user.real == 0 || c->user.effective == 0) ? c->bounding | c->inheritable : 0;
    if (c->no_new_privs && (changed || !within(c->permitted, held))) {
        c->user.effective = c->user.real;
        c->group.effective = c->group.real;
        c->permitted &= held;
    }
    c->user.saved = c->user.file = c->user.effective;
    c->group.saved = c->group.file = c->group.effective;
    if (changed) c->ambient = 0;
    c->permitted |= c->ambient;
    c->effective = effective ? c->permitted : c->ambient;
    c->securebits &= ~(1u << SECURE_KEEP_CAPS);
    return changed || c->user.effective != c->user.real || c->group.effective != c->group.real || (c->user.real != 0 && (effective || !within(c->permitted, c->ambient)));
}

int root_may_signal(const struct root_credentials *from, const struct root_credentials *to) {
    const struct ids_set *a = &from->user, *b = &to->user;
    bool same = a->effective == b->saved || a->effective == b->real || a->real == b->saved || a->real == b->real;
    return same || able(from, CAP_KILL) ? 0 : -EPERM;
}
