#include "merge.h"
#include "copy.h"
#include "links.h"
#include "tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 2 };

/* One directory while it is merged. */
struct place {
    const struct merge *merge;
    const struct task *task;
    int to;
    int *from;            /* the same directory in the task's layers */
    char **seen;          /* names that are decided: a hash table */
    size_t seen_count, seen_room;
    struct bytes owners;
};

_Noreturn static void fail(const struct place *place, const char *name) {
    int error = errno;
    const char *why = error == ENOSPC ? "no space left on the file system\nhint: free some space, or keep Lichen's data elsewhere: --home DIR"
                    : error == EDQUOT ? "no space left: your disk quota is used up\nhint: free some space, or keep Lichen's data elsewhere: --home DIR"
                                      : strerror(error);
    die(STATUS_LICHEN, "cannot prepare the root file system (%s/%s%s%s): %s", place->merge->name, place->task->path, *place->task->path ? "/" : "", name, why);
}

static const struct layer *layer_of(const struct place *place, size_t i) { return &place->merge->layers[place->task->layers[i]]; }

static char *below(const struct place *place, const char *name) {
    return *place->task->path ? must_format("%s/%s", place->task->path, name) : must_copy(name);
}

/* true if the name was not decided before. */
static bool decide(struct place *place, const char *name) {
    if (place->seen_count * 2 >= place->seen_room) {
        char **old = place->seen;
        size_t old_room = place->seen_room;
        place->seen_room = old_room ? old_room * 2 : 64;
        place->seen = must_alloc(place->seen_room * sizeof *place->seen);
        memset(place->seen, 0, place->seen_room * sizeof *place->seen);
        place->seen_count = 0;
        for (size_t i = 0; i < old_room; i++) {
            if (!old[i]) continue;
            decide(place, old[i]);
            free(old[i]);
        }
        free(old);
    }
    size_t at = 5381;
    for (const char *c = name; *c; c++) at = at * 33 + (unsigned char)*c;
    for (at &= place->seen_room - 1; place->seen[at]; at = (at + 1) & (place->seen_room - 1))
        if (strcmp(place->seen[at], name) == 0) return false;
    place->seen[at] = must_copy(name);
    place->seen_count++;
    return true;
}

/* The list of owners gets what the image says, from the layer that the file comes from. */
static void note_owner(struct place *place, const struct layer *layer, const char *path) {
    if (place->merge->owners < 0) return;
    const struct entry *entry = index_find(&layer->index, path);
    if (entry && entry->target) entry = index_find(&layer->index, entry->target);
    if (!entry) return;
    bytes_format(&place->owners, "%u %u %o %s", entry->uid, entry->gid, entry->mode, path);
    bytes_add(&place->owners, "", 1);
}

static void copy_file(struct place *place, size_t i, const char *name, const char *path, bool attributes) {
    AUTO_CLOSE int from = openat(place->from[i], name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (from < 0 || fstat(from, &status) != 0) fail(place, name);
    mode_t mode = status.st_mode & 0777;
    AUTO_CLOSE int to = -1;
    if (status.st_nlink > 1) {
        to = links_make(place->merge->root, place->task->layers[i], status.st_ino, place->to, name, path, mode);
        if (to == -1) return;
    } else {
        to = openat(place->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    }
    if (to < 0 || !copy_content(from, to, &status) || ((attributes || status.st_nlink > 1) && !copy_attributes(from, to)) || !copy_time(to, &status)) fail(place, name);
}

static void copy_link(struct place *place, int from, const char *name, const struct stat *status) {
    AUTO_FREE char *target = must_alloc((size_t)status->st_size + 1);
    ssize_t size = readlinkat(from, name, target, (size_t)status->st_size + 1);
    if (size < 0 || size > status->st_size) fail(place, name);
    target[size] = 0;
    if (symlinkat(target, place->to, name) != 0) fail(place, name);
}

static void copy_other(struct place *place, size_t i, const char *name) {
    struct stat status;
    if (fstatat(place->from[i], name, &status, AT_SYMLINK_NOFOLLOW) != 0) fail(place, name);
    if (S_ISLNK(status.st_mode)) copy_link(place, place->from[i], name, &status);
    else if (mknodat(place->to, name, status.st_mode & (S_IFMT | 0777), 0) != 0) fail(place, name);
    const struct timespec times[2] = {status.st_mtim, status.st_mtim};
    if (utimensat(place->to, name, times, AT_SYMLINK_NOFOLLOW) != 0) fail(place, name);
}

/* Which layers have a directory of this name, from layer `first` on, until one hides those below it. */
static void make_directory(struct place *place, size_t first, const char *name) {
    struct task *task = must_alloc(sizeof *task);
    *task = (struct task){.path = below(place, name), .layers = must_alloc(place->task->layer_count * sizeof *task->layers)};
    for (size_t i = first; i < place->task->layer_count; i++) {
        AUTO_CLOSE int found = openat(place->from[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (found < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) fail(place, name);
        if (found < 0 && errno != ENOENT) break;
        if (found >= 0) {
            task->layers[task->layer_count++] = place->task->layers[i];
            if (layer_opaque(layer_of(place, i), found)) break;
        }
        if (layer_of(place, i)->aufs && layer_hides(layer_of(place, i), place->from[i], name)) break;
    }
    if (mkdirat(place->to, name, 0700) != 0) fail(place, name);
    tasks_add(task);
}

static void merge_name(struct place *place, size_t i, const struct dirent *entry) {
    AUTO_FREE char *path = below(place, entry->d_name);
    const struct layer *layer = layer_of(place, i);
    unsigned char type = entry->d_type;
    if (type == DT_UNKNOWN) {
        struct stat status;
        if (fstatat(place->from[i], entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) fail(place, entry->d_name);
        type = IFTODT(status.st_mode);
    }
    const struct entry *known = index_find(&layer->index, path);
    if (known && known->device) return; /* one id can make no devices */
    if (type == DT_DIR) {
        make_directory(place, i, entry->d_name);
        return; /* its owner is noted when its own turn comes */
    }
    if (type == DT_REG) copy_file(place, i, entry->d_name, path, known && known->attributes);
    else copy_other(place, i, entry->d_name);
    note_owner(place, layer, path);
}

static void merge_layer(struct place *place, size_t i) {
    int copy = openat(place->from[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list) fail(place, "");
    char **hidden = NULL;
    while (true) {
        errno = 0;
        struct dirent *entry = readdir(list);
        if (!entry) break;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (!layer_mark(layer_of(place, i), place->from[i], name, entry->d_type)) {
            if (decide(place, name)) merge_name(place, i, entry);
        } else {
            list_add(&hidden, must_copy(layer_of(place, i)->aufs ? name + 4 : name));
        }
    }
    if (errno != 0) fail(place, "");
    closedir(list);
    /* What a layer hides are names of the layers below, so they are decided when its own are through. */
    for (size_t h = 0; hidden && hidden[h]; h++) {
        decide(place, hidden[h]);
        free(hidden[h]);
    }
    free(hidden);
}

/* Mode, attributes and time come from the highest layer that really has the directory, and last: what is put into it changes its time. */
static void finish_directory(struct place *place) {
    size_t from = 0;
    for (size_t i = place->task->layer_count; i-- > 0;) {
        const struct entry *entry = index_find(&layer_of(place, i)->index, place->task->path);
        if (!entry || !entry->implied) from = i;
    }
    struct stat status;
    if (fstat(place->from[from], &status) != 0 || fchmod(place->to, status.st_mode & 01777) != 0 || !copy_attributes(place->from[from], place->to) ||
        !copy_time(place->to, &status))
        fail(place, "");
    note_owner(place, layer_of(place, from), place->task->path);
}

static int open_below(int root, const char *path) { return openat(root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

static void merge_directory(const struct merge *merge, const struct task *task) {
    struct place place = {.merge = merge, .task = task, .to = open_below(merge->root, task->path)};
    place.from = must_alloc(task->layer_count * sizeof *place.from);
    if (place.to < 0) fail(&place, "");
    for (size_t i = 0; i < task->layer_count; i++)
        if ((place.from[i] = open_below(layer_of(&place, i)->files, task->path)) < 0) fail(&place, "");
    for (size_t i = 0; i < task->layer_count; i++) merge_layer(&place, i);
    finish_directory(&place);
    if (place.owners.size && !write_all(merge->owners, place.owners.data, place.owners.size)) fail(&place, "");
    bytes_clear(&place.owners);
    for (size_t i = 0; i < task->layer_count; i++) close(place.from[i]);
    free(place.from);
    close(place.to);
    for (size_t i = 0; i < place.seen_room; i++) free(place.seen[i]);
    free(place.seen);
}

static void *work(void *argument) {
    const struct merge *merge = argument;
    for (struct task *task = tasks_take(); task; task = tasks_take()) {
        merge_directory(merge, task);
        tasks_done(task);
    }
    return NULL;
}

void merge_run(const struct merge *merge) {
    struct task *root = must_alloc(sizeof *root);
    *root = (struct task){.path = must_copy(""), .layers = must_alloc(merge->layer_count * sizeof *root->layers)};
    while (root->layer_count < merge->layer_count) {
        size_t i = root->layer_count++;
        root->layers[i] = i;
        if (layer_opaque(&merge->layers[i], merge->layers[i].files)) break;
    }
    tasks_add(root);
    pthread_t threads[THREADS - 1];
    size_t started = 0;
    while (started < THREADS - 1 && pthread_create(&threads[started], NULL, work, (void *)(uintptr_t)merge) == 0) started++; /* one is enough */
    work((void *)(uintptr_t)merge);
    while (started > 0) pthread_join(threads[--started], NULL);
}
