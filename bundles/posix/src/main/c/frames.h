/* Frames on the sockets (docs/FORMATS.md, 5): type (1 byte) | length (u32) | payload. */
#ifndef LICHEN_FRAMES_H
#define LICHEN_FRAMES_H

#include "base.h"

enum { FRAME_HEAD = 5, FRAME_MOST = 1024 * 1024 };

struct frame {
    char type;
    const unsigned char *data;
    size_t size;
};

void frame_add(struct bytes *to, char type, const void *data, size_t size);
void frame_add_number(struct bytes *to, char type, uint32_t number);
/* `f`: status and text. */
void frame_add_failure(struct bytes *to, int status, const char *message);
/* The first frame of received bytes, from `offset` on, which moves behind it: 1; 0: it is not complete yet; -1: it is longer than `most`. */
int frame_take(const struct bytes *received, size_t *offset, struct frame *frame, size_t most);
/* Removes the first bytes. */
void bytes_drop(struct bytes *from, size_t size);
/* One frame at once on a blocking socket; false: errno. */
bool frame_send(int fd, char type, const void *data, size_t size);

#endif
