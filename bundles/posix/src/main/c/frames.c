#include "frames.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "records.h"

void frame_add(struct bytes *to, char type, const void *data, size_t size) {
    unsigned char head[FRAME_HEAD] = {(unsigned char)type};
    put_u32(head + 1, (uint32_t)size);
    bytes_add(to, head, sizeof head);
    bytes_add(to, data, size);
}

void frame_add_number(struct bytes *to, char type, uint32_t number) {
    unsigned char data[4];
    put_u32(data, number);
    frame_add(to, type, data, sizeof data);
}

void frame_add_failure(struct bytes *to, int status, const char *message) {
    struct bytes data = {0};
    unsigned char number[8];
    put_u64(number, (uint64_t)status);
    bytes_add(&data, number, sizeof number);
    bytes_text(&data, message);
    frame_add(to, 'f', data.data, data.size);
    bytes_clear(&data);
}

int frame_take(const struct bytes *received, size_t *offset, struct frame *frame, size_t most) {
    size_t left = received->size - *offset;
    if (left < FRAME_HEAD) return 0;
    const unsigned char *head = received->data + *offset;
    frame->type = (char)head[0];
    frame->size = get_u32(head + 1);
    if (frame->size > most) return -1;
    if (left - FRAME_HEAD < frame->size) return 0;
    frame->data = head + FRAME_HEAD;
    *offset += FRAME_HEAD + frame->size;
    return 1;
}

void bytes_drop(struct bytes *from, size_t size) {
    from->size -= size;
    if (from->size == 0) bytes_clear(from); /* an idle connection holds no memory */
    else memmove(from->data, from->data + size, from->size);
}

bool frame_send(int fd, char type, const void *data, size_t size) {
    struct bytes out = {0};
    frame_add(&out, type, data, size);
    bool good = true;
    for (size_t done = 0; good && done < out.size;) {
        ssize_t sent = send(fd, out.data + done, out.size - done, MSG_NOSIGNAL);
        if (sent >= 0) done += (size_t)sent;
        else good = errno == EINTR;
    }
    int saved = errno;
    bytes_clear(&out);
    errno = saved;
    return good;
}
