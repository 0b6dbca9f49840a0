#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "container.h"

void log_open(struct log *log, int directory) {
    log->error = 0;
    log->fd = openat(directory, "log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log->fd < 0) die(STATUS_LICHEN, "cannot open the container's log: %s", strerror(errno));
}

static void flush(struct log *log, const unsigned char *data, size_t size) {
    if (size && !write_all(log->fd, data, size) && !log->error) log->error = errno;
}

void log_write(struct log *log, const char *stream, const unsigned char *data, size_t size) {
    enum { ROOM = 16384, HEAD_ROOM = TIME_ROOM + 16 };
    static unsigned char out[ROOM];
    size_t used = 0;
    struct timespec now;
    char when[TIME_ROOM], head[HEAD_ROOM];
    if (log->fd < 0 || !size) return;
    clock_gettime(CLOCK_REALTIME, &now);
    time_text(when, &now);
    size_t head_size = (size_t)snprintf(head, sizeof head, "%s %s F ", when, stream);
    while (size) {
        const unsigned char *end = memchr(data, '\n', size);
        size_t part = end ? (size_t)(end - data) : size, whole = head_size + part + 1;
        if (used + head_size + 1 >= ROOM || (used && used + whole > ROOM)) {
            flush(log, out, used);
            used = 0;
        }
        head[head_size - 2] = end ? 'F' : 'P';
        memcpy(out + used, head, head_size);
        used += head_size;
        if (whole > ROOM) { /* longer than the buffer: past it */
            flush(log, out, used);
            flush(log, data, part);
            used = 0;
        } else {
            memcpy(out + used, data, part);
            used += part;
        }
        out[used++] = '\n';
        data += part + (end ? 1 : 0);
        size -= part + (end ? 1 : 0);
    }
    flush(log, out, used);
}
