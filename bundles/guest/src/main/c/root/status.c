#include "status.h"

#include <errno.h>

#include "bytes.h"

static void add_ids(struct text *to, const struct ids_set *set) {
    const uint32_t ids[4] = {set->real, set->effective, set->saved, set->file};
    for (int i = 0; i < 4; i++) {
        if (i) text_add(to, "\t", 1);
        text_add_number(to, ids[i], 10, 0);
    }
}

static void add_groups(struct text *to, const struct root_credentials *c) {
    for (uint32_t i = 0; i < c->group_count; i++) {
        if (i) text_add(to, " ", 1);
        text_add_number(to, c->groups[i], 10, 0);
    }
    text_add(to, " ", 1);
}

/* The value of a line that is ours to tell. */
static bool add_value(struct text *to, const struct root_credentials *c, const char *name, size_t size) {
    const struct {
        char name[12];
        uint64_t set;
    } sets[] = {{"CapInh", c->inheritable}, {"CapPrm", c->permitted}, {"CapEff", c->effective}, {"CapBnd", c->bounding}, {"CapAmb", c->ambient}};
    static const char OTHERS[][12] = {"Uid", "Gid", "Groups", "NoNewPrivs"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (size == 6 && bytes_same(name, sets[i].name, size)) {
            text_add_number(to, sets[i].set, 16, 16);
            return true;
        }
    for (unsigned i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        if (bytes_length(OTHERS[i]) != size || !bytes_same(name, OTHERS[i], size)) continue;
        if (i < 2) add_ids(to, i == 0 ? &c->user : &c->group);
        else if (i == 2) add_groups(to, c);
        else text_add_number(to, c->no_new_privs, 10, 0);
        return true;
    }
    return false;
}

long root_show_status(const struct root_credentials *c, const char *in, size_t size, char *out, size_t room) {
    struct text to = {out, 0, room, false};
    for (size_t at = 0; at < size;) {
        size_t name = at, end = at;
        while (name < size && in[name] != ':' && in[name] != '\n') name++;
        while (end < size && in[end] != '\n') end++;
        size_t next = end < size ? end + 1 : end;
        text_add(&to, in + at, name - at);
        if (name + 1 < size && in[name] == ':' && in[name + 1] == '\t') {
            text_add(&to, ":\t", 2);
            if (!add_value(&to, c, in + at, name - at)) text_add(&to, in + name + 2, end - name - 2);
        } else {
            text_add(&to, in + name, end - name);
        }
        text_add(&to, in + end, next - end);
        at = next;
    }
    return to.full ? -ENOSPC : (long)to.size;
}
