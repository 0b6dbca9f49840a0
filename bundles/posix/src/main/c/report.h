/* The report socket between a launcher and who started it (docs/FORMATS.md, 3): SOCK_SEQPACKET, one message = tag (4) + payload [+ descriptor]. */
#ifndef LICHEN_REPORT_H
#define LICHEN_REPORT_H

#include "base.h"

enum { REPORT_ROOM = 4096 };

struct report {
    char tag[5];
    unsigned char data[REPORT_ROOM];
    size_t size;
    int fd; /* close-on-exec, or -1; the receiver closes it */
};

/* Sends one message; pass -1 for no descriptor. Longer payloads are cut. false: errno. */
bool report_send(int socket, const char *tag, const void *data, size_t size, int fd);
bool report_number(int socket, const char *tag, uint64_t number);
bool report_failure(int socket, int status, const char *message);
/* 1: a message; 0: end (all copies are closed); -1: errno. */
int report_receive(int socket, struct report *into, int flags);
/* Splits a `fail` message: its status and its text (NUL-terminated inside `report`). */
int report_status(struct report *report, const char **message);

/* Sends bytes with one descriptor on any Unix socket; receives bytes and at most one descriptor (-1: none). */
ssize_t send_with_fd(int socket, const void *data, size_t size, int fd);
ssize_t receive_with_fd(int socket, void *data, size_t size, int *fd, int flags);

#endif
