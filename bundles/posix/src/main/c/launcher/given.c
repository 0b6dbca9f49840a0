#include "given.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "report.h"

enum { PAYLOAD_FD = 3, REPORT_FD = 4 };

static int report_fd = -1;

static void report_death(int status, const char *message) {
    if (report_fd < 0 || !report_failure(report_fd, status, message)) complain("%s", message);
    _exit(status);
}

int given_report(void) {
    int type = 0;
    socklen_t size = sizeof type;
    on_die = report_death;
    if (getsockopt(REPORT_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET) return -1;
    fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    return report_fd = REPORT_FD;
}

void given_input(void) {
    struct bytes payload = {0};
    const int memory = (int)syscall(SYS_memfd_create, "payload", 1U /* MFD_CLOEXEC */);
    if (memory < 0 || !read_whole(STDIN_FILENO, &payload) || !write_all(memory, payload.data, payload.size) || dup2(memory, PAYLOAD_FD) < 0)
        die(STATUS_LICHEN, "cannot read the plan (stdin): %s", strerror(errno));
    if (memory != PAYLOAD_FD) close(memory);
    bytes_clear(&payload);
    umask(022); /* who asks for it is the runtime, whose files are its own */
}

void given_payload(struct plan *plan) {
    struct bytes payload = {0};
    if (lseek(PAYLOAD_FD, 0, SEEK_SET) != 0 || !read_whole(PAYLOAD_FD, &payload)) die(STATUS_LICHEN, "cannot read the plan (descriptor 3): %s", strerror(errno));
    close(PAYLOAD_FD);
    plan_read(plan, &payload);
}

void given_check(pid_t pid) {
    struct bytes text = {0};
    int first;
    unsigned long long begun;
    if (!read_file(AT_FDCWD, "run/pid", &text)) return; /* tried by hand, without a shim */
    bytes_add(&text, "", 1);
    bool good = sscanf((const char *)text.data, "%d %llu", &first, &begun) == 2 && first == pid && process_begun(pid) == begun;
    bytes_clear(&text);
    if (!good) die(STATUS_LICHEN, "cannot enter the container: it has ended");
}

void given_pass(const struct guest *guest) {
    if (guest->exact) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (size_t i = 0; i < guest->passed_count; i++)
        if (dup2(guest->passed[i].at, guest->passed[i].number) < 0) die(STATUS_LICHEN, "cannot pass descriptor %d on: %s", guest->passed[i].number, strerror(errno));
}

void given_let_go(const struct guest *guest) {
    for (size_t i = 0; i < guest->passed_count; i++) close(guest->passed[i].at);
}
