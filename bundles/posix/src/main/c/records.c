#include "records.h"

#include <string.h>

enum { HEAD = 8 };

uint32_t get_u32(const unsigned char *at) { return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]; }

void put_u32(unsigned char *at, uint32_t value) {
    for (int i = 0; i < 4; i++) at[i] = (unsigned char)(value >> (24 - 8 * i));
}

uint64_t get_u64(const unsigned char *at) { return (uint64_t)get_u32(at) << 32 | get_u32(at + 4); }

void put_u64(unsigned char *at, uint64_t value) {
    put_u32(at, (uint32_t)(value >> 32));
    put_u32(at + 4, (uint32_t)value);
}

int record_next(struct records *from, struct record *record) {
    while (from->size) {
        if (from->size < HEAD) return -1;
        size_t size = get_u32(from->data + 4);
        if (size > from->size - HEAD) return -1;
        memcpy(record->tag, from->data, 4);
        record->tag[4] = 0;
        record->data = from->data + HEAD;
        record->size = size;
        from->data += HEAD + size;
        from->size -= HEAD + size;
        if (record->tag[0] != 'x') return 1;
    }
    return 0;
}

bool record_read(struct records *from, struct record *record, const char *what) {
    int got = record_next(from, record);
    if (got < 0) die(STATUS_LICHEN, "cannot read the plan (%s): it is cut off or damaged", what);
    return got > 0;
}

bool record_is(const struct record *record, const char *tag) { return memcmp(record->tag, tag, 4) == 0; }

struct records record_list(const struct record *record) { return (struct records){record->data, record->size}; }

char *record_text(const struct record *record) {
    if (memchr(record->data, 0, record->size)) die(STATUS_LICHEN, "cannot read the plan (record %s): NUL in a text", record->tag);
    char *text = must_alloc(record->size + 1);
    memcpy(text, record->data, record->size);
    return text;
}

uint64_t record_number(const struct record *record) {
    if (record->size != 8) die(STATUS_LICHEN, "cannot read the plan (record %s): a number has 8 bytes, not %zu", record->tag, record->size);
    return get_u64(record->data);
}

void record_unknown(const struct record *record, const char *what) {
    die(STATUS_LICHEN, "cannot carry out the plan (%s): it asks for '%.4s', which this version does not know", what, record->tag);
}

size_t record_begin(struct bytes *to, const char *tag) {
    unsigned char head[HEAD] = {0};
    memcpy(head, tag, 4);
    bytes_add(to, head, HEAD);
    return to->size;
}

void record_end(struct bytes *to, size_t begun) { put_u32(to->data + begun - 4, (uint32_t)(to->size - begun)); }

void record_add(struct bytes *to, const char *tag, const void *data, size_t size) {
    size_t begun = record_begin(to, tag);
    bytes_add(to, data, size);
    record_end(to, begun);
}

void record_add_text(struct bytes *to, const char *tag, const char *text) { record_add(to, tag, text, strlen(text)); }

void record_add_number(struct bytes *to, const char *tag, uint64_t number) {
    unsigned char data[8];
    put_u64(data, number);
    record_add(to, tag, data, 8);
}
