#include "base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void (*on_die)(int status, const char *message);

static char *format_text(const char *format, va_list arguments) {
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) _exit(STATUS_LICHEN);
    return text;
}

/* One write, so that lines of several processes on the same terminal do not mix. */
static void print_line(const char *message) {
    char *line = NULL;
    int size = asprintf(&line, "lichen: %s\n", message);
    if (size > 0) (void)write_all(STDERR_FILENO, line, (size_t)size);
    free(line);
}

void die(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = format_text(format, arguments);
    va_end(arguments);
    if (on_die)
        on_die(status, message);
    else
        print_line(message);
    exit(status);
}

void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = format_text(format, arguments);
    va_end(arguments);
    print_line(message);
    free(message);
}

void *must_realloc(void *old, size_t count, size_t size) {
    void *new = reallocarray(old, count ? count : 1, size ? size : 1);
    if (!new) die(STATUS_LICHEN, "out of memory");
    return new;
}

void *must_alloc(size_t size) {
    void *new = calloc(1, size ? size : 1);
    if (!new) die(STATUS_LICHEN, "out of memory");
    return new;
}

char *must_copy(const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(must_realloc(NULL, size, 1), text, size);
}

char *must_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    return text;
}

void bytes_add(struct bytes *to, const void *data, size_t size) {
    if (size > SIZE_MAX / 4 - to->size) die(STATUS_LICHEN, "out of memory");
    if (to->size + size > to->room) {
        to->room = (to->size + size) * 2;
        to->data = must_realloc(to->data, to->room, 1);
    }
    if (size) memcpy(to->data + to->size, data, size);
    to->size += size;
}

void bytes_text(struct bytes *to, const char *text) { bytes_add(to, text, strlen(text)); }

void bytes_format(struct bytes *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    AUTO_FREE char *text = format_text(format, arguments);
    va_end(arguments);
    bytes_text(to, text);
}

void bytes_clear(struct bytes *to) {
    free(to->data);
    *to = (struct bytes){0};
}

size_t list_size(char *const *list) {
    size_t count = 0;
    while (list && list[count]) count++;
    return count;
}

void list_add(char ***list, char *text) {
    size_t count = list_size(*list);
    *list = must_realloc(*list, count + 2, sizeof **list);
    (*list)[count] = text;
    (*list)[count + 1] = NULL;
}

ssize_t read_some(int fd, void *data, size_t size) {
    ssize_t got;
    do got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got;
}

bool write_all(int fd, const void *data, size_t size) {
    for (const char *at = data; size;) {
        ssize_t done = write(fd, at, size);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

bool read_whole(int fd, struct bytes *into) {
    char part[8192];
    for (;;) {
        ssize_t got = read_some(fd, part, sizeof part);
        if (got < 0) return false;
        if (got == 0) return true;
        bytes_add(into, part, (size_t)got);
    }
}

bool read_file(int dir, const char *path, struct bytes *into) {
    AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read_whole(fd, into);
}

bool write_file(int dir, const char *path, const void *data, size_t size) {
    AUTO_CLOSE int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t done;
    do done = write(fd, data, size);
    while (done < 0 && errno == EINTR);
    return done == (ssize_t)size;
}

bool replace_file(int dir, const char *path, const void *data, size_t size, mode_t mode) {
    AUTO_FREE char *beside = must_format("%s.new-%d", path, (int)getpid());
    AUTO_CLOSE int fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return false;
    if (write_all(fd, data, size) && renameat(dir, beside, dir, path) == 0) return true;
    int saved = errno;
    unlinkat(dir, beside, 0);
    errno = saved;
    return false;
}

/* Kernels before 5.11 have no CLOSE_RANGE_CLOEXEC; there the open descriptors are listed. */
void close_on_exec_from(unsigned first) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
    DIR *open_now = opendir("/proc/self/fd");
    if (!open_now) return;
    for (struct dirent *entry; (entry = readdir(open_now));) {
        uint64_t fd;
        if (parse_number(entry->d_name, 10, &fd) && fd >= first && fd <= INT_MAX) fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(open_now);
}

int *inherited_descriptors(void) {
    enum { FIRST_FREE = 3 };
    size_t count = 0;
    int *found = must_realloc(NULL, 1, sizeof *found);
    DIR *open_now = opendir("/proc/self/fd"); /* its own is close-on-exec */
    for (struct dirent *entry; open_now && (entry = readdir(open_now));) {
        uint64_t fd;
        struct stat status;
        if (!parse_number(entry->d_name, 10, &fd) || fd < FIRST_FREE || fd > INT_MAX) continue;
        const int flags = fcntl((int)fd, F_GETFD), how = fcntl((int)fd, F_GETFL);
        if (flags < 0 || flags & FD_CLOEXEC || how < 0 || how & O_PATH || fstat((int)fd, &status) != 0 || S_ISDIR(status.st_mode)) continue;
        found = must_realloc(found, count + 2, sizeof *found);
        found[count++] = (int)fd;
    }
    if (open_now) closedir(open_now);
    found[count] = -1;
    return found;
}

void close_all_but(const int *kept, size_t count) {
    enum { FIRST_FREE = 3 };
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < FIRST_FREE; fd++) dup2(null, fd);
    DIR *open_now = opendir("/proc/self/fd");
    if (!open_now) return;
    for (struct dirent *entry; (entry = readdir(open_now));) {
        uint64_t fd;
        if (!parse_number(entry->d_name, 10, &fd) || fd < FIRST_FREE || fd > INT_MAX || (int)fd == dirfd(open_now)) continue;
        bool stays = false;
        for (size_t i = 0; i < count; i++) stays = stays || kept[i] == (int)fd;
        if (!stays) close((int)fd);
    }
    closedir(open_now);
}

int memory_file(const char *name, const void *data, size_t size) {
    int fd = (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
    if (fd < 0) {
        char path[] = "/tmp/lichen-XXXXXX";
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0) return -1;
        unlink(path);
    }
    if (write_all(fd, data, size) && lseek(fd, 0, SEEK_SET) == 0) return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

bool parse_number(const char *text, unsigned base, uint64_t *value) {
    uint64_t sum = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        unsigned digit = (unsigned)(*text - '0');
        if (digit >= base || sum > (UINT64_MAX - digit) / base) return false;
        sum = sum * base + digit;
    }
    *value = sum;
    return true;
}

void close_auto(const int *fd) {
    if (*fd < 0) return;
    int saved = errno;
    close(*fd);
    errno = saved;
}

void free_auto(void *pointer) { free(*(void **)pointer); }
