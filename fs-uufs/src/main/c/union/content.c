/* Copying what files are: content with its holes, and attributes. */
#include "inner.h"

enum { SCRATCH = 256 * 1024, HALF = SCRATCH / 2 };

/* Memory only while copying; the kernel gives pages as they are used. */
static char *scratch_take(void) {
    long at = SYS(mmap, 0, SCRATCH, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
    return at < 0 ? NULL : (char *)at; /* no address of a process is negative */
}

static void scratch_drop(char *scratch) { SYS(munmap, scratch, SCRATCH); }

static bool is_unable(long error) { return error == -EXDEV || error == -EINVAL || error == -ENOSYS || error == -EOPNOTSUPP || error == -EPERM || error == -ENOTTY; }

static long write_whole(int to, const char *data, size_t size, int64_t at) {
    for (size_t done = 0; done < size;) {
        long put = SYS(pwrite64, to, data + done, size - done, at + (int64_t)done);
        if (put == -EINTR) continue;
        if (put < 0) return put;
        done += (size_t)put;
    }
    return 0;
}

static long pump(int from, int to, int64_t at, int64_t end) {
    char *scratch = scratch_take();
    long result = scratch ? 0 : -ENOMEM;
    while (at < end && result >= 0) {
        size_t want = end - at < SCRATCH ? (size_t)(end - at) : SCRATCH;
        result = SYS(pread64, from, scratch, want, at);
        if (result == -EINTR) result = 0;
        else if (result == 0) break; /* it is shorter than it says; the size is set at the end */
        else if (result > 0) {
            int64_t next = at + result;
            result = write_whole(to, scratch, (size_t)result, at);
            at = next;
        }
    }
    if (scratch) scratch_drop(scratch);
    return result < 0 ? result : 0;
}

/* In the kernel where it can: on network file systems the server does it, elsewhere it saves the way through this process. */
static long copy_range(int from, int to, int64_t at, int64_t end) {
    while (at < end) {
        int64_t in = at, out = at;
        long done = SYS(copy_file_range, from, &in, to, &out, end - at, 0);
        if (done == -EINTR) continue;
        if (done < 0 && !is_unable(done)) return done;
        if (done <= 0) break; /* 0: some kernels say so for files that cannot be copied like this */
        at += done;
    }
    return at < end ? pump(from, to, at, end) : 0;
}

long content_copy(int from, int to, int64_t size) {
    if (size == 0 || SYS(ioctl, to, FICLONE, from) == 0) return 0;
    for (int64_t at = 0; at < size;) {
        long data = SYS(lseek, from, at, SEEK_DATA), hole = size, result;
        if (data == -ENXIO) break; /* nothing but a hole follows */
        if (data < 0) data = at;   /* cannot tell holes */
        else if ((hole = SYS(lseek, from, data, SEEK_HOLE)) < 0) return hole;
        if ((result = copy_range(from, to, data, hole)) < 0) return result;
        at = hole;
    }
    return SYS(ftruncate, to, size);
}

/* Attributes of the upper itself stay out; user attributes of the guest (escaped ones too) must come along; what needs more rights comes if it can. */
static long copy_attribute(int from, int to, const char *name, char *value) {
    const size_t length = text_size(name);
    const bool escaped = begins(name, length, "user.overlay.overlay.");
    if (is_text(name, length, ORIGIN) || (begins(name, length, "user.overlay.") && !escaped)) return 0;
    long size = SYS(fgetxattr, from, name, value, HALF);
    if (size < 0) return 0;
    long result = SYS(fsetxattr, to, name, value, size, 0);
    return result == -ENOSPC || result == -EDQUOT || result == -EIO ? result : 0;
}

long attributes_copy(int from, int to) {
    char probe[1];
    long size = SYS(flistxattr, from, probe, 0), result = 0;
    if (size <= 0) return 0;
    char *scratch = scratch_take();
    if (!scratch) return -ENOMEM;
    size = SYS(flistxattr, from, scratch, HALF);
    for (long at = 0; at < size && result == 0; at += (long)text_size(scratch + at) + 1) result = copy_attribute(from, to, scratch + at, scratch + HALF);
    scratch_drop(scratch);
    return result;
}
