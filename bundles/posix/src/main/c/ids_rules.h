/* The kernel's rules for changing ids, on ids that are kept elsewhere than in the kernel: by the supervisor of identity `basic` and by root emulation. Freestanding; touches
   nothing but its arguments, so it runs anywhere. */
#ifndef LICHEN_IDS_RULES_H
#define LICHEN_IDS_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "ids_calls.h"

enum ids_operation {
#define IDS_NAME(name, a, b, c) IDS_##name,
    IDS_SUPERVISED(IDS_NAME)
#undef IDS_NAME
#define IDS_NAME(name, a, b, c, d) IDS_##name,
    IDS_CONDITIONAL(IDS_NAME)
#undef IDS_NAME
    IDS_NONE
};
struct ids_set {
    uint32_t real, effective, saved, file;
};

/* Whether a set*id changes the group's set and not the user's. */
bool ids_of_group(enum ids_operation operation);
/* Applies set*id to the set that it changes; 0, or -errno with nothing changed. `able`: the process may take any id. The result of SETFS*ID is in *value. */
int ids_apply(struct ids_set *set, enum ids_operation operation, const uint32_t arguments[3], bool able, uint32_t *value);

#endif
