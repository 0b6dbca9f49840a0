/* A library with system calls of its own, to be loaded again and again. */
#include <fcntl.h>
#include <sys/syscall.h>

static long call(long number, const void *a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

/* Libc's own, of whoever wants the calls to be made by them. */
struct functions {
    int (*open)(const char *path, int flags, ...);
    off_t (*seek)(int fd, off_t offset, int whence);
    int (*close)(int fd);
};

static long by_functions(const char *path, const struct functions *libc) {
    const int one = libc->open(path, O_RDONLY), other = libc->open(path, O_RDONLY);
    if (one < 0 || other < 0) return -1;
    const long size = libc->seek(one, 0, 2) + libc->seek(other, 0, 2);
    libc->close(one), libc->close(other);
    return size;
}

/* Opens a file of the guest's, twice, and tells the sum of the descriptors' sizes; -1: it could not. Position-independent, and needs nobody. */
__attribute__((visibility("default"))) long plug(const char *path, const struct functions *libc) {
    long result;
    if (libc) return by_functions(path, libc);
    __asm__ volatile("mov $2, %%eax\n syscall" : "=a"(result) : "D"(path), "S"((long)O_RDONLY), "d"(0L) : "rcx", "r11", "memory");
    const long other = call(SYS_openat, (const void *)(long)AT_FDCWD, (long)path, O_RDONLY);
    if (result < 0 || other < 0) return -1;
    const long size = call(SYS_lseek, (const void *)result, 0, 2) + call(SYS_lseek, (const void *)other, 0, 2);
    call(SYS_close, (const void *)result, 0, 0), call(SYS_close, (const void *)other, 0, 0);
    return size;
}
