/* The encoding of plans (docs/FORMATS.md, 1): tag (4 characters) | length (u32, big endian) | payload. */
#ifndef LICHEN_RECORDS_H
#define LICHEN_RECORDS_H

#include "base.h"

struct record {
    char tag[5];
    const unsigned char *data;
    size_t size;
};

/* What is still to be read of a list of records; it points into memory of the caller. */
struct records {
    const unsigned char *data;
    size_t size;
};

/* 1: one record; 0: the end; -1: the bytes are no records. Records whose tag begins with `x` are skipped. */
int record_next(struct records *from, struct record *record);
/* As record_next, but malformed input ends the program, naming `what`. */
bool record_read(struct records *from, struct record *record, const char *what);
bool record_is(const struct record *record, const char *tag);
struct records record_list(const struct record *record);
char *record_text(const struct record *record);       /* a copy; ends the program when it holds a NUL */
uint64_t record_number(const struct record *record);  /* ends the program when it is not 8 bytes */
_Noreturn void record_unknown(const struct record *record, const char *what);

void record_add(struct bytes *to, const char *tag, const void *data, size_t size);
void record_add_text(struct bytes *to, const char *tag, const char *text);
void record_add_number(struct bytes *to, const char *tag, uint64_t number);
/* A record whose payload is written between the two calls. */
size_t record_begin(struct bytes *to, const char *tag);
void record_end(struct bytes *to, size_t begun);

uint32_t get_u32(const unsigned char *at);
void put_u32(unsigned char *at, uint32_t value);
uint64_t get_u64(const unsigned char *at);
void put_u64(unsigned char *at, uint64_t value);

#endif
