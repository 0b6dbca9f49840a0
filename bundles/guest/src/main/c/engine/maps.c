/* Mappings as /proc tells them. The kernel tells of the engine's own memory, of host paths, and of images (images/image.h) in the place of what the guest has mapped; the guest is told of the files
   that it has mapped, each segment in one piece again. */
#include "cache.h"
#include "engine.h"

extern const uint64_t engine_end;

struct line {
    uint64_t low, high, offset, major, minor, inode;
    const char *permissions; /* four */
    const char *path;        /* of the host, not terminated; size 0: none */
    size_t path_size;
    bool image; /* it was of an image, and tells now of what that stands for */
};

struct maps {
    struct call *call;
    const char *text, *end;
    char *out; /* of the scratch */
    size_t used, room;
    long to, result;
};

/* ---- lines: `low-high perms offset major:minor inode`, spaces up to column 73, path */

static const char *take(const char *at, const char *end, unsigned base, uint64_t *value) {
    for (*value = 0; at < end; at++) {
        const unsigned digit = *at >= '0' && *at <= '9' ? (unsigned)(*at - '0') : *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10) : base;
        if (digit >= base) break;
        *value = *value * base + digit;
    }
    return at < end ? at + 1 : at; /* and what separates it from the next */
}

static const char *line_end(const char *at, const char *end) {
    while (at < end && *at != '\n') at++;
    return at;
}

/* False for the other lines of smaps, which begin with a capital letter. */
static bool read_line(const char *at, const char *end, struct line *line) {
    if (at == end || !((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'))) return false;
    at = take(at, end, 16, &line->low);
    at = take(at, end, 16, &line->high);
    if (end - at < 5) return false;
    line->permissions = at;
    at = take(at + 5, end, 16, &line->offset);
    at = take(at, end, 16, &line->major);
    at = take(at, end, 16, &line->minor);
    at = take(at, end, 10, &line->inode);
    while (at < end && *at == ' ') at++;
    line->path = at, line->path_size = (size_t)(end - at), line->image = false;
    return true;
}

/* ---- what they stand for */

static bool is_of(const struct line *line, uint64_t device, uint64_t inode, bool exactly) {
    if (line->inode != inode || !line->path_size || *line->path != '/') return false;
    return !exactly || ((line->major == (device >> 8 & 0xfff) || line->major == (device >> 32 & 0xfffff000)) && line->minor == ((device & 0xff) | (device >> 12 & 0xffffff00)));
}

/* Another mapping of the same file, for an image knows no path. On some file systems (btrfs) the device is not the one that stat tells. */
static bool find_file(const struct maps *maps, const char *before, uint64_t device, uint64_t inode, struct line *found) {
    for (int exactly = 1; exactly >= 0; exactly--) {
        for (const char *at = before; at > maps->text;) { /* mostly the segment below */
            const char *end = at - 1;
            for (at = end; at > maps->text && at[-1] != '\n';) at--;
            if (read_line(at, end, found) && is_of(found, device, inode, exactly)) return true;
        }
        for (const char *at = before, *end; at < maps->end; at = end + 1) {
            end = line_end(at, maps->end);
            if (read_line(at, end, found) && is_of(found, device, inode, exactly)) return true;
        }
    }
    return false;
}

/* In the ELF file, of what lies in its image; or -1 for trampolines. What is known of an image that is no more, or in memory, is where its trampolines lie. */
static int64_t origin(const struct image_header *header, const struct line *line, const struct line *last) {
    for (unsigned i = 0; i < header->part_count; i++) {
        const struct image_part *part = &header->parts[i];
        if (line->offset >= part->at && line->offset < part->at + part->size) return (int64_t)(part->offset + (line->offset - part->at));
    }
    if (header->part_count || line->offset == IMAGE_PAGE) return -1;
    return last->high == line->low ? (int64_t)(last->offset + (last->high - last->low)) : 0;
}

/* Root emulation's, wherever they are, and the engine itself where it is a library. */
static bool is_record(const struct line *line) {
    const struct engine_config *config = engine.config;
    if (!line->path_size) return false;
    for (unsigned i = 0; config->indexes && i < config->tree.layer_count; i++)
        if (config->indexes[i] && is_text(line->path, line->path_size, config->indexes[i])) return true;
    if (config->preload && is_text(line->path, line->path_size, config->preload)) return true;
    return config->table && is_text(line->path, line->path_size, config->table);
}

/* From the slots to the end of the stage, behind which the guest's heap may follow in one mapping. */
static bool is_engine(struct line *line) {
    const uint64_t end = engine_end;
    if (is_record(line)) return true;
    if (line->low < ENGINE_SLOTS || line->low >= end) return false;
    if (line->high <= end) return true;
    line->low = end;
    return false;
}

/* False: it is the engine's own affair. `last` is the line before, as it was shown. */
static bool stands_for(const struct maps *maps, const char *at, struct line *line, const struct line *last) {
    struct image_header header;
    struct line file;
    uint64_t device, inode;
    if (is_engine(line)) return false;
    if (!engine.config->images || !image_mapped(engine.config->images, line->path, line->path_size, &device, &inode, &header)) return true;
    const int64_t offset = origin(&header, line, last);
    if (offset < 0) return false;
    line->offset = (uint64_t)offset, line->image = true;
    if (find_file(maps, at, device, inode, &file)) {
        line->major = file.major, line->minor = file.minor, line->inode = file.inode, line->path = file.path, line->path_size = file.path_size;
    } else {
        line->major = device >> 8 & 0xfff, line->minor = (device & 0xff) | (device >> 12 & 0xffffff00), line->inode = inode, line->path_size = 0;
    }
    return true;
}

/* ---- what is told */

static void flush(struct maps *maps) {
    for (size_t done = 0; done < maps->used && maps->result == 0;) {
        const long result = SYS(write, maps->to, maps->out + done, maps->used - done);
        if (result <= 0) maps->result = result < 0 ? result : -EIO;
        else done += (size_t)result;
    }
    maps->used = 0;
}

static void put(struct maps *maps, const char *text, size_t size) {
    if (size > maps->room - maps->used) flush(maps);
    if (size > maps->room) size = maps->room; /* no line of the kernel's is that long */
    bytes_copy(maps->out + maps->used, text, size);
    maps->used += size;
}

static char *put_digits(char *to, uint64_t value, int least) {
    int digits = least;
    while (digits < 16 && value >> 4 * digits) digits++;
    return put_hex(to, value, digits);
}

static void put_line(struct maps *maps, const struct line *line) {
    enum { COLUMN = 72 };
    char text[128 + 2 * PATH_ROOM], *to = put_digits(text, line->low, 8);
    *to++ = '-';
    to = put_digits(to, line->high, 8);
    *to++ = ' ';
    bytes_copy(to, line->permissions, 4);
    to[4] = ' ';
    to = put_digits(to + 5, line->offset, 8);
    *to++ = ' ';
    to = put_digits(to, line->major, 2);
    *to++ = ':';
    to = put_digits(to, line->minor, 2);
    *to++ = ' ';
    to = put_decimal(to, line->inode);
    *to++ = ' ';
    if (line->path_size && line->path_size < PATH_ROOM + 16) {
        while (to < text + COLUMN) *to++ = ' ';
        *to++ = ' ';
        bytes_copy(to, line->path, line->path_size);
        to += *line->path == '/' ? told_by_proc(maps->call, to, line->path_size) : line->path_size;
    }
    *to++ = '\n';
    put(maps, text, (size_t)(to - text));
}

/* Of one segment, parted only by what has exchanged some of its pages. */
static bool is_continued(const struct line *line, const struct line *next) {
    return (line->image || next->image) && line->high == next->low && bytes_equal(line->permissions, next->permissions, 4) && line->offset + (line->high - line->low) == next->offset &&
           line->inode == next->inode && line->major == next->major && line->minor == next->minor && line->path_size == next->path_size && bytes_equal(line->path, next->path, line->path_size);
}

static void show(struct maps *maps, bool blocks) {
    struct line line, last = {0};
    bool waiting = false, shown = false;
    for (const char *at = maps->text, *end; at < maps->end && maps->result == 0; at = end + 1) {
        end = line_end(at, maps->end);
        if (!read_line(at, end, &line)) {
            if (shown && end < maps->end) put(maps, at, (size_t)(end + 1 - at));
            continue;
        }
        shown = stands_for(maps, at, &line, &last);
        if (!shown) continue;
        if (waiting && !blocks && is_continued(&last, &line)) {
            last.high = line.high;
            last.image = true;
            continue;
        }
        if (waiting && !blocks) put_line(maps, &last);
        if (blocks) put_line(maps, &line);
        last = line, waiting = true;
    }
    if (waiting && !blocks) put_line(maps, &last);
    flush(maps);
}

/* ---- all of it at once, for a line is understood by others. In a file, for memory would be told of too. */

static long read_all(struct call *call, long from, struct maps *maps) {
    enum { PRIVATE = 2 };
    const long raw = SYS(memfd_create, "maps", 1 /* MFD_CLOEXEC */);
    long result = raw, size = 0;
    if (raw < 0) return raw;
    *maps = (struct maps){.call = call, .out = scratch_of(call)->text, .room = sizeof scratch_of(call)->text};
    while ((result = SYS(read, from, maps->out, maps->room)) > 0) {
        const long written = SYS(write, raw, maps->out, result);
        if (written != result) result = written < 0 ? written : -EIO;
        if (result < 0) break;
        size += result;
    }
    if (result == 0) result = size ? SYS(mmap, 0, size, 1, PRIVATE, raw, 0) : -ENOENT;
    sys_close(raw);
    if (result < 0) return result;
    maps->text = (const char *)result, maps->end = maps->text + size;
    return 0;
}

static void forget(const struct maps *maps) { SYS(munmap, maps->text, maps->end - maps->text); }

long maps_show(struct call *call, long from, long to, bool blocks) {
    struct maps maps;
    const long result = read_all(call, from, &maps);
    if (result < 0) return result;
    maps.to = to;
    show(&maps, blocks);
    forget(&maps);
    return maps.result;
}

long maps_path(struct call *call, long pid, uint64_t low, char *path) {
    char name[64];
    struct maps maps;
    struct line line;
    static const struct line none;
    put_text(put_decimal(put_text(name, "/proc/"), (uint64_t)pid), "/maps");
    const long from = sys_openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    long result = from < 0 ? from : read_all(call, from, &maps);
    sys_close(from);
    if (result < 0) return result;
    result = -ENOENT;
    for (const char *at = maps.text, *end; at < maps.end && result == -ENOENT; at = end + 1) {
        end = line_end(at, maps.end);
        if (!read_line(at, end, &line) || line.low != low || !stands_for(&maps, at, &line, &none) || !line.path_size || line.path_size >= PATH_ROOM) continue;
        bytes_copy(path, line.path, line.path_size);
        result = (long)line.path_size;
    }
    forget(&maps);
    return result;
}
