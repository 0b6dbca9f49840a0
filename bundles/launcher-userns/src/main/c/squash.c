#include "squash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuse.h"
#include "mounts.h"

/* The first is quicker; older ones cannot give all files to one user, say so and end. */
static const char *const PROGRAMS[] = {"squashfuse_ll", "squashfuse"};
enum { COUNT = sizeof PROGRAMS / sizeof *PROGRAMS };

bool squash_present(void) {
    for (int i = 0; i < COUNT; i++)
        if (fuse_present(PROGRAMS[i])) return true;
    return false;
}

static char *serve(const char *program, const struct lower *lower, const char *place, bool real_ids) {
    AUTO_FREE char *ids = real_ids ? must_copy("") : must_format(",uid=%u,gid=%u", getuid(), getgid());
    AUTO_FREE char *options = must_format("ro,nosuid,nodev,allow_other,default_permissions,offset=%llu%s", (unsigned long long)lower->offset, ids);
    AUTO_FREE char *name = must_copy(program), *file = must_copy(lower->path), *point = must_copy(place);
    char *argv[] = {name, (char[]){"-f"}, (char[]){"-o"}, options, file, point, NULL};
    AUTO_CLOSE int target = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return target < 0 ? must_copy(strerror(errno)) : fuse_mount(argv, ".", (const int[]){-1}, target);
}

int squash_open(const struct lower *lower, const char *place, bool real_ids) {
    if (access(lower->path, R_OK) != 0) die(STATUS_LICHEN, "cannot open the image (%s): %s\nhint: pull it again", lower->path, strerror(errno));
    char *why = must_copy("squashfuse is not installed, or /dev/fuse is not for everybody");
    for (int i = 0; i < COUNT && why; i++) {
        if (!fuse_present(PROGRAMS[i])) continue;
        free(why);
        why = serve(PROGRAMS[i], lower, place, real_ids);
    }
    if (why) die(STATUS_LICHEN, "cannot mount the image (%s): %s\nhint: have it unpacked: --strategy extract", lower->path, why);
    int top = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0) mount_failed("the image", place);
    return top;
}
