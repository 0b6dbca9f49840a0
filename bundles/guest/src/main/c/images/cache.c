#include "cache.h"

#include "sys.h"
#include "text.h"

enum { NAME_ROOM = 160, PATH_MOST = 4096, SITE_LEAST = 2, SITES_MOST = 1 << 20, NO_RESERVE = 0x4000 };

static long key_of(int fd, struct image_key *key) {
    struct union_status status;
    const long result = sys_fstat(fd, &status);
    if (result < 0) return result;
    if (!is_file(&status)) return -ENOEXEC;
    *key = (struct image_key){.device = status.dev,
                              .inode = status.ino,
                              .size = (uint64_t)status.size,
                              .modified = {status.modify.seconds, status.modify.nanoseconds},
                              .changed = {status.change.seconds, status.change.nanoseconds}};
    return 0;
}

static char *put_name(char *to, const struct image_key *key) {
    const uint64_t words[] = {key->device,
                              key->inode,
                              key->size,
                              (uint64_t)key->modified[0],
                              (uint64_t)key->modified[1],
                              (uint64_t)key->changed[0],
                              (uint64_t)key->changed[1]};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        int digits = 1;
        while (digits < 16 && words[i] >> 4 * digits) digits++;
        if (i) *to++ = '-';
        to = put_hex(to, words[i], digits);
    }
    return to;
}

/* What a crash of the machine or another hand has left is no image, and made anew. */
static long open_image(const char *path, struct image_header *header) {
    const long fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0) return fd;
    if (SYS(pread64, fd, header, sizeof *header, 0) == (long)sizeof *header && bytes_equal(header->magic, IMAGE_MAGIC, sizeof header->magic) && header->part_count <= IMAGE_PARTS) return fd;
    SYS(close, fd);
    return -ENOENT;
}

static long open_made(const char *path, const struct image_key *key, struct image_header *header) {
    const long fd = open_image(path, header);
    if (fd < 0 || bytes_equal(&header->key, key, sizeof *key)) return fd;
    SYS(close, fd);
    return -ENOENT;
}

static long write_all(long fd, const char *data, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        const long result = SYS(write, fd, data + done, size - done);
        if (result == 0) return -ENOSPC;
        if (result < 0 && result != -EINTR) return result;
        if (result > 0) done += (uint64_t)result;
    }
    return 0;
}

/* What an image in memory is named, before its key. */
static const char IN_MEMORY[] = "lichen-image:";

/* Whether who changes the file from now on leaves another time in it: the kernel's clock for that goes in steps of up to 10 ms. */
static bool is_settled(const struct image_key *key) {
    enum { COARSE = 5, MOST = 50000000, SECOND = 1000000000 };
    int64_t now[2];
    if (SYS(clock_gettime, COARSE, now) < 0) return false;
    const int64_t seconds = now[0] - key->changed[0];
    return seconds > 1 || seconds < -1 || seconds * SECOND + now[1] - key->changed[1] > MOST;
}

/* Beside its place, synced, and renamed into it. Answers a descriptor; where nothing can be written, or nothing may be kept, of an image in memory, for this process alone. */
static long store(const char *path, const char *data, uint64_t size, bool keep) {
    char beside[PATH_MOST], name[sizeof IN_MEMORY + NAME_ROOM];
    put_decimal(put_text(put_text(beside, path), "~"), (uint64_t)SYS(gettid, 0));
    long fd = !keep ? -EAGAIN : sys_openat(AT_FDCWD, beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        long result = write_all(fd, data, size);
        if (result >= 0) result = SYS(fdatasync, fd);
        if (result >= 0) result = SYS(rename, beside, path);
        if (result >= 0) return fd;
        SYS(unlink, beside);
        SYS(close, fd);
    }
    put_name(put_text(name, IN_MEMORY), &((const struct image_header *)data)->key);
    fd = SYS(memfd_create, name, 1 /* MFD_CLOEXEC */);
    const long result = fd < 0 ? fd : write_all(fd, data, size);
    if (result >= 0) return fd;
    sys_close(fd);
    return result;
}

/* A copy, for a file that shrinks while it is looked at would end the process. */
static long read_whole(int fd, char *to, uint64_t size) {
    for (uint64_t done = 0; done < size;) {
        const long got = SYS(pread64, fd, to + done, size - done, done);
        if (got <= 0) return got < 0 ? got : -ENOEXEC;
        done += (uint64_t)got;
    }
    return 0;
}

/* A file without sites, or that cannot have an image, has one that says so. */
static long make_in(char *memory, const char *path, int fd, const struct image_key *key, const struct image_engine *engine, uint64_t sites_most) {
    struct site *sites = (struct site *)(memory + image_pages(key->size));
    char *image = (char *)sites + image_pages(sites_most * sizeof *sites);
    struct image_key after;
    const bool settled = is_settled(key);
    long result = read_whole(fd, memory, key->size);
    if (result == 0) result = key_of(fd, &after);
    if (result < 0) return result;
    const bool same = bytes_equal(key, &after, sizeof after);
    long count = sites_find((const uint8_t *)memory, key->size, sites, sites_most);
    if (count > (long)sites_most) count = -ENOEXEC;
    return store(path, image, image_make(key, (const uint8_t *)memory, sites, count, engine, image), settled && same);
}

static long make(const char *path, int fd, const struct image_key *key, const struct image_engine *engine) {
    char magic[4];
    if (SYS(pread64, fd, magic, sizeof magic, 0) != (long)sizeof magic || !bytes_equal(magic, "\177ELF", sizeof magic)) return -ENOEXEC;
    const uint64_t most = key->size / SITE_LEAST < SITES_MOST ? key->size / SITE_LEAST : SITES_MOST;
    const uint64_t room = image_pages(key->size) + image_pages(most * sizeof(struct site)) + image_room(key->size, most);
    const long memory = SYS(mmap, 0, room, SYS_PROT_RW, SYS_MAP_SCRATCH | NO_RESERVE, -1, 0);
    if (memory < 0) return memory;
    const long result = make_in((char *)memory, path, fd, key, engine, most);
    SYS(munmap, memory, room);
    return result;
}

long image_open(const char *directory, int fd, const struct image_engine *engine, struct image_header *header) {
    char path[PATH_MOST];
    struct image_key key;
    const size_t size = text_size(directory);
    long result = size + NAME_ROOM < sizeof path ? key_of(fd, &key) : -ENAMETOOLONG;
    if (result < 0) return result;
    char *name = put_text(path, directory);
    *name++ = '/';
    put_name(name, &key);
    result = open_made(path, &key, header);
    if (result >= 0) return result;
    result = make(path, fd, &key, engine);
    if (result >= 0 && SYS(pread64, result, header, sizeof *header, 0) == (long)sizeof *header) return result;
    sys_close(result);
    return result < 0 ? result : -EIO;
}

static const char *take_hex(const char *at, const char *end, uint64_t *value) {
    for (*value = 0; at < end && ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f')); at++) *value = *value << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return at;
}

bool image_mapped(const char *directory, const char *path, size_t size, uint64_t *device, uint64_t *inode, struct image_header *header) {
    static const char MEMORY[] = "/memfd:";
    char text[PATH_MOST];
    const size_t within = text_size(directory), memory = sizeof MEMORY - 1;
    const bool kept = begins(path, size, directory) && size > within && path[within] == '/';
    if (!kept && !(begins(path, size, MEMORY) && begins(path + memory, size - memory, IN_MEMORY))) return false;
    const char *at = path + (kept ? within + 1 : memory + sizeof IN_MEMORY - 1), *end = path + size;
    at = take_hex(at, end, device);
    if (at == end || *at != '-') return false;
    at = take_hex(at + 1, end, inode);
    if (at == end || *at != '-') return false;
    header->part_count = 0;
    if (!kept || size >= sizeof text) return true;
    bytes_copy(text, path, size);
    text[size] = 0;
    const long fd = open_image(text, header);
    if (fd < 0) header->part_count = 0;
    sys_close(fd);
    return true;
}
