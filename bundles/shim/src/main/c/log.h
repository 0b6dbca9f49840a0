/* The container's log: `TIME STREAM F|P BYTES\n`, each line as soon as it is there. */
#ifndef LICHEN_SHIM_LOG_H
#define LICHEN_SHIM_LOG_H

#include "base.h"

struct log {
    int fd;    /* -1: there is none */
    int error; /* first errno: the log is incomplete */
};

void log_open(struct log *log, int directory);
/* A piece that does not end in a newline is written with `P`: its line goes on. */
void log_write(struct log *log, const char *stream, const unsigned char *data, size_t size);

#endif
