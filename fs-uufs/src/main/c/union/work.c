/* The work directory: its lock, by which changes that take several steps exclude each other, and temporaries. */
#include "inner.h"

/* flock, since it ends with the process that holds it. LOCK_UN is explicit: another thread may have forked meanwhile, and its child holds the same open file. Where the file
 * system has no flock, a single process is still right, which is all that can be had there. */
long lock_take(const struct union_config *u, struct union_place *place) {
    if (place->lock >= 0) return 1;
    if (!u->work) return -EROFS;
    long fd = sys_openat(AT_FDCWD, u->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), result;
    if (fd < 0) return fd;
    do result = SYS(flock, fd, SYS_LOCK_EX);
    while (result == -EINTR);
    place->lock = (int)fd;
    return 0;
}

void lock_drop(struct union_place *place) {
    if (place->lock < 0) return;
    SYS(flock, place->lock, SYS_LOCK_UN);
    sys_close(place->lock);
    place->lock = -1;
}

/* Thread and time: unique on this machine but for processes of other pid namespaces; whoever makes the file says O_EXCL, and takes the next name. */
void temporary_next(struct temporary *temporary) {
    int64_t now[2] = {0, 0};
    SYS(clock_gettime, SYS_CLOCK_MONOTONIC, now);
    char *end = put_text(temporary->name, "lichen.");
    *(end = put_hex(end, (uint64_t)SYS(gettid, 0), 8)) = '.';
    put_hex(end + 1, (uint64_t)now[0] << 30 | (uint64_t)now[1], 16);
}

long temporary_open(const struct union_config *u, struct temporary *temporary) {
    if (!u->work) return -EROFS;
    long fd = sys_openat(AT_FDCWD, u->work, OPEN_PATH | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    temporary->work = (int)fd;
    temporary_next(temporary);
    return 0;
}

void temporary_close(const struct temporary *temporary) { sys_close(temporary->work); }

void temporary_remove(const struct union_config *u, const struct temporary *temporary) {
    if (SYS(unlinkat, temporary->work, temporary->name, 0) != -EISDIR) return;
    if (SYS(unlinkat, temporary->work, temporary->name, AT_REMOVEDIR) != -ENOTEMPTY) return;
    long fd = sys_openat(temporary->work, temporary->name, OPEN_PATH | O_DIRECTORY, 0);
    if (fd < 0) return;
    whiteouts_clear(u, (int)fd);
    sys_close(fd);
    SYS(unlinkat, temporary->work, temporary->name, AT_REMOVEDIR);
}
