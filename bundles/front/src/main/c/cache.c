/* Plans of `run --rm` that the runtime allowed to be kept, so that the same command needs no Java the next time.
 *
 * <run>/p/SUM holds records: `stmp`* {`path` `stat`}, the files that the plan rests on, as they were before it was made; `plan`. SUM is of all that the plan may depend on of
 * the command, its environment too, which is not to be written anywhere. The run directory is ours, of this host and this boot. Whatever does not fit is left to the runtime, which then has it kept anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "places.h"

enum { GOOD_FOR = 3600 /* seconds: what the machine allows may have changed meanwhile */, MOST = 256 };

extern char **environ;

/* The start of a container for calls (calls.c): it takes nothing of what is around the command. */
static bool for_calls(const struct options *options) {
    return options->command && options->command[1] && !strcmp(options->command[0], "start") && !strcmp(options->command[1], "--for-calls");
}

static bool wanted(const struct options *options) {
    if (options->foreground || !options->command) return false;
    if (for_calls(options)) return true;
    if (strcmp(options->command[0], "run") != 0) return false;
    for (char **word = options->command; *word; word++)
        if (!strcmp(*word, "--rm")) return true;
    return false;
}

/* Shells change these with every command. An argument may name them all the same: `-e SHLVL`. */
static bool volatile_variable(const struct options *options, const char *variable) {
    static const char *const NAMES[] = {"_", "SHLVL", "OLDPWD"};
    size_t size = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (strlen(NAMES[i]) != size || strncmp(NAMES[i], variable, size) != 0) continue;
        for (char **word = options->arguments; *word; word++)
            if (strstr(*word, NAMES[i])) return false;
        return true;
    }
    return false;
}

static void describe(struct bytes *to, const struct runtime *runtime) {
    char directory[PATH_MAX];
    mode_t mask = umask(0);
    umask(mask);
    record_add_text(to, "key.", runtime->key);
    record_add_text(to, "root", runtime->distribution->root);
    record_add_text(to, "buld", runtime->distribution->build);
    for (char **word = runtime->options->arguments; *word; word++) record_add_text(to, "argv", *word);
    if (for_calls(runtime->options)) return;
    record_add_text(to, "cwd.", getcwd(directory, sizeof directory) ? directory : "");
    record_add_number(to, "umsk", mask);
    for (char **variable = environ; *variable; variable++)
        if (!volatile_variable(runtime->options, *variable)) record_add_text(to, "envi", *variable);
}

/* Two sums of 64 bits (FNV-1a), forwards and backwards: against chance, not against an enemy, who would have to be ourselves. */
static char *place_of(const struct runtime *runtime) {
    struct bytes request = {0};
    uint64_t there = 0xcbf29ce484222325ULL, back = ~there;
    describe(&request, runtime);
    for (size_t i = 0; i < request.size; i++) {
        there = (there ^ request.data[i]) * 0x100000001b3ULL;
        back = (back ^ request.data[request.size - 1 - i]) * 0x100000001b3ULL;
    }
    bytes_clear(&request);
    return must_format("%s/p/%016llx%016llx", runtime->run, (unsigned long long)there, (unsigned long long)back);
}

/* As the runtime writes it. */
static void stamp_of(struct bytes *to, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) bytes_text(to, "-");
    else bytes_format(to, "%llu %lld %lld.%09ld", (unsigned long long)status.st_ino, (long long)status.st_size, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static bool still_so(const struct record *record) {
    struct records list = record_list(record);
    AUTO_FREE char *path = NULL;
    struct record item, known = {0};
    while (record_next(&list, &item) > 0) {
        if (record_is(&item, "path") && !path) path = record_text(&item);
        if (record_is(&item, "stat")) known = item;
    }
    struct bytes now = {0};
    if (path) stamp_of(&now, path);
    bool same = path && known.data && now.size == known.size && memcmp(now.data, known.data, now.size) == 0;
    bytes_clear(&now);
    return same;
}

static bool usable(const struct bytes *kept, struct bytes *plan) {
    struct records list = {kept->data, kept->size};
    int more;
    for (struct record item; (more = record_next(&list, &item)) > 0;) {
        if (record_is(&item, "stmp") && !still_so(&item)) return false;
        if (record_is(&item, "plan")) bytes_add(plan, item.data, item.size);
    }
    return more == 0 && plan->size;
}

bool cache_find(const struct runtime *runtime, struct bytes *plan) {
    struct bytes kept = {0};
    struct stat status;
    if (!wanted(runtime->options)) return false;
    AUTO_FREE char *path = place_of(runtime);
    bool good = stat(path, &status) == 0 && status.st_mtime + GOOD_FOR > time(NULL) && read_file(AT_FDCWD, path, &kept) && usable(&kept, plan);
    if (!good) bytes_clear(plan);
    bytes_clear(&kept);
    return good;
}

/* When there are many, all go: what is used comes back. */
static void make_room(const char *directory) {
    DIR *list = opendir(directory);
    unsigned count = 0;
    for (const struct dirent *entry; list && (entry = readdir(list));) count++;
    if (list) rewinddir(list);
    for (const struct dirent *entry; list && count > MOST && (entry = readdir(list));)
        if (entry->d_name[0] != '.') unlinkat(dirfd(list), entry->d_name, 0);
    if (list) closedir(list);
}

void cache_keep(const struct runtime *runtime, const void *kept, size_t size) {
    if (!wanted(runtime->options)) return;
    AUTO_FREE char *directory = must_format("%s/p", runtime->run);
    AUTO_FREE char *path = place_of(runtime);
    make_private(directory);
    make_room(directory);
    (void)replace_file(AT_FDCWD, path, kept, size, 0600); /* without it the next one is as slow as this one */
}
