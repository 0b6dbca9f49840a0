#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/time_types.h>
#include <sys/mman.h>

#include "bytes.h"
#include "syscalls.h"

/* The header: magic, inode of the upper's root, number of levels, check sum. A slot: inode, birth (seconds, nanoseconds), 4 zero, record, 8 zero, check sum (4); all zero: free;
   inode 0: dropped. The format is written where it is read, on one machine: only the record in it is for others. */
enum { HEADER_SIZE = 32, AT_UPPER = 8, AT_LEVELS = 16, AT_HEADER_CHECK = 24, AT_SECONDS = 8, AT_NANOSECONDS = 16, AT_RECORD = 24, AT_CHECK = 60, TRIES = 1000 };
static const unsigned char MAGIC[8] = {'L', 'S', 't', 'a', 'b', 'l', 'e', '1'};

struct place {
    uint64_t number; /* of the slot, over all levels */
    bool found;
};

static uint64_t first_of(unsigned level) { return (uint64_t)ROOT_TABLE_FIRST * ((1u << level) - 1); }
static uint64_t offset_of(uint64_t number) { return ROOT_TABLE_HEADER + number * ROOT_SLOT_SIZE; }

static uint64_t window_slot(uint64_t inode, unsigned level, unsigned i) {
    uint64_t home = (inode * 0x9e3779b97f4a7c15u) >> 32;
    return first_of(level) + ((home + i) & ((ROOT_TABLE_FIRST << level) - 1u));
}

static void take(unsigned char *to, const unsigned char *from, unsigned size) {
    for (unsigned i = 0; i < size; i += 8) {
        uint64_t word = __atomic_load_n((const uint64_t *)(const void *)(from + i), __ATOMIC_RELAXED);
        for (unsigned j = 0; j < 8; j++) to[i + j] = (unsigned char)(word >> 8 * j);
    }
}

static uint32_t slot_check(const unsigned char *slot) {
    uint32_t check = (uint32_t)(bytes_hash(BYTES_HASH, slot, AT_CHECK) >> 32);
    return check ? check : 1;
}

static bool all_zero(const unsigned char *at, unsigned size) {
    while (size--)
        if (*at++) return false;
    return true;
}

enum state { FREE, USED, DROPPED, DAMAGED };

static enum state slot_at(const struct root_table *table, uint64_t number, struct root_slot *slot) {
    unsigned char bytes[ROOT_SLOT_SIZE];
    for (int i = 0; i < TRIES; i++) {
        take(bytes, table->map + offset_of(number), sizeof bytes);
        if (all_zero(bytes, sizeof bytes)) return FREE;
        if (bytes_get(bytes + AT_CHECK, 4) != slot_check(bytes)) continue;
        slot->file = (struct root_file_id){bytes_get(bytes, 8), bytes_get(bytes + AT_SECONDS, 8), (uint32_t)bytes_get(bytes + AT_NANOSECONDS, 4)};
        for (int j = 0; j < ROOT_RECORD_SIZE; j++) slot->record[j] = bytes[AT_RECORD + j];
        return slot->file.inode ? USED : DROPPED;
    }
    return DAMAGED;
}

static bool header_right(const unsigned char *header) {
    uint64_t levels = bytes_get(header + AT_LEVELS, 8);
    return bytes_same(header, MAGIC, sizeof MAGIC) && levels >= 1 && levels <= ROOT_TABLE_LEVELS &&
           bytes_get(header + AT_HEADER_CHECK, 8) == bytes_hash(BYTES_HASH, header, AT_HEADER_CHECK);
}

static void header_write(unsigned char header[HEADER_SIZE], uint64_t upper, unsigned levels) {
    for (unsigned i = 0; i < sizeof MAGIC; i++) header[i] = MAGIC[i];
    bytes_put(header + AT_UPPER, 8, upper);
    bytes_put(header + AT_LEVELS, 8, levels);
    bytes_put(header + AT_HEADER_CHECK, 8, bytes_hash(BYTES_HASH, header, AT_HEADER_CHECK));
}

/* 0: the header was damaged while the container ran. */
static unsigned levels_of(const struct root_table *table, unsigned char header[HEADER_SIZE]) {
    for (int i = 0; i < TRIES; i++) {
        take(header, table->map, HEADER_SIZE);
        if (header_right(header)) return (unsigned)bytes_get(header + AT_LEVELS, 8);
    }
    return 0;
}

/* The slot of the inode; if there is none, one that can be had for it. A window's first free slot ends it, for slots never become free again. */
static bool locate(const struct root_table *table, unsigned levels, uint64_t inode, struct place *place, struct root_slot *slot) {
    bool room = false;
    place->found = false;
    for (unsigned level = 0; level < levels; level++)
        for (unsigned i = 0; i < ROOT_TABLE_WINDOW; i++) {
            uint64_t number = window_slot(inode, level, i);
            enum state state = slot_at(table, number, slot);
            if (state == USED && slot->file.inode == inode) {
                *place = (struct place){number, true};
                return true;
            }
            if (state != USED && !room) {
                place->number = number;
                room = true;
            }
            if (state == FREE) break;
        }
    return room;
}

bool root_table_find(const struct root_table *table, uint64_t inode, struct root_slot *slot) {
    unsigned char header[HEADER_SIZE];
    struct place place;
    return locate(table, levels_of(table, header), inode, &place, slot) && place.found;
}

static int whole(long result, unsigned size) { return result < 0 ? (int)result : result == (long)size ? 0 : -EIO; }

/* The new level is there before the header says so. */
static int add_level(const struct root_table *table, int fd, unsigned levels) {
    unsigned char header[HEADER_SIZE];
    if (levels == 0) return -EIO;
    if (levels == ROOT_TABLE_LEVELS) return -ENOSPC;
    int error = (int)SYS(ftruncate, fd, offset_of(first_of(levels + 1)));
    if (error) return error;
    take(header, table->map, sizeof header);
    header_write(header, bytes_get(header + AT_UPPER, 8), levels + 1);
    return whole(SYS(pwrite64, fd, header, sizeof header, 0), sizeof header);
}

static int write_slot(int fd, uint64_t number, const struct root_slot *slot) {
    unsigned char bytes[ROOT_SLOT_SIZE] = {0};
    bytes_put(bytes, 8, slot->file.inode);
    bytes_put(bytes + AT_SECONDS, 8, slot->file.seconds);
    bytes_put(bytes + AT_NANOSECONDS, 4, slot->file.nanoseconds);
    for (int i = 0; i < ROOT_RECORD_SIZE; i++) bytes[AT_RECORD + i] = slot->record[i];
    bytes_put(bytes + AT_CHECK, 4, slot_check(bytes));
    return whole(SYS(pwrite64, fd, bytes, sizeof bytes, offset_of(number)), sizeof bytes);
}

int root_table_put(const struct root_table *table, const struct root_slot *slot) {
    unsigned char header[HEADER_SIZE];
    struct place place;
    struct root_slot old;
    int fd = root_lock(table->path, ROOT_LOCK_TABLE);
    if (fd < 0) return fd;
    int error = 0;
    while (!error && !locate(table, levels_of(table, header), slot->file.inode, &place, &old)) error = add_level(table, fd, levels_of(table, header));
    if (!error) error = write_slot(fd, place.number, slot);
    root_unlock(fd, ROOT_LOCK_TABLE);
    return error;
}

int root_table_drop(const struct root_table *table, uint64_t inode) {
    static const struct root_slot DROPPED_SLOT = {0};
    unsigned char header[HEADER_SIZE];
    struct place place;
    struct root_slot old;
    if (!root_table_find(table, inode, &old)) return 0;
    int fd = root_lock(table->path, ROOT_LOCK_TABLE);
    if (fd < 0) return fd;
    int error = 0;
    if (locate(table, levels_of(table, header), inode, &place, &old) && place.found) error = write_slot(fd, place.number, &DROPPED_SLOT);
    root_unlock(fd, ROOT_LOCK_TABLE);
    return error;
}

/* Beside its place, then renamed: others see a whole table. Whoever has mapped the one that is replaced goes on with it, which happens to nobody while starts are serialised. */
static int make(const char *path, uint64_t upper) {
    unsigned char header[HEADER_SIZE];
    char beside[256];
    struct text name = {beside, 0, sizeof beside, false};
    text_add(&name, path, bytes_length(path));
    text_add(&name, ".", 1);
    text_add_number(&name, (uint64_t)SYS(getpid, 0), 10, 0);
    text_add(&name, "", 1);
    if (name.full) return -ENAMETOOLONG;
    int fd = (int)SYS(open, beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return fd;
    header_write(header, upper, 1);
    int error = (int)SYS(ftruncate, fd, offset_of(first_of(1)));
    if (!error) error = whole(SYS(pwrite64, fd, header, sizeof header, 0), sizeof header);
    SYS(close, fd);
    if (!error) error = (int)SYS(rename, beside, path);
    if (error) SYS(unlink, beside);
    return error;
}

static bool usable(int fd, uint64_t upper) {
    unsigned char header[HEADER_SIZE];
    struct stat status;
    return SYS(pread64, fd, header, sizeof header, 0) == sizeof header && header_right(header) && bytes_get(header + AT_UPPER, 8) == upper && SYS(fstat, fd, &status) == 0 &&
           (uint64_t)status.st_size >= offset_of(first_of((unsigned)bytes_get(header + AT_LEVELS, 8)));
}

int root_table_open(struct root_table *table, const char *path, uint64_t upper) {
    for (int attempt = 0;; attempt++) {
        int fd = (int)SYS(open, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0 && usable(fd, upper)) {
            long map = SYS(mmap, 0, ROOT_TABLE_SPAN, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd);
            SYS(close, fd);
            if (map < 0) return (int)map;
            *table = (struct root_table){path, (const unsigned char *)map};
            return 0;
        }
        if (fd >= 0) SYS(close, fd);
        if (fd < 0 && fd != -ENOENT) return fd;
        int error = attempt ? -EIO : make(path, upper);
        if (error) return error;
    }
}

int root_lock(const char *path, uint64_t number) {
    enum { YIELDS = 50, SLEEPS = 1000 };
    /* A lock of an open file: of its own descriptor, so that it keeps out threads too, and survives when the process closes another descriptor of the file. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(number & INT64_MAX), .l_len = 1};
    const struct __kernel_timespec pause = {0, 1000000};
    int fd = (int)SYS(open, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return fd;
    for (int i = 0; i < YIELDS + SLEEPS; i++) {
        long result = SYS(fcntl, fd, F_OFD_SETLK, &lock);
        if (result != -EAGAIN && result != -EACCES) break;
        if (i < YIELDS) SYS(sched_yield, 0);
        else SYS(nanosleep, &pause, 0);
    }
    return fd;
}

/* Not by closing alone: a child that another thread has forked meanwhile has the descriptor too. */
void root_unlock(int lock, uint64_t number) {
    struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = (off_t)(number & INT64_MAX), .l_len = 1};
    if (lock < 0) return;
    SYS(fcntl, lock, F_OFD_SETLK, &unlock);
    SYS(close, lock);
}
