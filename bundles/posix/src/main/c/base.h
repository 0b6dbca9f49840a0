/* What every program of the data plane needs: ending with a message, memory that never fails quietly, whole reads and writes. */
#ifndef LICHEN_BASE_H
#define LICHEN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exit statuses of lichen's own failures; anything else is the guest's. */
enum { STATUS_LICHEN = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127, STATUS_SIGNAL = 128 };

#define AUTO_CLOSE __attribute__((cleanup(close_auto)))
#define AUTO_FREE __attribute__((cleanup(free_auto)))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* A byte string that grows. Zero-initialised it is empty and owns nothing. */
struct bytes {
    unsigned char *data;
    size_t size, room;
};

/* Called by die() with the finished message; set by programs that report to somebody else than stderr. It may return: die() then exits. */
extern void (*on_die)(int status, const char *message);

/* Ends the program. The message is `WHAT (which): WHY`, optionally followed by "\nhint: …"; `lichen: ` is put before it. */
_Noreturn void die(int status, const char *format, ...) PRINTF(2, 3);
/* Writes `lichen: …` on stderr in one write. */
void complain(const char *format, ...) PRINTF(1, 2);

void *must_alloc(size_t size);
void *must_realloc(void *old, size_t count, size_t size);
char *must_copy(const char *text);
char *must_format(const char *format, ...) PRINTF(1, 2);

void bytes_add(struct bytes *to, const void *data, size_t size);
void bytes_text(struct bytes *to, const char *text);
void bytes_format(struct bytes *to, const char *format, ...) PRINTF(2, 3);
void bytes_clear(struct bytes *to);

/* A NULL-terminated list of strings that grows by one; takes ownership of the string. */
void list_add(char ***list, char *text);
size_t list_size(char *const *list);

/* All descriptors below are opened close-on-exec. */
ssize_t read_some(int fd, void *data, size_t size);     /* retries EINTR */
bool write_all(int fd, const void *data, size_t size);  /* false: errno says why */
bool read_whole(int fd, struct bytes *into);            /* to end of file; false: errno */
bool read_file(int dir, const char *path, struct bytes *into);
bool write_file(int dir, const char *path, const void *data, size_t size); /* into an existing file, in one write: for /proc */
/* Writes beside the place and renames into it, so that a reader sees the old or the new content and nothing between. */
bool replace_file(int dir, const char *path, const void *data, size_t size, mode_t mode);

/* Makes every descriptor from `first` on close-on-exec. */
void close_on_exec_from(unsigned first);
/* What a caller has opened for us besides 0, 1 and 2: descriptors that are not close-on-exec. Directories are left out, for they would lead out of a container. -1 at the end; for free. */
int *inherited_descriptors(void);
/* For a child that lives on: closes every descriptor but these; 0, 1 and 2 become /dev/null. */
void close_all_but(const int *kept, size_t count);
/* An anonymous file with this content, positioned at its start; where the kernel has no memfd, an unlinked file. -1: errno. */
int memory_file(const char *name, const void *data, size_t size);

bool parse_number(const char *text, unsigned base, uint64_t *value); /* the whole text, no sign, no overflow */

void close_auto(const int *fd);
void free_auto(void *pointer);

#endif
