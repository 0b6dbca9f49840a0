/* The filter of identity `basic`: owners and devices are taken as set, set*id and get*id are answered by the supervisor (posix/ids.h). */
#ifndef LICHEN_USERNS_IDFILTER_H
#define LICHEN_USERNS_IDFILTER_H

#include "bpf.h"

/* Writes the filter; not supervised, set*id and setgroups are constant successes and get*id tells the kernel's ids. For tests apart from installing. */
void idfilter_write(struct filter *filter, bool supervised);
/* Installs it in this process and answers the listener's descriptor, close-on-exec. Where user notification is not there (an old kernel) or taken (EBUSY: a supervisor above
   us), installs constant answers, says so on stderr, and answers -1. From here on this process changes no ids and makes no file system objects. */
int idfilter_install(void);

#endif
