/* Credentials as text. Nothing is written in two ways, so nothing is read that would be written otherwise. */
#include "credentials.h"

#include <errno.h>

#include "bytes.h"

enum { FIELDS = 16, VERSION = 1 };

static void fields_of(const struct root_credentials *c, uint64_t field[FIELDS]) {
    const uint64_t all[FIELDS] = {c->user.real, c->user.effective, c->user.saved, c->user.file, c->group.real, c->group.effective, c->group.saved, c->group.file,
                                  c->permitted, c->effective, c->inheritable, c->bounding, c->ambient, c->securebits, c->no_new_privs, c->group_count};
    for (int i = 0; i < FIELDS; i++) field[i] = all[i];
}

static void add(struct text *to, uint64_t number) {
    text_add(to, ",", 1);
    text_add_number(to, number, 16, 0);
}

long root_credentials_write(const struct root_credentials *c, char *text, size_t room) {
    struct text to = {text, 0, room, false};
    uint64_t field[FIELDS];
    fields_of(c, field);
    text_add_number(&to, VERSION, 16, 0);
    for (int i = 0; i < FIELDS; i++) add(&to, field[i]);
    for (uint32_t i = 0; i < c->group_count; i++) add(&to, c->groups[i]);
    text_add(&to, "", 1);
    return to.full ? -ENOSPC : (long)to.size - 1;
}

/* One number and the comma before it. */
static bool number(const char **at, const char *end, uint64_t most, uint64_t *value) {
    const char *first = *at + 1;
    if (*at == end || **at != ',') return false;
    *value = 0;
    for ((*at)++; *at != end && **at != ','; (*at)++) {
        char c = **at;
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
        if (digit > 15 || *value > most >> 4) return false;
        *value = *value << 4 | digit;
    }
    return *at != first && (*first != '0' || *at == first + 1) && *value <= most;
}

static bool read_fields(const char **at, const char *end, uint64_t field[FIELDS]) {
    static const uint64_t IDS = UINT32_MAX - 1;
    static const uint64_t MOST[FIELDS] = {IDS, IDS, IDS, IDS, IDS, IDS, IDS, IDS, ROOT_ALL_CAPABILITIES, ROOT_ALL_CAPABILITIES, ROOT_ALL_CAPABILITIES, ROOT_ALL_CAPABILITIES,
                                          ROOT_ALL_CAPABILITIES, 0xfff, 1, ROOT_GROUPS};
    for (int i = 0; i < FIELDS; i++)
        if (!number(at, end, MOST[i], &field[i])) return false;
    return true;
}

int root_credentials_read(struct root_credentials *c, const char *text, size_t size) {
    const char *at = text + 1, *end = text + size;
    uint64_t field[FIELDS], group;
    if (size < 1 || *text != '0' + VERSION || !read_fields(&at, end, field)) return -EINVAL;
    c->user = (struct ids_set){(uint32_t)field[0], (uint32_t)field[1], (uint32_t)field[2], (uint32_t)field[3]};
    c->group = (struct ids_set){(uint32_t)field[4], (uint32_t)field[5], (uint32_t)field[6], (uint32_t)field[7]};
    c->permitted = field[8];
    c->effective = field[9];
    c->inheritable = field[10];
    c->bounding = field[11];
    c->ambient = field[12];
    c->securebits = (uint32_t)field[13];
    c->no_new_privs = (uint32_t)field[14];
    c->group_count = (uint32_t)field[15];
    for (uint32_t i = 0; i < c->group_count; i++) {
        if (!number(&at, end, UINT32_MAX - 1, &group)) return -EINVAL;
        c->groups[i] = (uint32_t)group;
    }
    return at == end ? 0 : -EINVAL;
}
