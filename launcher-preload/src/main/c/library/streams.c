/* Streams: the engine opens, libc makes a stream of the descriptor. */
#include <stdio.h>

#include "library.h"

int temporary_file(void);

typedef FILE *fdopen_function(int fd, const char *mode);
typedef FILE *freopen_function(const char *path, const char *mode, FILE *stream);
typedef FILE *fopen_function(const char *path, const char *mode);
typedef int fclose_function(FILE *stream);

/* The flags of open for a mode; -1: it is none. */
static int flags_of(const char *mode, bool *charset) {
    int flags;
    *charset = false;
    switch (*mode) {
        case 'r': flags = O_RDONLY; break;
        case 'w': flags = O_WRONLY | O_CREAT | O_TRUNC; break;
        case 'a': flags = O_WRONLY | O_CREAT | O_APPEND; break;
        default: return -1;
    }
    for (const char *at = mode + 1; *at; at++) {
        if (*at == '+') flags = (flags & ~O_ACCMODE) | O_RDWR;
        if (*at == 'x') flags |= O_EXCL;
        if (*at == 'e') flags |= O_CLOEXEC;
        if (*at == ',') {
            *charset = true;
            break;
        }
    }
    return flags;
}

/* As opened again by its descriptor: nothing is made any more. */
static void name_again(int fd, const char *mode, char name[UNION_FD_NAME], char *plain, size_t room) {
    size_t used = 0;
    union_name_of_fd(fd, name);
    for (; *mode && used < room - 1; mode++)
        if (*mode != 'x') plain[used++] = *mode;
    plain[used] = 0;
}

static FILE *open_stream(const char *path, const char *mode) {
    enum { MODE_ROOM = 128 };
    char name[UNION_FD_NAME], again[MODE_ROOM];
    bool charset;
    const int flags = flags_of(mode, &charset);
    if (flags < 0) return set_errno(EINVAL), NULL;
    const long fd = told(CALL_CANCELLABLE(open, path, flags, 0666));
    if (fd < 0) return NULL;
    FILE *stream;
    if (charset) {
        name_again((int)fd, mode, name, again, sizeof again);
        stream = LIBC(fopen_function, fopen)(name, again);
    } else {
        stream = LIBC(fdopen_function, fdopen)((int)fd, mode);
    }
    if (!stream || charset) {
        const int error = get_errno();
        SYS(close, fd);
        set_errno(error);
    }
    return stream;
}
FILE *lib_fopen(const char *path, const char *mode) EXPORTED("fopen");
ALSO(fopen64, fopen);
ALSO(_IO_fopen, fopen);
FILE *lib_fopen(const char *path, const char *mode) { return open_stream(path, mode); }

/* Without a path it is the same file in another mode, which libc finds by its descriptor. */
FILE *lib_freopen(const char *path, const char *mode, FILE *stream) EXPORTED("freopen");
ALSO(freopen64, freopen);
FILE *lib_freopen(const char *path, const char *mode, FILE *stream) {
    enum { MODE_ROOM = 128 };
    char name[UNION_FD_NAME], again[MODE_ROOM];
    bool charset;
    freopen_function *const real = LIBC(freopen_function, freopen);
    if (!path) return real(NULL, mode, stream);
    const int flags = flags_of(mode, &charset);
    const long fd = flags < 0 ? -EINVAL : CALL(open, path, flags | O_CLOEXEC, 0666);
    if (fd < 0) {
        LIBC(fclose_function, fclose)(stream);
        return told(fd), NULL;
    }
    name_again((int)fd, mode, name, again, sizeof again);
    stream = real(name, again, stream);
    const int error = get_errno();
    SYS(close, fd);
    set_errno(error);
    return stream;
}

FILE *lib_tmpfile(void) EXPORTED("tmpfile");
ALSO(tmpfile64, tmpfile);
FILE *lib_tmpfile(void) {
    const int fd = temporary_file();
    if (fd < 0) return NULL;
    FILE *stream = LIBC(fdopen_function, fdopen)(fd, "w+");
    if (!stream) SYS(close, fd);
    return stream;
}
