#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "records.h"

ssize_t send_with_fd(int socket, const void *data, size_t size, int fd) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t receive_with_fd(int socket, void *data, size_t size, int *fd, int flags) {
    struct iovec part = {.iov_base = data, .iov_len = size};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *fd = -1;
    ssize_t got;
    do got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return got;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return got;
}

bool report_send(int socket, const char *tag, const void *data, size_t size, int fd) {
    unsigned char message[REPORT_ROOM];
    if (size > sizeof message - 4) size = sizeof message - 4;
    memcpy(message, tag, 4);
    if (size) memcpy(message + 4, data, size);
    return send_with_fd(socket, message, size + 4, fd) >= 0;
}

bool report_number(int socket, const char *tag, uint64_t number) {
    unsigned char data[8];
    put_u64(data, number);
    return report_send(socket, tag, data, sizeof data, -1);
}

bool report_failure(int socket, int status, const char *message) {
    unsigned char data[REPORT_ROOM - 4];
    size_t size = strlen(message);
    if (size > sizeof data - 8) size = sizeof data - 8;
    put_u64(data, (uint64_t)status);
    memcpy(data + 8, message, size);
    return report_send(socket, "fail", data, size + 8, -1);
}

int report_receive(int socket, struct report *into, int flags) {
    unsigned char message[REPORT_ROOM];
    ssize_t got = receive_with_fd(socket, message, sizeof message, &into->fd, flags);
    if (got < 0) return -1;
    if (got < 4) {
        if (into->fd >= 0) close(into->fd);
        into->fd = -1;
        return 0;
    }
    memcpy(into->tag, message, 4);
    into->tag[4] = 0;
    into->size = (size_t)got - 4;
    memcpy(into->data, message + 4, into->size);
    return 1;
}

int report_status(struct report *report, const char **message) {
    if (report->size < 8) {
        *message = "the launcher failed without a reason";
        return STATUS_LICHEN;
    }
    report->data[report->size < sizeof report->data ? report->size : sizeof report->data - 1] = 0;
    *message = (const char *)report->data + 8;
    return (int)get_u64(report->data);
}
