/* The kernel's rules for changing ids (kernel/sys.c). */
#include <errno.h>

#include "ids_rules.h"

static const uint32_t UNCHANGED = UINT32_MAX;

static bool is_one_of(uint32_t id, const struct ids_set *set, bool saved) {
    return id == set->real || id == set->effective || (saved && id == set->saved);
}

static int set_one(struct ids_set *set, uint32_t id, bool able) {
    if (id == UNCHANGED) return -EINVAL;
    if (able) set->real = set->saved = id;
    else if (id != set->real && id != set->saved) return -EPERM;
    set->effective = set->file = id;
    return 0;
}

static int set_two(struct ids_set *set, uint32_t real, uint32_t effective, bool able) {
    const struct ids_set old = *set;
    if (real != UNCHANGED && !able && !is_one_of(real, &old, false)) return -EPERM;
    if (effective != UNCHANGED && !able && !is_one_of(effective, &old, true)) return -EPERM;
    if (real != UNCHANGED) set->real = real;
    if (effective != UNCHANGED) set->effective = effective;
    if (real != UNCHANGED || (effective != UNCHANGED && effective != old.real)) set->saved = set->effective;
    set->file = set->effective;
    return 0;
}

static bool stays(uint32_t wanted, uint32_t id) { return wanted == UNCHANGED || wanted == id; }

static int set_three(struct ids_set *set, const uint32_t wanted[3], bool able) {
    /* What changes nothing leaves even the file id alone (since Linux 6.4). */
    if (stays(wanted[0], set->real) && stays(wanted[1], set->effective) && stays(wanted[1], set->file) && stays(wanted[2], set->saved)) return 0;
    for (int i = 0; i < 3; i++)
        if (wanted[i] != UNCHANGED && !able && !is_one_of(wanted[i], set, true)) return -EPERM;
    if (wanted[0] != UNCHANGED) set->real = wanted[0];
    if (wanted[1] != UNCHANGED) set->effective = wanted[1];
    if (wanted[2] != UNCHANGED) set->saved = wanted[2];
    set->file = set->effective;
    return 0;
}

/* Answers the old id whether or not the new one was taken. */
static int set_file(struct ids_set *set, uint32_t id, bool able, uint32_t *old) {
    *old = set->file;
    if (id != UNCHANGED && (able || is_one_of(id, set, true) || id == set->file)) set->file = id;
    return 0;
}

bool ids_of_group(enum ids_operation operation) {
    return operation == IDS_SETGID || operation == IDS_SETREGID || operation == IDS_SETRESGID || operation == IDS_SETFSGID;
}

int ids_apply(struct ids_set *set, enum ids_operation operation, const uint32_t arguments[3], bool able, uint32_t *value) {
    *value = 0;
    switch (operation) {
        case IDS_SETUID:
        case IDS_SETGID: return set_one(set, arguments[0], able);
        case IDS_SETREUID:
        case IDS_SETREGID: return set_two(set, arguments[0], arguments[1], able);
        case IDS_SETRESUID:
        case IDS_SETRESGID: return set_three(set, arguments, able);
        case IDS_SETFSUID:
        case IDS_SETFSGID: return set_file(set, arguments[0], able, value);
        default: return -ENOSYS;
    }
}
