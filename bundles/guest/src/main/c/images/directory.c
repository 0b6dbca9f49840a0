#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base.h"

enum { DAY = 24 * 60 * 60, HOUR = 60 * 60 };
static const char STAMP[] = ".swept";

struct image_file {
    char *name;
    time_t used;
    off_t size;
};

static int by_use(const void *a, const void *b) {
    const struct image_file *left = a, *right = b;
    return left->used < right->used ? -1 : left->used > right->used;
}

/* Also what a writer that was killed has left. */
static void sweep(int directory, time_t now) {
    DIR *list = fdopendir(dup(directory));
    struct image_file *files = NULL;
    size_t count = 0;
    unsigned long long all = 0;
    for (const struct dirent *entry; list && (entry = readdir(list));) {
        struct stat status;
        if (entry->d_name[0] == '.' || fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (strchr(entry->d_name, '~')) {
            if (now - status.st_mtime > HOUR) unlinkat(directory, entry->d_name, 0);
            continue;
        }
        files = must_realloc(files, count + 1, sizeof *files);
        files[count] = (struct image_file){.used = status.st_atime > status.st_mtime ? status.st_atime : status.st_mtime, .size = (off_t)status.st_blocks * 512};
        files[count].name = must_copy(entry->d_name);
        all += (unsigned long long)files[count++].size;
    }
    if (list) closedir(list);
    if (count) qsort(files, count, sizeof *files, by_use);
    for (size_t i = 0; i < count && all > IMAGES_MOST / 4 * 3; i++) {
        if (i == 0 && all <= IMAGES_MOST) break;
        if (unlinkat(directory, files[i].name, 0) == 0) all -= (unsigned long long)files[i].size;
    }
    for (size_t i = 0; i < count; i++) free(files[i].name);
    free(files);
}

static void sweep_daily(const char *path) {
    struct stat stamp;
    const time_t now = time(NULL);
    AUTO_CLOSE int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || (fstatat(directory, STAMP, &stamp, 0) == 0 && now - stamp.st_mtime < DAY)) return;
    AUTO_CLOSE int fd = openat(directory, STAMP, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || futimens(fd, NULL) != 0) return;
    sweep(directory, now);
}

char *images_directory(const char *stage) {
    char *path = must_format("%.*s/images", (int)(strrchr(stage, '/') - stage), stage);
    struct stat status;
    if ((mkdir(path, 0700) == 0 || errno == EEXIST) && lstat(path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & 077)) {
        sweep_daily(path);
        return path;
    }
    free(path);
    return NULL;
}
