/* What a process may do: capabilities, no_new_privs. */
#ifndef LICHEN_USERNS_RIGHTS_H
#define LICHEN_USERNS_RIGHTS_H

#include "base.h"

/* Removes every capability outside `mask` from the bounding set. Needs CAP_SETPCAP in the present user namespace. */
void capabilities_bound(uint64_t mask);
/* The same for the permitted and effective sets; inheritable and ambient become empty. */
void capabilities_keep(uint64_t mask);
void no_new_privileges(void);

#endif
