/* Changes what a running container has mounted from the host. Copies of the host's mounts are made where they can be seen, and mounted where the container is. What was mounted so is kept by name in
 * `maps` in the run directory, with the kernel's number of the mount: a path may have come to lead elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "emulation.h"
#include "given.h"
#include "mounts.h"
#include "records.h"
#include "spaces.h"
#include "start.h"
#include "walk.h"

#define MAPS "maps"
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
enum { MOUNT_ROOT = 0x2000 /* STATX_ATTR_MOUNT_ROOT */ };

struct map {
    char *name;
    uint64_t number; /* 0: the kernel does not tell (before 5.8) */
};

struct change {
    struct launch *launch;
    pid_t pid;
    int run; /* the run directory */
    struct map *maps;
    size_t map_count;
    struct copy {
        int fd;
        bool directory, placed;
    } * copies; /* of the plan's mounts */
    struct saved {
        int fd;
        const char *name;
    } * saved; /* copies of what was taken away */
    size_t saved_count;
};

static struct change now;

/* ---- the file */

static void add_map(const char *name, uint64_t number) {
    now.maps = must_realloc(now.maps, now.map_count + 1, sizeof *now.maps);
    now.maps[now.map_count++] = (struct map){must_copy(name), number};
}

static struct map *find_map(const char *name) {
    for (size_t i = now.map_count; i-- > 0;)
        if (!strcmp(now.maps[i].name, name)) return &now.maps[i];
    return NULL;
}

static void forget(const struct map *map) {
    const size_t at = (size_t)(map - now.maps);
    memmove(now.maps + at, now.maps + at + 1, (now.map_count - at - 1) * sizeof *now.maps);
    now.map_count--;
}

static void read_maps(void) {
    struct bytes file = {0};
    if (!read_file(now.run, MAPS, &file)) return;
    struct records list = {file.data, file.size};
    for (struct record map; record_read(&list, &map, "maps");) {
        struct records fields = record_list(&map);
        char *name = NULL;
        uint64_t number = 0;
        for (struct record item; record_read(&fields, &item, "map");) {
            if (record_is(&item, "name")) name = record_text(&item);
            else if (record_is(&item, "numb")) number = record_number(&item);
        }
        if (name) add_map(name, number);
    }
    bytes_clear(&file);
}

static void write_maps(void) {
    struct bytes file = {0};
    for (size_t i = 0; i < now.map_count; i++) {
        struct bytes map = {0};
        record_add(&map, "name", now.maps[i].name, strlen(now.maps[i].name));
        record_add_number(&map, "numb", now.maps[i].number);
        record_add(&file, "map.", map.data, map.size);
        bytes_clear(&map);
    }
    if (!replace_file(now.run, MAPS, file.data, file.size, 0600)) complain("cannot note what was mounted: %s", strerror(errno));
    bytes_clear(&file);
}

/* ---- mounts */

static bool look_at(int fd, struct statx *status) {
    memset(status, 0, sizeof *status);
    return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, status) == 0;
}

static uint64_t number_of(int fd) {
    struct statx status;
    return look_at(fd, &status) && status.stx_mask & STATX_MNT_ID ? *(const uint64_t *)(const void *)((const char *)&status + 144) : 0; /* stx_mnt_id, which older headers lack */
}

static bool is_directory(int fd) {
    struct statx status;
    return look_at(fd, &status) && S_ISDIR(status.stx_mode);
}

/* A path of the container, whose root is ours. */
static int open_path(const char *path, enum walk_make make) {
    AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return walk_open(root, path, make);
}

/* Where the kernel says that this mount is now, or NULL. */
static char *place_of(uint64_t number) {
    struct bytes list = {0};
    char *state = NULL, *found = NULL;
    AUTO_FREE char *file = must_format("%d/mountinfo", (int)now.pid);
    if (!read_file(now.launch->proc, file, &list)) return NULL;
    bytes_add(&list, "", 1);
    for (char *line = strtok_r((char *)list.data, "\n", &state); line && !found; line = strtok_r(NULL, "\n", &state)) {
        unsigned long long id;
        AUTO_FREE char *path = NULL;
        if (sscanf(line, "%llu %*s %*s %*s %ms", &id, &path) != 2 || id != number) continue;
        mount_unescape(path);
        found = must_copy(path);
    }
    bytes_clear(&list);
    return found;
}

/* The top of the mount that was called so; -1: there is none any more. */
static int open_mount(const char *name) {
    const struct map *map = find_map(name);
    struct statx status;
    int fd = open_path(name, WALK_EXISTING);
    if (map && map->number) {
        if (fd >= 0 && number_of(fd) == map->number) return fd;
        close(fd);
        AUTO_FREE char *path = place_of(map->number);
        fd = path ? open_path(path, WALK_EXISTING) : -1;
        if (fd >= 0 && number_of(fd) == map->number) return fd;
    } else if (fd >= 0 && look_at(fd, &status) && (!(status.stx_attributes_mask & MOUNT_ROOT) || status.stx_attributes & MOUNT_ROOT)) {
        return fd; /* mounted at the start */
    }
    if (fd >= 0) close(fd);
    return -1;
}

/* By the host's /proc, which is the working directory, for the container's knows nothing of us. */
static char *name_of(int fd) { return must_format("self/fd/%d", fd); }

static void take_away(const char *name) {
    AUTO_CLOSE int at = open_mount(name);
    const struct map *map = find_map(name);
    if (map) forget(map);
    if (at < 0) return;
    AUTO_FREE char *path = name_of(at);
    const int copy = mount_copy(path, 0);
    if (umount2(path, MNT_DETACH) != 0) {
        if (errno == EINVAL) return; /* no mount */
        die(STATUS_LICHEN, "cannot unmount %s: %s", name, strerror(errno));
    }
    now.saved = must_realloc(now.saved, now.saved_count + 1, sizeof *now.saved);
    now.saved[now.saved_count++] = (struct saved){copy, name};
}

static struct copy copy_of(const struct op *op) {
    if (op->kind != OP_MOUNT || strcmp(op->type, "bind") != 0) die(STATUS_LICHEN, "cannot mount (on %s): the container is running", op->target);
    if (access(op->source, F_OK) != 0) die(STATUS_LICHEN, "cannot mount %s (on %s): %s", op->source, op->target, strerror(errno));
    struct copy copy = {.fd = mount_copy(op->source, op->options)};
    if (copy.fd < 0 && errno == ENOSYS) die(STATUS_LICHEN, "cannot mount %s (on %s) while the container runs: this kernel is older than 5.12", op->source, op->target);
    if (copy.fd < 0) mount_failed(op->source, op->target);
    copy.directory = is_directory(copy.fd);
    return copy;
}

static _Noreturn void differ(const struct op *op) { die(STATUS_LICHEN, "cannot mount %s (on %s): one is a directory and the other is not", op->source, op->target); }

/* What was made to be mounted on goes with the mount, unless something has come into it. */
static void unmake(const char *name) {
    if (find_map(name)) return;
    AUTO_CLOSE int at = open_path(name, WALK_EXISTING);
    AUTO_FREE char *path = name_of(at);
    if (at < 0 || getxattr(path, MOUNT_POINT_MARK, NULL, 0) < 0) return;
    if (is_directory(at)) rmdir(name);
    else unlink(name);
}

static void place(const struct op *op, struct copy *copy) {
    AUTO_CLOSE int there = open_path(op->target, WALK_EXISTING), at = open_path(op->target, copy->directory ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE);
    if (at < 0) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s", op->target, strerror(errno));
    AUTO_FREE char *path = name_of(at);
    if (there < 0) setxattr(path, MOUNT_POINT_MARK, "", 0, 0); /* where there are no attributes it simply stays */
    if (!mount_place(copy->fd, at)) {
        if (errno == ENOTDIR) differ(op);
        mount_failed(op->source, op->target);
    }
    copy->placed = true;
    add_map(op->target, number_of(copy->fd));
}

/* What was done is undone, and then told as ever. */
static void (*tell)(int status, const char *message);
static void undo(int status, const char *message) {
    const struct plan *plan = &now.launch->plan;
    on_die = tell;
    for (size_t i = plan->op_count; i-- > 0;) {
        if (!now.copies[i].placed) continue;
        AUTO_FREE char *path = name_of(now.copies[i].fd);
        umount2(path, MNT_DETACH);
        const struct map *map = find_map(plan->ops[i].target);
        if (map) forget(map);
        unmake(plan->ops[i].target);
    }
    for (size_t i = now.saved_count; i-- > 0;) {
        AUTO_CLOSE int at = open_path(now.saved[i].name, is_directory(now.saved[i].fd) ? WALK_MAKE_DIRECTORY : WALK_MAKE_FILE);
        if (at >= 0 && mount_place(now.saved[i].fd, at)) add_map(now.saved[i].name, number_of(now.saved[i].fd));
    }
    write_maps();
    die(status, "%s", message);
}

static void check(const struct op *op, const struct copy *copy, bool full) {
    static const char place_of_emulator[] = "/dev/.lichen";
    AUTO_CLOSE int at = open_path(op->target, WALK_EXISTING);
    if (full && (!strcmp(op->target, "/dev") || !strncmp(op->target, place_of_emulator, sizeof place_of_emulator - 1)))
        die(STATUS_LICHEN, "cannot mount %s (on %s): the program that emulates root is there", op->source, op->target);
    if (at >= 0 && is_directory(at) != copy->directory) differ(op);
}

int change(struct launch *launch, pid_t pid) {
    const struct plan *plan = &launch->plan;
    const bool full = plan->identity == IDENTITY_FULL;
    given_check(pid);
    if (!plan->gone && !plan->op_count) return 0;
    now = (struct change){.launch = launch, .pid = pid, .run = open("run", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    now.copies = must_alloc((plan->op_count + 1) * sizeof *now.copies);
    memset(now.copies, 0, (plan->op_count + 1) * sizeof *now.copies);
    read_maps();
    const int mounts = spaces_borrow(pid);
    for (size_t i = 0; i < plan->op_count; i++) now.copies[i] = copy_of(&plan->ops[i]);
    spaces_switch(mounts);
    if (fchdir(launch->proc) != 0) die(STATUS_LICHEN, "cannot change the container: %s", strerror(errno));
    for (size_t i = 0; i < plan->op_count; i++) check(&plan->ops[i], &now.copies[i], full);
    tell = on_die;
    on_die = undo;
    for (char **name = plan->gone; name && *name; name++) take_away(*name);
    for (size_t i = 0; i < plan->op_count; i++) {
        if (find_map(plan->ops[i].target)) take_away(plan->ops[i].target); /* done once already, and not kept */
        place(&plan->ops[i], &now.copies[i]);
    }
    if (full && !emulation_changed(launch)) die(STATUS_LICHEN, "the container's mounts stay as they were");
    on_die = tell;
    for (char **name = plan->gone; name && *name; name++) unmake(*name);
    write_maps();
    return 0;
}
