#include "users.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 8 };

/* A file of lines with fields between colons, read whole. */
struct table {
    struct bytes text;
    char *next;
    char *fields[FIELDS];
    int count;
};

/* Its own copy: the lines are taken apart in place. */
static void table_open(struct table *table, const struct bytes *text) {
    *table = (struct table){0};
    if (text->size) bytes_add(&table->text, text->data, text->size);
    bytes_add(&table->text, "", 1);
    table->next = (char *)table->text.data;
}

static bool table_next(struct table *table) {
    while (*table->next) {
        char *line = table->next;
        size_t size = strcspn(line, "\n");
        table->next = line + size + (line[size] ? 1 : 0);
        line[size] = 0;
        table->count = 0;
        for (char *field; table->count < FIELDS && (field = strsep(&line, ":"));) table->fields[table->count++] = field;
        if (table->count >= 4) return true;
    }
    return false;
}

static bool id_of(const char *text, uint32_t *id) {
    uint64_t value;
    if (!parse_number(text, 10, &value) || value >= UINT32_MAX) return false;
    *id = (uint32_t)value;
    return true;
}

/* By name, else by number. Fills uid, gid and home; false: no such entry. */
static bool find_user(const struct databases *from, const char *name, struct account *account) {
    struct table table;
    uint32_t wanted = 0, uid, gid;
    bool numeric = id_of(name, &wanted), found = false;
    table_open(&table, &from->passwd);
    while (table_next(&table)) {
        if (!id_of(table.fields[2], &uid) || !id_of(table.fields[3], &gid)) continue;
        bool named = !strcmp(table.fields[0], name);
        if (!named && (found || !numeric || uid != wanted)) continue;
        account->uid = uid;
        account->gid = gid;
        free(account->home);
        account->home = must_copy(table.count > 5 && *table.fields[5] ? table.fields[5] : "/");
        found = true;
        if (named) break;
    }
    bytes_clear(&table.text);
    return found;
}

static bool find_group(const struct databases *from, const char *name, uint32_t *gid) {
    struct table table;
    bool found = false;
    table_open(&table, &from->group);
    while (!found && table_next(&table)) found = !strcmp(table.fields[0], name) && id_of(table.fields[2], gid);
    bytes_clear(&table.text);
    return found || id_of(name, gid);
}

static void add_group(struct account *account, uint32_t gid) {
    for (size_t i = 0; i < account->group_count; i++)
        if (account->groups[i] == gid) return;
    account->groups = must_realloc(account->groups, account->group_count + 1, sizeof gid);
    account->groups[account->group_count++] = gid;
}

/* The name under which the user is a member of groups: that of its passwd entry. */
static char *name_of(const struct databases *from, uint32_t uid) {
    struct table table;
    char *name = NULL;
    uint32_t id;
    table_open(&table, &from->passwd);
    while (!name && table_next(&table))
        if (id_of(table.fields[2], &id) && id == uid) name = must_copy(table.fields[0]);
    bytes_clear(&table.text);
    return name;
}

static void find_memberships(const struct databases *from, const char *name, struct account *account) {
    struct table table;
    uint32_t gid;
    table_open(&table, &from->group);
    while (table_next(&table)) {
        if (!id_of(table.fields[2], &gid)) continue;
        char *members = table.fields[3], *member;
        while ((member = strsep(&members, ",")))
            if (!strcmp(member, name)) add_group(account, gid);
    }
    bytes_clear(&table.text);
}

void databases_read(struct databases *from, int root) {
    *from = (struct databases){0};
    if (!read_file(root, "etc/passwd", &from->passwd)) from->passwd.size = 0;
    if (!read_file(root, "etc/group", &from->group)) from->group.size = 0;
}

void account_find(const struct databases *from, const char *user, struct account *account) {
    *account = (struct account){0};
    AUTO_FREE char *name = must_copy(user);
    char *group = strchr(name, ':');
    if (group) *group++ = 0;
    if (!*name) strcpy(name, "0"); /* `:GROUP` keeps root; there is room, for a colon was there */
    if (!find_user(from, name, account)) {
        if (!id_of(name, &account->uid)) die(STATUS_LICHEN, "unable to find user %s: no matching entries in passwd file", name);
        account->home = must_copy("/");
    }
    if (group && *group) {
        if (!find_group(from, group, &account->gid)) die(STATUS_LICHEN, "unable to find group %s: no matching entries in group file", group);
        add_group(account, account->gid);
        return;
    }
    add_group(account, account->gid);
    AUTO_FREE char *known = name_of(from, account->uid);
    if (known) find_memberships(from, known, account);
}

char *account_home(const struct databases *from, uint32_t uid) {
    struct account account = {0};
    AUTO_FREE char *name = must_format("%u", uid);
    return find_user(from, name, &account) ? account.home : must_copy("/");
}
