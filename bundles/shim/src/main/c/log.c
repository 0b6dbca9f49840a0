#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "container.h"

void log_open(struct log *log, int directory) {
    log->fd = openat(directory, "log", O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (log->fd < 0) die(STATUS_LICHEN, "cannot open the container's log: %s", strerror(errno));
}

void log_write(struct log *log, const char *stream, const unsigned char *data, size_t size) {
    if (log->fd < 0 || !size) return;
    struct timespec now;
    char when[TIME_ROOM];
    struct bytes out = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    time_text(when, &now);
    char head[TIME_ROOM + 16];
    size_t head_size = (size_t)snprintf(head, sizeof head, "%s %s F ", when, stream);
    while (size) {
        const unsigned char *end = memchr(data, '\n', size);
        size_t part = end ? (size_t)(end - data) : size;
        head[head_size - 2] = end ? 'F' : 'P';
        bytes_add(&out, head, head_size);
        bytes_add(&out, data, part);
        bytes_text(&out, "\n");
        data += part + (end ? 1 : 0);
        size -= part + (end ? 1 : 0);
    }
    if (!write_all(log->fd, out.data, out.size) && !log->error) log->error = errno;
    bytes_clear(&out);
}
