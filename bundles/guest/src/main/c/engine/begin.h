/* What a program of the guest begins with, whoever has loaded it: the stage (start.c), or its own dynamic linker. */
#ifndef LICHEN_ENGINE_BEGIN_H
#define LICHEN_ENGINE_BEGIN_H

#include <linux/auxvec.h>

#include "engine.h"

/* Of a descriptor's name. */
static inline long descriptor_in(const char *path) {
    long number = 0;
    for (; *path; path++) number = *path == '/' ? 0 : number * 10 + *path - '0';
    return number;
}

/* Whom the auxiliary vector says the program runs as (`who`: NULL: as it says), and what was executed. */
static inline void vector_mend(uint64_t *vector, const char *name, const struct root_credentials *who, bool secure) {
    for (; vector[0] != AT_NULL; vector += 2) {
        switch (vector[0]) {
            case AT_EXECFN: vector[1] = (uint64_t)name; break;
            case AT_SECURE: vector[1] = secure; break;
            case AT_UID: vector[1] = who ? who->user.real : vector[1]; break;
            case AT_EUID: vector[1] = who ? who->user.effective : vector[1]; break;
            case AT_GID: vector[1] = who ? who->group.real : vector[1]; break;
            case AT_EGID: vector[1] = who ? who->group.effective : vector[1]; break;
            default: break;
        }
    }
}

#endif
