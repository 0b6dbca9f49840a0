#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h> with every libc. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
enum { NR_OPEN_TREE = 428, NR_MOVE_MOUNT = 429, NR_MOUNT_SETATTR = 442 }; /* the same on every architecture */

const char *fd_path(int fd) {
    static char names[4][32];
    static unsigned turn;
    char *name = names[turn++ % 4];
    snprintf(name, sizeof names[0], "/proc/self/fd/%d", fd);
    return name;
}

void mount_failed(const char *what, const char *target) {
    const char *why = strerror(errno);
    if (errno == ENOSPC) why = "this system's limit of mounts is reached (fs.mount-max)";
    if (errno == ENODEV) why = "this kernel does not know that kind of file system";
    if (errno == EPERM) why = "this system forbids it";
    die(STATUS_LICHEN, "cannot mount %s (on %s): %s", what, target, why);
}

unsigned long mount_flags(unsigned options) {
    unsigned long flags = 0;
    if (options & OPT_RO) flags |= MS_RDONLY;
    if (options & OPT_NOSUID) flags |= MS_NOSUID;
    if (options & OPT_NODEV) flags |= MS_NODEV;
    if (options & OPT_NOEXEC) flags |= MS_NOEXEC;
    return flags;
}

static bool set_attributes(int fd, unsigned options, bool private) {
    struct mount_attr attributes = {.propagation = private ? MS_PRIVATE : 0};
    if (options & OPT_RO) attributes.attr_set |= MOUNT_ATTR_RDONLY;
    if (options & OPT_NOSUID) attributes.attr_set |= MOUNT_ATTR_NOSUID;
    if (options & OPT_NODEV) attributes.attr_set |= MOUNT_ATTR_NODEV;
    if (options & OPT_NOEXEC) attributes.attr_set |= MOUNT_ATTR_NOEXEC;
    unsigned flags = AT_EMPTY_PATH | (options & OPT_NOREC ? 0 : AT_RECURSIVE);
    return syscall(NR_MOUNT_SETATTR, fd, "", flags, &attributes, sizeof attributes) == 0;
}

/* The flags that a mount has now: a remount that leaves one out is refused, when a user namespace above has locked it. */
static unsigned long present_flags(const char *path) {
    struct statvfs facts;
    if (statvfs(path, &facts) != 0) return 0;
    unsigned long flags = 0;
    if (facts.f_flag & ST_RDONLY) flags |= MS_RDONLY;
    if (facts.f_flag & ST_NOSUID) flags |= MS_NOSUID;
    if (facts.f_flag & ST_NODEV) flags |= MS_NODEV;
    if (facts.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
    if (facts.f_flag & ST_NOATIME) flags |= MS_NOATIME;
    if (facts.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
    if (facts.f_flag & ST_RELATIME) flags |= MS_RELATIME;
    return flags;
}

static bool remount(const char *path, unsigned options) {
    return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | present_flags(path) | mount_flags(options), NULL) == 0;
}

void mount_unescape(char *text) {
    char *to = text;
    for (; *text; text++) {
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] && text[3]) {
            *to++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        } else {
            *to++ = *text;
        }
    }
    *to = 0;
}

/* Kernels before 5.12: every mount below is found in mountinfo and remounted by its path. One that we may not see into (ENOENT, EACCES) is also not seen by the guest. */
static bool restrict_by_list(int fd, unsigned options) {
    char top[PATH_MAX];
    ssize_t size = readlink(fd_path(fd), top, sizeof top - 1);
    if (size < 0) return false;
    top[size] = 0;
    struct bytes list = {0};
    if (!read_file(AT_FDCWD, "/proc/self/mountinfo", &list)) return false;
    bytes_add(&list, "", 1);
    bool good = true;
    char *state = NULL;
    for (char *line = strtok_r((char *)list.data, "\n", &state); line && good; line = strtok_r(NULL, "\n", &state)) {
        AUTO_FREE char *path = NULL;
        if (sscanf(line, "%*s %*s %*s %*s %ms", &path) != 1) continue;
        mount_unescape(path);
        if (strncmp(path, top, (size_t)size) != 0 || path[size] != '/') continue;
        good = remount(path, options) || errno == ENOENT || errno == EACCES;
    }
    int saved = errno;
    bytes_clear(&list);
    errno = saved;
    return good;
}

bool mount_restrict(int fd, unsigned options) {
    if (set_attributes(fd, options, false)) return true;
    if (errno != ENOSYS && errno != EPERM) return false;
    return remount(fd_path(fd), options) && (options & OPT_NOREC || restrict_by_list(fd, options));
}

/* Kernels from 5.12 on: the copy is restricted before anyone can see it. */
int mount_copy(const char *source, unsigned options) {
    unsigned flags = 1U /* OPEN_TREE_CLONE */ | O_CLOEXEC | (options & OPT_NOREC ? 0 : AT_RECURSIVE);
    int copy = (int)syscall(NR_OPEN_TREE, AT_FDCWD, source, flags);
    if (copy < 0 || set_attributes(copy, options, !(options & OPT_SLAVE))) return copy;
    int saved = errno;
    close(copy);
    errno = saved;
    return -1;
}

bool mount_place(int copy, int target) { return syscall(NR_MOVE_MOUNT, copy, "", target, "", 0x04U | 0x40U /* both paths empty */) == 0; }

static int bind_detached(const char *source, int target, unsigned options) {
    int copy = mount_copy(source, options);
    if (copy < 0 || mount_place(copy, target)) return copy;
    int saved = errno;
    close(copy);
    errno = saved;
    return -1;
}

int top_of(int target) {
    char path[PATH_MAX];
    ssize_t size = readlink(fd_path(target), path, sizeof path - 1);
    if (size < 0) return -1;
    path[size] = 0;
    return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int bind_classic(const char *source, int target, unsigned options) {
    if (mount(source, fd_path(target), NULL, MS_BIND | (options & OPT_NOREC ? 0 : MS_REC), NULL) != 0) return -1;
    int top = top_of(target);
    if (top < 0) return -1;
    bool private = options & OPT_SLAVE || mount(NULL, fd_path(top), NULL, MS_PRIVATE | (options & OPT_NOREC ? 0 : MS_REC), NULL) == 0;
    if (private && (!mount_flags(options) || mount_restrict(top, options))) return top;
    int saved = errno;
    close(top);
    errno = saved;
    return -1;
}

/* EPERM is also how a filter around us refuses calls that it does not know; EINVAL how such a kernel refuses an option. The old way then says what is really wrong. */
int bind_onto(const char *source, int target, unsigned options) {
    int top = bind_detached(source, target, options);
    if (top >= 0 || (errno != ENOSYS && errno != EPERM && errno != EINVAL)) return top;
    return bind_classic(source, target, options);
}
