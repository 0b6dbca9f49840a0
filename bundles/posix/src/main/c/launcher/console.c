#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int open_slave(int master) {
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    unsigned number;
    if (slave >= 0 || ioctl(master, TIOCGPTN, &number) != 0) return slave;
    AUTO_FREE char *path = must_format("/dev/pts/%u", number);
    return open(path, O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
}

/* An image could hold something else under these names where no /dev was mounted: only the real multiplexer is taken. */
static int open_master(void) {
    static const char *const NAMES[] = {"/dev/pts/ptmx", "/dev/ptmx"};
    for (size_t i = 0; i < 2; i++) {
        int fd = open(NAMES[i], O_RDWR | O_NOCTTY | O_CLOEXEC);
        struct stat status;
        if (fd < 0) continue;
        if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(5, 2)) return fd;
        close(fd);
        errno = ENOTTY;
    }
    return -1;
}

void console_open(struct console *console, const struct winsize *size) {
    int unlocked = 0;
    console->master = open_master();
    if (console->master < 0) die(STATUS_LICHEN, "cannot open a terminal in the container (/dev/ptmx): %s", strerror(errno));
    if (ioctl(console->master, TIOCSPTLCK, &unlocked) != 0 || (console->slave = open_slave(console->master)) < 0)
        die(STATUS_LICHEN, "cannot open a terminal in the container: %s", strerror(errno));
    if (size->ws_row && size->ws_col) ioctl(console->master, TIOCSWINSZ, size);
}

void console_bind(const struct console *console) {
    unsigned number;
    if (ioctl(console->master, TIOCGPTN, &number) != 0) return;
    AUTO_FREE char *path = must_format("/dev/pts/%u", number);
    int made = open("/dev/console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made < 0) return;
    close(made);
    mount(path, "/dev/console", NULL, MS_BIND, NULL);
}

void console_use(const struct console *console) {
    setsid(); /* EPERM: this process leads a session already, one without a terminal */
    if (ioctl(console->slave, TIOCSCTTY, 0) != 0) die(STATUS_LICHEN, "cannot make the terminal the controlling one: %s", strerror(errno));
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(console->slave, fd) < 0) die(STATUS_LICHEN, "cannot use the terminal: %s", strerror(errno));
    console_close(console);
}

void console_close(const struct console *console) {
    if (console->slave >= 0) close(console->slave);
    if (console->master >= 0) close(console->master);
}
