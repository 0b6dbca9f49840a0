/* /proc/PID/status as the guest is to read it: ids, groups, capabilities and no_new_privs are those of the credentials, every other line stays. Pure; runs anywhere. */
#ifndef LICHEN_ROOT_STATUS_H
#define LICHEN_ROOT_STATUS_H

#include "credentials.h"

/* The size of the new text in `out`, or -ENOSPC; there are at most ROOT_STATUS_MORE bytes more than in the old. */
enum { ROOT_STATUS_MORE = 4 * 2 * 11 + ROOT_GROUPS * 11 };
long root_show_status(const struct root_credentials *credentials, const char *in, size_t size, char *out, size_t room);

#endif
