/* Names in an aufs layer: whiteouts share the name space with files, so some names have to be written differently (union.h, "On disk"). */
#include "inner.h"

#define MARK ".wh."
#define SPECIAL ".wh..wh."
#define FILE_PREFIX SPECIAL "file."
#define GONE_PREFIX SPECIAL "gone."
#define NAME_PREFIX SPECIAL "name."
enum { MARK_SIZE = 4, PREFIX_SIZE = 13, HASH_DIGITS = 16 };

bool name_is_escaped(const char *name, size_t size) { return begins(name, size, MARK); }

bool name_whiteout_is_escaped(const char *name, size_t size) { return name_is_escaped(name, size) || size + MARK_SIZE > NAME_MAX; }

static size_t hashed(const char *prefix, const char *name, size_t size, char disk[DISK_NAME]) {
    return (size_t)(put_hex(put_text(disk, prefix), hash_add(HASH_START, name, size), HASH_DIGITS) - disk);
}

size_t name_on_disk(enum union_encoding encoding, const char *name, size_t size, char disk[DISK_NAME]) {
    if (encoding == UNION_AUFS && name_is_escaped(name, size)) return hashed(FILE_PREFIX, name, size, disk);
    bytes_copy(disk, name, size);
    disk[size] = 0;
    return size;
}

void name_of_whiteout(const char *name, size_t size, char disk[DISK_NAME]) {
    if (name_whiteout_is_escaped(name, size)) {
        hashed(GONE_PREFIX, name, size, disk);
        return;
    }
    char *end = put_text(disk, MARK);
    bytes_copy(end, name, size);
    end[size] = 0;
}

/* A note never changes and is never removed before its directory, so that whoever finds it may rely on it. It appears whole. */
long name_note(const struct union_config *u, int parent, const char *name, size_t size) {
    char disk[DISK_NAME];
    struct union_status status;
    struct temporary temporary;
    hashed(NAME_PREFIX, name, size, disk);
    if (sys_stat(parent, disk, &status, AT_SYMLINK_NOFOLLOW) == 0) return 0;
    long result = temporary_open(u, &temporary);
    if (result < 0) return result;
    long fd = sys_openat(temporary.work, temporary.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    result = fd < 0 ? fd : SYS(write, fd, name, size);
    sys_close(fd);
    if (result >= 0) result = result == (long)size ? SYS(renameat, temporary.work, temporary.name, parent, disk) : -EIO;
    if (result < 0 && fd >= 0) temporary_remove(u, &temporary);
    temporary_close(&temporary);
    return result;
}

/* The name that a note tells for the hash at the end of `disk`. */
static bool read_note(int parent, const char *disk, char name[DISK_NAME], size_t *size) {
    char note[DISK_NAME];
    put_text(put_text(note, NAME_PREFIX), disk + PREFIX_SIZE);
    long fd = sys_openat(parent, note, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC, 0);
    if (fd < 0) return false;
    long got = SYS(read, fd, name, NAME_MAX);
    sys_close(fd);
    if (got <= 0) return false;
    name[got] = 0;
    *size = (size_t)got;
    return true;
}

enum entry_kind name_from_disk(int parent, const char *disk, char name[DISK_NAME], size_t *size) {
    size_t length = text_size(disk);
    enum entry_kind kind = ENTRY_FILE;
    if (begins(disk, length, SPECIAL)) {
        if (length != PREFIX_SIZE + HASH_DIGITS) return ENTRY_NONE;
        if (begins(disk, length, GONE_PREFIX)) kind = ENTRY_WHITEOUT;
        else if (!begins(disk, length, FILE_PREFIX)) return ENTRY_NONE;
        return read_note(parent, disk, name, size) ? kind : ENTRY_NONE;
    }
    if (begins(disk, length, MARK)) {
        kind = ENTRY_WHITEOUT;
        disk += MARK_SIZE;
        length -= MARK_SIZE;
    }
    bytes_copy(name, disk, length + 1);
    *size = length;
    return kind;
}
