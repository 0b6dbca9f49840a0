#ifndef LICHEN_TRAP_FILTER_H
#define LICHEN_TRAP_FILTER_H

#include <stdbool.h>

/* Sends the guest's system calls to the engine, in this process and all that come from it. `full`: root is emulated. 0 or -errno. */
long filter_install(bool full);

#endif
