/* The default seccomp profile (profile.def). */
#ifndef LICHEN_USERNS_PROFILE_H
#define LICHEN_USERNS_PROFILE_H

#include "bpf.h"

/* Writes the filter for a container that keeps these capabilities; for tests apart from installing. */
void profile_write(struct filter *filter, uint64_t capabilities);
void profile_install(uint64_t capabilities);

#endif
