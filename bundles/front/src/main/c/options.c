#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "places.h"

static bool starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* Global flags stand before the command. One that is not known here ends the search: the runtime says what is wrong with it. */
void options_read(struct options *options, char **arguments) {
    const char *home = NULL;
    *options = (struct options){.arguments = arguments};
    for (; *arguments; arguments++) {
        const char *word = *arguments;
        if (!strcmp(word, "--home") && arguments[1]) home = *++arguments;
        else if (starts(word, "--home=")) home = word + strlen("--home=");
        else if (!strcmp(word, "--log-level") && arguments[1]) arguments++;
        else if (starts(word, "--log-level=")) continue;
        else if (!strcmp(word, "--foreground")) options->foreground = true;
        else if (word[0] == '-') break;
        else {
            options->command = arguments;
            break;
        }
    }
    options->home = home_directory(home);
}

static bool exists(const char *root, const char *name) {
    AUTO_FREE char *path = must_format("%s/%s", root, name);
    return access(path, R_OK) == 0;
}

void distribution_find(struct distribution *distribution) {
    char self[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size < 0) die(STATUS_LICHEN, "cannot find lichen's own files (/proc/self/exe): %s", strerror(errno));
    self[size] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash) *slash = 0;
    }
    distribution->root = must_copy(self);
    distribution->shim = must_format("%s/libexec/lichen-shim", self);
    if (!exists(self, "libexec/lichen-shim")) die(STATUS_LICHEN, "cannot find lichen's own files (%s): they must lie beside bin/lichen\nhint: keep the directory of the distribution together", distribution->shim);
    struct bytes build = {0};
    AUTO_FREE char *path = must_format("%s/build-id", self);
    if (!read_file(AT_FDCWD, path, &build)) bytes_text(&build, "unknown");
    bytes_add(&build, "", 1);
    distribution->build = must_format("%.16s", (const char *)build.data); /* a socket's path is short */
    distribution->build[strcspn(distribution->build, " \t\r\n/")] = 0;
    bytes_clear(&build);
}
