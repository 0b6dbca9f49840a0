#include "layerjson.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One line while it is read. */
struct line {
    const char *at;
    const char *layer;
    size_t number;
};

_Noreturn static void damaged(const struct line *line) {
    die(STATUS_LICHEN, "cannot prepare the root file system (index of layer %s, line %zu): it is damaged\nhint: lichen system check --repair", line->layer, line->number);
}

static size_t hash(const char *text) {
    size_t value = 14695981039346656037u; /* FNV-1a */
    for (; *text; text++) value = (value ^ (unsigned char)*text) * 1099511628211u;
    return value;
}

static size_t *slot(const struct index *index, const char *path) {
    size_t at = hash(path) & (index->slot_count - 1);
    while (index->slots[at] && strcmp(index->entries[index->slots[at] - 1].path, path) != 0) at = (at + 1) & (index->slot_count - 1);
    return &index->slots[at];
}

static void grow(struct index *index) {
    index->slot_count = index->slot_count ? index->slot_count * 2 : 1024;
    free(index->slots);
    index->slots = must_alloc(index->slot_count * sizeof *index->slots);
    memset(index->slots, 0, index->slot_count * sizeof *index->slots);
    for (size_t i = 0; i < index->count; i++) *slot(index, index->entries[i].path) = i + 1;
}

/* A later line of the same path replaces the earlier one. */
static void put(struct index *index, struct entry *entry) {
    if (index->count * 2 >= index->slot_count) grow(index);
    size_t *place = slot(index, entry->path);
    if (*place) {
        struct entry *old = &index->entries[*place - 1];
        free(old->path);
        free(old->target);
        entry->hides |= old->hides; /* it hides what lower layers have, not what its own has, in whatever order they are said */
        *old = *entry;
        return;
    }
    if (index->count == index->room) {
        index->room = index->room ? index->room * 2 : 512;
        index->entries = must_realloc(index->entries, index->room, sizeof *index->entries);
    }
    index->entries[index->count++] = *entry;
    *place = index->count;
}

const struct entry *index_find(const struct index *index, const char *path) {
    if (index->slot_count == 0) return NULL;
    size_t place = *slot(index, path);
    return place ? &index->entries[place - 1] : NULL;
}

static void expect(struct line *line, char c) {
    if (*line->at++ != c) damaged(line);
}

static unsigned hex(struct line *line) {
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = *line->at++;
        if (c >= '0' && c <= '9') value = value << 4 | (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f') value = value << 4 | (unsigned)(c - 'a' + 10);
        else damaged(line);
    }
    return value;
}

/* A JSON string as bytes. The writer escapes quotes, control characters, and as a lone surrogate U+DCNN a byte 0xNN that is not UTF-8; the rest is itself. */
static char *string(struct line *line) {
    expect(line, '"');
    size_t room = strcspn(line->at, "\n") + 1, size = 0;
    char *text = must_alloc(room);
    while (*line->at != '"') {
        char c = *line->at++;
        if (c == '\n' || c == 0) damaged(line);
        if (c == '\\') {
            c = *line->at++;
            if (c == 'u') {
                unsigned code = hex(line);
                if (code >= 0xdc80 && code <= 0xdcff) code -= 0xdc00;
                else if (code == 0 || code > 0x7f) damaged(line);
                c = (char)code;
            } else if (c != '"' && c != '\\') damaged(line);
        }
        text[size++] = c;
    }
    line->at++;
    text[size] = 0;
    return text;
}

/* A value that the merge does not need: a number, true, or an object of strings. */
static void skip(struct line *line) {
    if (*line->at == '"') {
        free(string(line));
    } else if (*line->at == '{') {
        do {
            line->at++;
            free(string(line));
            expect(line, ':');
            free(string(line));
        } while (*line->at == ',');
        expect(line, '}');
    } else {
        line->at += strcspn(line->at, ",}\n");
    }
}

static uint32_t number(struct line *line) {
    char *end;
    unsigned long long value = strtoull(line->at, &end, 10);
    if (end == line->at || value > UINT32_MAX) damaged(line);
    line->at = end;
    return (uint32_t)value;
}

static void member(struct line *line, const char *key, struct entry *entry, char **type) {
    if (strcmp(key, "path") == 0) {
        free(entry->path);
        entry->path = string(line);
    } else if (strcmp(key, "type") == 0) {
        free(*type);
        *type = string(line);
    } else if (strcmp(key, "link") == 0) {
        free(entry->target);
        entry->target = string(line);
    } else if (strcmp(key, "mode") == 0) {
        AUTO_FREE char *mode = string(line);
        entry->mode = (unsigned)strtoul(mode, NULL, 8) & 07777;
    } else if (strcmp(key, "uid") == 0) {
        entry->uid = number(line);
    } else if (strcmp(key, "gid") == 0) {
        entry->gid = number(line);
    } else if (strcmp(key, "major") == 0) {
        entry->major = number(line);
    } else if (strcmp(key, "minor") == 0) {
        entry->minor = number(line);
    } else {
        if (strcmp(key, "implied") == 0) entry->implied = true;
        if (strcmp(key, "xattrs") == 0) entry->attributes = true;
        skip(line);
    }
}

/* A hard link has no type of its own, nor has a mark. */
static unsigned type_of(const char *word) {
    static const struct {
        char word[12];
        unsigned type;
    } TYPES[] = {{"file", S_IFREG}, {"directory", S_IFDIR}, {"symlink", S_IFLNK}, {"char", S_IFCHR}, {"block", S_IFBLK}, {"fifo", S_IFIFO}, {"socket", S_IFSOCK}};
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(word, TYPES[i].word) == 0) return TYPES[i].type;
    return 0;
}

/* Notes that a path hides what lower layers have there; takes ownership of the path. */
static void put_mark(struct index *index, char *path) {
    struct entry entry = {.path = path, .hides = true};
    const struct entry *known = index_find(index, path);
    if (!known) {
        put(index, &entry);
        return;
    }
    index->entries[known - index->entries].hides = true;
    free(path);
}

/* The first and the last line have no path; the last says how many there are between. */
static void read_line(struct index *index, struct line *line, bool everything, uint64_t *said) {
    struct entry entry = {0};
    AUTO_FREE char *type = NULL;
    expect(line, '{');
    while (true) {
        AUTO_FREE char *key = string(line);
        expect(line, ':');
        if (strcmp(key, "entries") == 0) *said = number(line);
        else member(line, key, &entry, &type);
        if (*line->at != ',') break;
        line->at++;
    }
    expect(line, '}');
    bool hides = type && (strcmp(type, "whiteout") == 0 || strcmp(type, "opaque") == 0);
    bool mark = !type || hides || strcmp(type, "replaced") == 0;
    if (entry.path && hides && everything) {
        put_mark(index, entry.path);
        entry.path = NULL;
    } else if (entry.path && !mark) {
        entry.type = type_of(type);
        entry.device = S_ISCHR(entry.type) || S_ISBLK(entry.type);
        if (strcmp(type, "hardlink") != 0) {
            free(entry.target);
            entry.target = NULL;
        }
        if (everything || entry.device || entry.attributes || entry.implied || index_find(index, entry.path)) {
            put(index, &entry);
            return;
        }
    }
    free(entry.path);
    free(entry.target);
}

void index_read(struct index *index, int layer, const char *name, bool everything) {
    struct bytes text = {0};
    if (!read_file(layer, "layer.json", &text)) die(STATUS_LICHEN, "cannot prepare the root file system (index of layer %s): %s", name, strerror(errno));
    bytes_add(&text, "", 1);
    struct line line = {.at = (const char *)text.data, .layer = name, .number = 0};
    uint64_t said = UINT64_MAX;
    while (*line.at) {
        line.number++;
        read_line(index, &line, everything, &said);
        expect(&line, '\n');
    }
    if (said != line.number - 2) damaged(&line);
    bytes_clear(&text);
}
