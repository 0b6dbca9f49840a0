#include "book.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "bytes.h"
#include "syscalls.h"
#include "table.h"

enum { END = '\n' };
/* Far below RLIM_INFINITY, and far above what anyone sets. */
static const uint64_t MARK = 0x1c8full << 48;

static int64_t offset_of(uint64_t number) { return (int64_t)number * ROOT_BOOK_SLOT; }

/* Whether a slot holds this text, which ends in END. 1, 0, or -errno; *is_free: it holds nothing. */
static int holds(int fd, uint64_t number, const char *text, size_t size, bool *is_free) {
    char piece[256];
    *is_free = false;
    for (size_t at = 0; at < size; at += sizeof piece) {
        size_t want = size - at < sizeof piece ? size - at : sizeof piece;
        long got = SYS(pread64, fd, piece, want, offset_of(number) + (int64_t)at);
        if (got < 0) return (int)got;
        if (at == 0) *is_free = got == 0 || piece[0] == 0;
        if ((size_t)got != want || !bytes_same(piece, text + at, want)) return 0;
    }
    return 1;
}

/* The slot that has this text, or the free one where it belongs: *found says which. */
static long locate(int fd, const char *text, size_t size, bool *found) {
    uint64_t hash = bytes_hash(BYTES_HASH, text, size);
    for (uint64_t i = 0; i < ROOT_BOOK_SLOTS; i++) {
        uint64_t number = (hash + i) % ROOT_BOOK_SLOTS;
        bool is_free;
        int result = holds(fd, number, text, size, &is_free);
        *found = result > 0;
        if (result < 0) return result;
        if (*found || is_free) return (long)number;
    }
    return -EAGAIN;
}

long root_book_add(const char *path, const struct root_credentials *credentials, char *text) {
    bool found = false;
    long size = root_credentials_write(credentials, text, ROOT_TEXT);
    if (size < 0) return size;
    text[size++] = END; /* in the place of the terminating NUL */
    int fd = (int)SYS(open, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fd;
    long number = locate(fd, text, (size_t)size, &found);
    SYS(close, fd);
    if (number < 0 || found) return number;
    int lock = root_lock(path, ROOT_LOCK_TABLE);
    if (lock < 0) return lock;
    number = locate(lock, text, (size_t)size, &found);
    long written = number < 0 || found ? size : SYS(pwrite64, lock, text, size, offset_of((uint64_t)number));
    root_unlock(lock, ROOT_LOCK_TABLE);
    return written < 0 ? written : written != size ? -EIO : number;
}

int root_book_get(const char *path, long number, struct root_credentials *credentials, char *text) {
    if (number < 0 || number >= ROOT_BOOK_SLOTS) return -EINVAL;
    int fd = (int)SYS(open, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return fd;
    long got = SYS(pread64, fd, text, ROOT_TEXT, offset_of((uint64_t)number));
    SYS(close, fd);
    for (long size = 0; size < got; size++)
        if (text[size] == END) return root_credentials_read(credentials, text, (size_t)size);
    return got < 0 ? (int)got : -EINVAL;
}

int root_book_mark(int pid, long number) {
    struct rlimit limit;
    long error = SYS(prlimit64, pid, RLIMIT_LOCKS, 0, &limit);
    if (error) return (int)error;
    limit.rlim_cur = MARK | (uint64_t)number;
    return (int)SYS(prlimit64, pid, RLIMIT_LOCKS, &limit, 0);
}

long root_book_marked(int pid) {
    struct rlimit limit;
    long error = SYS(prlimit64, pid, RLIMIT_LOCKS, 0, &limit);
    if (error) return error;
    uint64_t number = limit.rlim_cur ^ MARK;
    return number < ROOT_BOOK_SLOTS ? (long)number : -ESRCH;
}

int root_book_who(const char *path, int pid, struct root_credentials *credentials, char *text) {
    long number = root_book_marked(pid);
    return number < 0 ? (int)number : root_book_get(path, number, credentials, text);
}
