#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

enum { ID_DIGITS = 64 };

static int open_below(const char *home, const char *group, const char *name) {
    AUTO_FREE char *path = must_format("%s/%s/%s", home, group, name);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The one container whose id begins so; NULL: none, or several. */
static char *complete(const char *home, const char *prefix) {
    AUTO_FREE char *path = must_format("%s/containers", home);
    DIR *all = opendir(path);
    char *found = NULL;
    int count = 0;
    if (!all) return NULL;
    for (struct dirent *entry; (entry = readdir(all));) {
        if (strlen(entry->d_name) != ID_DIGITS || strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        free(found);
        found = must_copy(entry->d_name);
        count++;
    }
    closedir(all);
    if (count == 1) return found;
    free(found);
    return NULL;
}

int container_find(const char *home, const char *name) {
    if (!*name || *name == '.' || strchr(name, '/')) return -1;
    int fd = open_below(home, "names", name);
    if (fd >= 0 || strspn(name, "0123456789abcdef") != strlen(name) || strlen(name) > ID_DIGITS) return fd;
    if (strlen(name) == ID_DIGITS) return open_below(home, "containers", name);
    AUTO_FREE char *id = complete(home, name);
    return id ? open_below(home, "containers", id) : -1;
}
