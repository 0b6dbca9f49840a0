#include "shared.h"

#include <stdlib.h>
#include <string.h>

void shared_read(struct shared *shared, const struct record *record) {
    struct shared_directory directory = {0};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "shared directory");) {
        if (record_is(&item, "host")) directory.host = record_text(&item);
        else if (record_is(&item, "gues")) directory.guest = record_text(&item);
        else record_unknown(&item, "shared directory");
    }
    if (!directory.host || !directory.guest) die(STATUS_LICHEN, "cannot read a shared directory: it is not told whole");
    shared->at = must_realloc(shared->at, shared->count + 1, sizeof directory);
    shared->at[shared->count++] = directory;
}

static size_t depth(const char *path, const char *directory) {
    const size_t size = strcmp(directory, "/") ? strlen(directory) : 0;
    return !strncmp(path, directory, size) && (path[size] == '/' || !path[size]) ? size + 1 : 0;
}

static char *moved(const char *path, size_t deepest, const char *to) {
    const char *rest = path + deepest - 1;
    if (!strcmp(rest, "/")) rest = "";
    return must_format("%s%s", strcmp(to, "/") || !*rest ? to : "", rest);
}

char *shared_in_guest(const struct shared *shared, const char *host) {
    const struct shared_directory *best = NULL;
    size_t deepest = 0;
    for (size_t i = 0; i < shared->count; i++) {
        const size_t here = *shared->at[i].host ? depth(host, shared->at[i].host) : 0;
        if (here > deepest) best = &shared->at[i], deepest = here;
    }
    if (!best) return NULL;
    char *guest = moved(host, deepest, best->guest);
    AUTO_FREE char *back = shared_on_host(shared, guest); /* something else may lie over it */
    if (back && !strcmp(back, host)) return guest;
    free(guest);
    return NULL;
}

char *shared_on_host(const struct shared *shared, const char *guest) {
    const struct shared_directory *best = NULL;
    size_t deepest = 0;
    for (size_t i = 0; i < shared->count; i++) {
        const size_t here = depth(guest, shared->at[i].guest);
        if (here > deepest) best = &shared->at[i], deepest = here;
    }
    return best && *best->host ? moved(guest, deepest, best->host) : NULL;
}
