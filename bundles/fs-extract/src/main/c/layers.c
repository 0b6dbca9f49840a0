#include "layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char prefix[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";

void layer_open(struct layer *layer, const char *argument, bool with_owners) {
    char *name = must_copy(argument);
    char *colon = strrchr(name, ':');
    if (!colon || (strcmp(colon, ":overlay") != 0 && strcmp(colon, ":aufs") != 0)) die(STATUS_LICHEN, "cannot prepare the root file system (layer %s): it must end in :overlay or :aufs", argument);
    layer->aufs = strcmp(colon, ":aufs") == 0;
    *colon = 0;
    layer->name = name;
    AUTO_CLOSE int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    layer->files = directory < 0 ? -1 : openat(directory, "fs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layer->files < 0) die(STATUS_LICHEN, "cannot prepare the root file system (layer %s): %s\nhint: pull the image again", name, errno == ENOENT ? "it is not in the store" : strerror(errno));
    index_read(&layer->index, directory, name, with_owners);
}

static bool overlay_whiteout(int directory, const char *name) {
    struct stat status;
    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

bool layer_opaque(const struct layer *layer, int directory) {
    if (layer->aufs) return faccessat(directory, opaque, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    char value = 0;
    return fgetxattr(directory, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

bool layer_mark(const struct layer *layer, int directory, const char *name, unsigned char type) {
    if (layer->aufs) return strncmp(name, prefix, sizeof prefix - 1) == 0;
    return (type == DT_CHR || type == DT_UNKNOWN) && overlay_whiteout(directory, name);
}

bool layer_hides(const struct layer *layer, int directory, const char *name) {
    if (!layer->aufs) return overlay_whiteout(directory, name);
    char mark[NAME_MAX + sizeof prefix];
    if (strlen(name) > NAME_MAX - (sizeof prefix - 1)) return false;
    snprintf(mark, sizeof mark, "%s%s", prefix, name);
    return faccessat(directory, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
