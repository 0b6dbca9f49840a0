/* A guest's call of a command of the host (docs/FORMATS.md, 5): what both ends of the connection know. */
#ifndef LICHEN_HOSTCALL_H
#define LICHEN_HOSTCALL_H

#include "base.h"

/* Where the container shows the socket of its shim. */
#define HOSTCALL_SOCKET "/run/lichen-host"
/* How many calls through containers may be on top of each other, and the variable that counts them. */
#define HOSTCALL_DEPTH "LICHEN_DEPTH"
enum { HOSTCALL_STDIO = 3, HOSTCALL_MOST = 253 /* descriptors in one message, the kernel's SCM_MAX_FD */, HOSTCALL_DEEPEST = 16 };

/* One frame with descriptors, HOSTCALL_STDIO to HOSTCALL_MOST: first those of standard input and output. */
bool hostcall_send(int socket, char type, const void *data, size_t size, const int *descriptors, size_t count);
/* The first frame, at most `most` bytes: its payload, and how many descriptors. false: there is none with those of standard input and output. */
bool hostcall_receive(int socket, char *type, struct bytes *payload, size_t most, int descriptors[HOSTCALL_MOST], size_t *count);

#endif
