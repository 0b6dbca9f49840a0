#include "hostcall.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "records.h"

union control {
    struct cmsghdr header;
    char room[CMSG_SPACE(HOSTCALL_MOST * sizeof(int))];
};

bool hostcall_send(int socket, char type, const void *data, size_t size, const int *descriptors, size_t count) {
    unsigned char head[FRAME_HEAD] = {(unsigned char)type};
    union control control = {0};
    struct iovec part = {.iov_base = head, .iov_len = sizeof head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *header = &control.header;
    put_u32(head + 1, (uint32_t)size);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == FRAME_HEAD && write_all(socket, data, size);
}

bool hostcall_receive(int socket, char *type, struct bytes *payload, size_t most, int descriptors[HOSTCALL_MOST], size_t *count) {
    unsigned char head[FRAME_HEAD];
    char piece[4096];
    union control control = {0};
    struct iovec part = {.iov_base = head, .iov_len = sizeof head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    const struct cmsghdr *header = got == FRAME_HEAD ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(HOSTCALL_STDIO * sizeof(int)) || header->cmsg_len > CMSG_LEN(HOSTCALL_MOST * sizeof(int))) return false;
    *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
    *type = (char)head[0];
    const size_t size = get_u32(head + 1);
    while (size <= most && payload->size < size) {
        const size_t rest = size - payload->size;
        got = read_some(socket, piece, rest < sizeof piece ? rest : sizeof piece);
        if (got <= 0) return false;
        bytes_add(payload, piece, (size_t)got);
    }
    return size <= most;
}
