/* Users and groups from the container's files: libc's own functions read the host's, or ask its services. Of nsswitch.conf nothing is read. */
#include <grp.h>
#include <pwd.h>
#include <shadow.h>

#include "library.h"

/* ---- a file, whole */

struct text_file {
    char *data;
    size_t size;
};

static bool file_read(const char *path, struct text_file *file) {
    long size = 0, room = 0;
    *file = (struct text_file){0};
    const long fd = CALL(open, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return told(fd), false;
    for (;;) {
        if (room - size < 4096) {
            char *more = realloc(file->data, (size_t)(room += 32768));
            if (!more) break;
            file->data = more;
        }
        const long got = SYS(read, fd, file->data + size, room - size - 1);
        if (got <= 0) break;
        size += got;
    }
    SYS(close, fd);
    if (!file->data) return false;
    file->data[size] = 0;
    file->size = (size_t)size;
    return true;
}

/* ---- lines: NAME:FIELD:…  A view of one, in whose memory the fields end in zeros. */

enum { FIELDS_MOST = 9 };
struct line {
    char *fields[FIELDS_MOST];
    unsigned count;
};

/* The next line that has at least so many fields, from `at` on; its text is changed. */
static bool line_next(char **at, unsigned least, struct line *line) {
    while (**at) {
        char *from = *at, *end = from;
        while (*end && *end != '\n') end++;
        *at = *end ? end + 1 : end;
        *end = 0;
        line->count = 0;
        line->fields[line->count++] = from;
        for (char *to = from; to < end && line->count < FIELDS_MOST; to++) {
            if (*to != ':') continue;
            *to = 0;
            line->fields[line->count++] = to + 1;
        }
        if (*from && *from != '#' && *from != '+' && *from != '-' && line->count >= least) return true;
    }
    return false;
}

static bool number_of(const char *text, uint32_t *number) {
    uint64_t value = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > UINT32_MAX) return false;
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *number = (uint32_t)value;
    return value <= UINT32_MAX;
}

static bool same(const char *a, const char *b) { return is_text(a, text_size(a), b); }

/* Memory of a caller's, which strings are copied to. */
struct room {
    char *at;
    size_t left;
};
static char *keep(struct room *room, const char *text) {
    const size_t size = text_size(text) + 1;
    if (size > room->left) return NULL;
    char *to = room->at;
    bytes_copy(to, text, size);
    room->at += size, room->left -= size;
    return to;
}

/* ---- passwd */

static bool make_user(const struct line *line, struct passwd *user) {
    *user = (struct passwd){.pw_name = line->fields[0], .pw_passwd = line->fields[1], .pw_gecos = line->fields[4], .pw_dir = line->fields[5], .pw_shell = line->fields[6]};
    return number_of(line->fields[2], &user->pw_uid) && number_of(line->fields[3], &user->pw_gid);
}

static int keep_user(struct passwd *user, char *memory, size_t size) {
    struct room room = {memory, size};
    char **const strings[] = {&user->pw_name, &user->pw_passwd, &user->pw_gecos, &user->pw_dir, &user->pw_shell};
    for (unsigned i = 0; i < sizeof strings / sizeof *strings; i++)
        if (!(*strings[i] = keep(&room, *strings[i]))) return ERANGE;
    return 0;
}

/* By name or, where that is NULL, by number. */
static int find_user(const char *name, uid_t uid, struct passwd *user, char *memory, size_t size, struct passwd **result) {
    struct text_file file;
    struct line line;
    int error = 0;
    *result = NULL;
    if (!file_read("/etc/passwd", &file)) return 0;
    for (char *at = file.data; line_next(&at, 7, &line);) {
        if (!make_user(&line, user) || !(name ? same(user->pw_name, name) : user->pw_uid == uid)) continue;
        error = keep_user(user, memory, size);
        if (!error) *result = user;
        break;
    }
    free(file.data);
    return error;
}

int lib_getpwnam_r(const char *name, struct passwd *user, char *memory, size_t size, struct passwd **result) EXPORTED("getpwnam_r");
int lib_getpwnam_r(const char *name, struct passwd *user, char *memory, size_t size, struct passwd **result) { return find_user(name, 0, user, memory, size, result); }
int lib_getpwuid_r(uid_t uid, struct passwd *user, char *memory, size_t size, struct passwd **result) EXPORTED("getpwuid_r");
int lib_getpwuid_r(uid_t uid, struct passwd *user, char *memory, size_t size, struct passwd **result) { return find_user(NULL, uid, user, memory, size, result); }

enum { LINE_ROOM = 8192 };
static struct passwd user_shown;
static char user_room[LINE_ROOM];
static struct passwd *show_user(const char *name, uid_t uid) {
    struct passwd *result;
    const int error = find_user(name, uid, &user_shown, user_room, sizeof user_room, &result);
    if (error) set_errno(error);
    return result;
}
struct passwd *lib_getpwnam(const char *name) EXPORTED("getpwnam");
struct passwd *lib_getpwnam(const char *name) { return show_user(name, 0); }
struct passwd *lib_getpwuid(uid_t uid) EXPORTED("getpwuid");
struct passwd *lib_getpwuid(uid_t uid) { return show_user(NULL, uid); }

/* ---- group: members are a list of pointers in front of the strings */

static int keep_group(const struct line *line, struct group *group, char *memory, size_t size) {
    size_t members = 0;
    const size_t skip = -(uintptr_t)memory & 7;
    const char *list = line->fields[3];
    for (const char *at = list; *at; at++) members += (at == list || at[-1] == ',') && *at != ',';
    if (size < skip + (members + 1) * sizeof(char *)) return ERANGE;
    group->gr_mem = (char **)(void *)(memory + skip);
    struct room room = {memory + skip + (members + 1) * sizeof(char *), size - skip - (members + 1) * sizeof(char *)};
    if (!(group->gr_name = keep(&room, line->fields[0])) || !(group->gr_passwd = keep(&room, line->fields[1]))) return ERANGE;
    char *copy = keep(&room, list);
    if (!copy) return ERANGE;
    members = 0;
    for (char *at = copy; *at; at++) {
        if (*at == ',') *at = 0;
        else if (at == copy || !at[-1]) group->gr_mem[members++] = at;
    }
    group->gr_mem[members] = NULL;
    return 0;
}

static int find_group(const char *name, gid_t gid, struct group *group, char *memory, size_t size, struct group **result) {
    struct text_file file;
    struct line line;
    int error = 0;
    *result = NULL;
    if (!file_read("/etc/group", &file)) return 0;
    for (char *at = file.data; line_next(&at, 4, &line);) {
        if (!number_of(line.fields[2], &group->gr_gid) || !(name ? same(line.fields[0], name) : group->gr_gid == gid)) continue;
        error = keep_group(&line, group, memory, size);
        if (!error) *result = group;
        break;
    }
    free(file.data);
    return error;
}

int lib_getgrnam_r(const char *name, struct group *group, char *memory, size_t size, struct group **result) EXPORTED("getgrnam_r");
int lib_getgrnam_r(const char *name, struct group *group, char *memory, size_t size, struct group **result) { return find_group(name, 0, group, memory, size, result); }
int lib_getgrgid_r(gid_t gid, struct group *group, char *memory, size_t size, struct group **result) EXPORTED("getgrgid_r");
int lib_getgrgid_r(gid_t gid, struct group *group, char *memory, size_t size, struct group **result) { return find_group(NULL, gid, group, memory, size, result); }

static struct group group_shown;
static char *group_room;
static size_t group_size;
/* What is shown lies in memory that grows with the longest line. */
static bool more_room(void) {
    char *more = realloc(group_room, group_size ? 2 * group_size : LINE_ROOM);
    if (!more) return false;
    group_size = group_size ? 2 * group_size : LINE_ROOM;
    group_room = more;
    return true;
}
static struct group *show_group(const char *name, gid_t gid) {
    struct group *result = NULL;
    int error = ERANGE;
    while (error == ERANGE) {
        if (group_room) error = find_group(name, gid, &group_shown, group_room, group_size, &result);
        if (error == ERANGE && !more_room()) break;
    }
    if (error) set_errno(error);
    return result;
}
struct group *lib_getgrnam(const char *name) EXPORTED("getgrnam");
struct group *lib_getgrnam(const char *name) { return show_group(name, 0); }
struct group *lib_getgrgid(gid_t gid) EXPORTED("getgrgid");
struct group *lib_getgrgid(gid_t gid) { return show_group(NULL, gid); }

/* ---- all of them, one after the other */

struct listing {
    const char *path;
    struct text_file file;
    char *at;
};
static struct listing users = {.path = "/etc/passwd"}, groups = {.path = "/etc/group"};

static void listing_end(struct listing *listing) {
    free(listing->file.data);
    listing->file.data = NULL;
}
static bool listing_next(struct listing *listing, unsigned least, struct line *line) {
    if (!listing->file.data) {
        if (!file_read(listing->path, &listing->file)) return false;
        listing->at = listing->file.data;
    }
    return line_next(&listing->at, least, line);
}

void lib_setpwent(void) EXPORTED("setpwent");
void lib_setpwent(void) { listing_end(&users); }
void lib_endpwent(void) EXPORTED("endpwent");
void lib_endpwent(void) { listing_end(&users); }
int lib_getpwent_r(struct passwd *user, char *memory, size_t size, struct passwd **result) EXPORTED("getpwent_r");
int lib_getpwent_r(struct passwd *user, char *memory, size_t size, struct passwd **result) {
    struct line line;
    *result = NULL;
    while (listing_next(&users, 7, &line)) {
        if (!make_user(&line, user)) continue;
        const int error = keep_user(user, memory, size);
        if (!error) *result = user;
        return error;
    }
    return ENOENT;
}
struct passwd *lib_getpwent(void) EXPORTED("getpwent");
struct passwd *lib_getpwent(void) {
    struct passwd *result;
    lib_getpwent_r(&user_shown, user_room, sizeof user_room, &result);
    return result;
}

void lib_setgrent(void) EXPORTED("setgrent");
void lib_setgrent(void) { listing_end(&groups); }
void lib_endgrent(void) EXPORTED("endgrent");
void lib_endgrent(void) { listing_end(&groups); }
int lib_getgrent_r(struct group *group, char *memory, size_t size, struct group **result) EXPORTED("getgrent_r");
int lib_getgrent_r(struct group *group, char *memory, size_t size, struct group **result) {
    struct line line;
    *result = NULL;
    while (listing_next(&groups, 4, &line)) {
        if (!number_of(line.fields[2], &group->gr_gid)) continue;
        const int error = keep_group(&line, group, memory, size);
        if (!error) *result = group;
        return error;
    }
    return ENOENT;
}
struct group *lib_getgrent(void) EXPORTED("getgrent");
struct group *lib_getgrent(void) {
    struct line line;
    while (listing_next(&groups, 4, &line)) {
        if (!number_of(line.fields[2], &group_shown.gr_gid)) continue;
        int error = ERANGE;
        while (error == ERANGE) {
            if (group_room) error = keep_group(&line, &group_shown, group_room, group_size);
            if (error == ERANGE && !more_room()) return NULL;
        }
        return &group_shown;
    }
    return NULL;
}

/* ---- the groups of a user */

static bool has_member(const char *list, const char *name) {
    while (*list) {
        size_t size = 0;
        while (list[size] && list[size] != ',') size++;
        if (is_text(list, size, name)) return true;
        list += size + (list[size] != 0);
    }
    return false;
}

/* As many as there are; those that fit are in `to`. */
static int groups_of(const char *name, gid_t first, gid_t *to, int room) {
    struct text_file file;
    struct line line;
    int count = 0;
    if (room > 0) to[0] = first;
    count++;
    if (!file_read("/etc/group", &file)) return count;
    for (char *at = file.data; line_next(&at, 4, &line);) {
        gid_t gid;
        if (!number_of(line.fields[2], &gid) || gid == first || !has_member(line.fields[3], name)) continue;
        if (count < room) to[count] = gid;
        count++;
    }
    free(file.data);
    return count;
}
int lib_getgrouplist(const char *name, gid_t first, gid_t *to, int *count) EXPORTED("getgrouplist");
int lib_getgrouplist(const char *name, gid_t first, gid_t *to, int *count) {
    const int room = *count;
    *count = groups_of(name, first, to, room);
    return *count > room ? -1 : *count;
}
int lib_initgroups(const char *name, gid_t first) EXPORTED("initgroups");
int lib_initgroups(const char *name, gid_t first) {
    const int count = groups_of(name, first, NULL, 0);
    gid_t *all = malloc((size_t)count * sizeof *all);
    if (!all) return -1;
    groups_of(name, first, all, count);
    const int result = (int)told(CALL(setgroups, count, all));
    free(all);
    return result;
}

/* ---- shadow, for su and passwd */

static long day_of(const char *text) {
    uint32_t number;
    return number_of(text, &number) ? (long)number : -1;
}
int lib_getspnam_r(const char *name, struct spwd *to, char *memory, size_t size, struct spwd **result) EXPORTED("getspnam_r");
int lib_getspnam_r(const char *name, struct spwd *to, char *memory, size_t size, struct spwd **result) {
    struct text_file file;
    struct line line;
    struct room room = {memory, size};
    int error = ENOENT;
    *result = NULL;
    if (!file_read("/etc/shadow", &file)) return get_errno();
    for (char *at = file.data; line_next(&at, 8, &line);) {
        if (!same(line.fields[0], name)) continue;
        *to = (struct spwd){.sp_namp = keep(&room, line.fields[0]), .sp_pwdp = keep(&room, line.fields[1]), .sp_lstchg = day_of(line.fields[2]), .sp_min = day_of(line.fields[3]),
                            .sp_max = day_of(line.fields[4]), .sp_warn = day_of(line.fields[5]), .sp_inact = day_of(line.fields[6]), .sp_expire = day_of(line.fields[7]), .sp_flag = ~0ul};
        error = to->sp_namp && to->sp_pwdp ? 0 : ERANGE;
        if (!error) *result = to;
        break;
    }
    free(file.data);
    return error;
}
struct spwd *lib_getspnam(const char *name) EXPORTED("getspnam");
struct spwd *lib_getspnam(const char *name) {
    static struct spwd shown;
    static char memory[LINE_ROOM];
    struct spwd *result;
    const int error = lib_getspnam_r(name, &shown, memory, sizeof memory, &result);
    if (error) set_errno(error);
    return result;
}
