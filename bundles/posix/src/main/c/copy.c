#include "copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, SMALL = 64 * 1024 };

/* What this file system, and this kernel, turned out not to do is not tried again. */
static atomic_bool no_clone, no_copy_range;

static bool unsupported(void) { return errno == EOPNOTSUPP || errno == ENOTTY || errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EPERM; }

static bool pump(int from, int to, off_t at, off_t end) {
    static _Thread_local char *buffer;
    if (!buffer) buffer = must_alloc(BUFFER);
    while (at < end) {
        size_t want = end - at < BUFFER ? (size_t)(end - at) : BUFFER;
        ssize_t got = pread(from, buffer, want, at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) {
            errno = EIO; /* a layer never changes: it was damaged from outside */
            return false;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t put = pwrite(to, buffer + done, (size_t)(got - done), at + done);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return false;
            done += put;
        }
        at += got;
    }
    return true;
}

/* In the kernel where possible: on NFS and CIFS the server does it, elsewhere it saves the way through this process. */
static bool copy_range(int from, int to, off_t at, off_t end) {
    while (at < end && end - at > SMALL && !atomic_load(&no_copy_range)) {
        loff_t in = at, out = at;
        ssize_t done = (ssize_t)syscall(SYS_copy_file_range, from, &in, to, &out, (size_t)(end - at), 0u);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0 && !unsupported()) return false;
        if (done < 0) atomic_store(&no_copy_range, true);
        if (done == 0) break; /* some kernels say so for files that cannot be copied like this */
        if (done > 0) at += done;
    }
    return pump(from, to, at, end);
}

static bool copy_sparse(int from, int to, off_t size) {
    for (off_t at = 0; at < size;) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;
        if (data < 0) return false;
        off_t hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || !copy_range(from, to, data, hole)) return false;
        at = hole;
    }
    return ftruncate(to, size) == 0;
}

bool copy_content(int from, int to, const struct stat *status) {
    if (status->st_size == 0) return true;
    if (!atomic_load(&no_clone)) {
        if (ioctl(to, FICLONE, from) == 0) return true;
        if (!unsupported()) return false;
        atomic_store(&no_clone, true);
    }
    if ((off_t)status->st_blocks * 512 < status->st_size) return copy_sparse(from, to, status->st_size);
    return copy_range(from, to, 0, status->st_size);
}

static bool copy_attribute(int from, int to, const char *name) {
    char value[XATTR_SIZE_MAX > 65536 ? 65536 : XATTR_SIZE_MAX];
    ssize_t size = fgetxattr(from, name, value, sizeof value);
    return size < 0 || fsetxattr(to, name, value, (size_t)size, 0) == 0 || unsupported();
}

bool copy_attributes(int from, int to) {
    char names[4096];
    ssize_t size = flistxattr(from, names, sizeof names);
    AUTO_FREE char *more = NULL;
    if (size < 0 && errno == ERANGE) {
        more = must_alloc(XATTR_LIST_MAX);
        size = flistxattr(from, more, XATTR_LIST_MAX);
    }
    const char *list = more ? more : names;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(list + at) + 1) {
        const char *name = list + at;
        if (strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0 && !copy_attribute(from, to, name)) return false;
    }
    return true;
}

bool copy_time(int to, const struct stat *status) {
    const struct timespec times[2] = {status->st_mtim, status->st_mtim};
    return futimens(to, times) == 0;
}
