#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "filecontent.h"
#include "layerindex.h"
#include "layerindex_make.h"
#include "owned.h"
#include "removal.h"
#include "upper.h"
#include "volume.h"

enum { MOST_LINKS = 40 };

static struct union_place place;

/* 0 or more as it is; else errno is set, and it is -1. */
static long told(long result) {
    if (result >= 0) return result;
    errno = (int)-result;
    return -1;
}

struct union_place *tree_find(struct tree *tree, const char *path, unsigned flags) {
    if (told(union_resolve(&tree->config, &place, AT_FDCWD, path, flags)) < 0) return NULL;
    return &place;
}

static int tree_open(struct tree *tree, const char *path, int flags) { return (int)told(union_open(&tree->config, &place, AT_FDCWD, path, flags | O_CLOEXEC, 0644)); }

bool tree_read(struct tree *tree, const char *path, struct bytes *into) {
    AUTO_CLOSE int fd = tree_open(tree, path, O_RDONLY | O_NONBLOCK);
    struct stat status;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && read_whole(fd, into);
}

bool tree_enter(struct tree *tree, const char *path) {
    if (!tree_find(tree, path, UNION_DIRECTORY)) return false;
    int saved = 0;
    if (place.dir == AT_FDCWD) {
        if (chdir(*place.path ? place.path : "/") != 0) saved = errno;
    } else {
        AUTO_CLOSE int fd = openat(place.dir, place.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fchdir(fd) != 0) saved = errno;
    }
    union_release(&place);
    errno = saved;
    return saved == 0;
}

static bool is_there(struct tree *tree, const char *path) {
    if (!tree_find(tree, path, 0)) return false;
    union_release(&place);
    return true;
}

static char *parent_of(const char *path) {
    size_t size = strlen(path);
    while (size && path[size - 1] == '/') size--;
    while (size && path[size - 1] != '/') size--;
    return must_format("%.*s", (int)size, path);
}

/* Whether a path would be a new name in the host's own /dev, where nothing is made for a container. What is bound there is found by its name all the same; no listing has it. */
static bool is_new_device(struct tree *tree, const char *path) {
    if (!tree_find(tree, path, UNION_CREATE)) return false;
    const char *host = place.found || place.bind < 0 ? "" : tree->config.binds[place.bind].host;
    union_release(&place);
    return !strncmp(host, "/dev", 4) && (!host[4] || host[4] == '/');
}

static bool make(struct tree *tree, const char *path, bool directory, int links) {
    if (is_there(tree, path)) return true;
    if (errno != ENOENT) return false;
    if (is_new_device(tree, path)) {
        errno = EROFS;
        return false;
    }
    AUTO_FREE char *parent = parent_of(path);
    if (strspn(parent, "/") != strlen(parent) && !make(tree, parent, true, links)) return false;
    if (directory) {
        if (told(union_mkdir(&tree->config, &place, AT_FDCWD, path, 0755)) >= 0) return true;
    } else {
        AUTO_CLOSE int fd = tree_open(tree, path, O_WRONLY | O_CREAT | O_EXCL);
        if (fd >= 0) return true;
    }
    if (errno != EEXIST) return false;
    if (links == MOST_LINKS) {
        errno = ELOOP;
        return false;
    }
    char link[PATH_MAX];
    long size = told(union_readlink(&tree->config, &place, AT_FDCWD, path, link, sizeof link));
    if (size < 0) return false;
    AUTO_FREE char *target = must_format("%s%.*s", *link == '/' ? "" : parent, (int)size, link);
    return make(tree, target, directory, links + 1);
}

char *tree_canonical(struct tree *tree, const char *path) {
    const struct union_place *at = tree_find(tree, path, 0);
    if (at) {
        char *found = must_format("%.*s", (int)at->size, at->guest);
        union_release(&place);
        return found;
    }
    const char *name = strrchr(path, '/');
    if (!name) return must_copy("");
    AUTO_FREE char *parent = must_format("%.*s", (int)(name - path), path), *above = *parent ? tree_canonical(tree, parent) : must_copy("");
    return must_format("%s%s", above, name);
}

bool tree_make(struct tree *tree, const char *path, bool directory) { return make(tree, path, directory, 0); }

/* ---- what is mounted */

static struct union_bind bind_of(struct tree *tree, const char *target, const char *host, unsigned flags) {
    char *guest = tree_find(tree, target, flags) ? must_format("%.*s", (int)place.size, place.guest) : NULL;
    if (!guest) die(STATUS_LICHEN, "cannot mount %s (on %s): %s", host, target, strerror(errno));
    union_release(&place);
    if (!*guest) die(STATUS_LICHEN, "cannot mount %s (on %s): that is the root of the container", host, target);
    if (!strcmp(host, "/")) host = "";
    return (struct union_bind){.guest = guest, .host = must_copy(host), .guest_size = strlen(guest), .host_size = strlen(host), .name = must_copy(target)};
}

static struct union_bind *add_bind(struct tree *tree, struct union_bind bind) {
    tree->binds = must_realloc(tree->binds, tree->bind_count + 1, sizeof *tree->binds);
    tree->config.binds = tree->binds;
    tree->binds[tree->bind_count] = bind;
    return &tree->binds[tree->bind_count++];
}

/* Where there are no attributes it simply stays. */
static void mark_point(struct tree *tree, const char *path) {
    char name[UNION_FD_NAME];
    AUTO_CLOSE int fd = (int)told(union_change(&tree->config, &place, AT_FDCWD, path, 0));
    if (fd < 0) return;
    union_name_of_fd(fd, name);
    setxattr(name, MOUNT_POINT_MARK, "", 0, 0);
}

void tree_unmake(struct tree *tree, const char *path) {
    char name[UNION_FD_NAME];
    AUTO_CLOSE int fd = tree_open(tree, path, O_PATH);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) return;
    union_name_of_fd(fd, name);
    if (getxattr(name, MOUNT_POINT_MARK, NULL, 0) < 0 || (!S_ISDIR(status.st_mode) && status.st_size)) return;
    union_unlink(&tree->config, &place, AT_FDCWD, path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}

bool tree_bind(struct tree *tree, const char *source, const char *target, struct union_bind *bind) {
    char host[PATH_MAX];
    struct stat status;
    if (!realpath(source, host) || stat(host, &status) != 0) return false;
    if (is_new_device(tree, target)) {
        *bind = bind_of(tree, target, host, UNION_CREATE);
        return true;
    }
    const bool there = is_there(tree, target);
    if (!tree_make(tree, target, S_ISDIR(status.st_mode))) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s", target, strerror(errno));
    if (!there) mark_point(tree, target);
    struct union_place *at = tree_find(tree, target, 0);
    bool same = at && S_ISDIR(at->status.mode) == S_ISDIR(status.st_mode);
    if (at) union_release(at);
    if (!same) die(STATUS_LICHEN, "cannot mount %s (on %s): one is a directory and the other is not", source, target);
    *bind = bind_of(tree, target, host, 0);
    return true;
}

static bool bind_host(struct tree *tree, const char *source, const char *target, unsigned options) {
    struct union_bind bind;
    if (!tree_bind(tree, source, target, &bind)) return false;
    add_bind(tree, bind)->read_only = options & OPT_RO;
    return true;
}

/* All that the union has below a path comes to lie in the upper, with its owners, so that one directory has it whole. */
static bool lift(struct tree *tree, const char *path) {
    enum { ROOM = 1 << 20 };
    AUTO_CLOSE int thing = (int)told(union_change(&tree->config, &place, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW));
    struct stat status;
    if (thing < 0 || fstat(thing, &status) != 0) return false;
    if (!S_ISDIR(status.st_mode)) return true;
    AUTO_CLOSE int directory = tree_open(tree, path, O_RDONLY | O_DIRECTORY);
    struct union_list list = {.size = ROOM};
    long result = directory < 0 ? -errno : -ENOSPC;
    while (result == -ENOSPC) {
        list.memory = must_realloc(list.memory, list.size, 1);
        result = union_list(&tree->config, &place, directory, &list);
        if (result == -ENOSPC) list.size *= 4;
    }
    bool good = told(result) >= 0;
    for (size_t at = 0; good && at < list.used;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(list.memory + at); /* as getdents64 fills them */
        AUTO_FREE char *below = must_format("%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) good = lift(tree, below);
        at += entry->d_reclen;
    }
    free(list.memory);
    return good;
}

static void make_volume(struct tree *tree, const struct op *op) {
    if (!tree_make(tree, op->target, true)) die(STATUS_LICHEN, "cannot make a mount point (%s in the container): %s", op->target, strerror(errno));
    if (tree->config.layer_count > 1 && access(op->source, F_OK) != 0 && !lift(tree, op->target))
        die(STATUS_LICHEN, "cannot fill a volume with the image's content (%s): %s", op->target, strerror(errno));
    AUTO_CLOSE int image = tree_open(tree, op->target, O_RDONLY | O_DIRECTORY);
    if (image < 0) die(STATUS_LICHEN, "cannot fill a volume with the image's content (%s): %s", op->target, strerror(errno));
    volume_make(op->source, image);
}

/* A directory of the run directory, which is gone at the end. Its size cannot be limited, so the planner has refused that. */
static void make_private(struct tree *tree, const struct op *op) {
    static unsigned count;
    AUTO_FREE char *all = must_format("%s/tmpfs", tree->run);
    AUTO_FREE char *path = must_format("%s/%u", all, count++);
    unsigned mode = 01777;
    if (op->data && (sscanf(op->data, "mode=%o", &mode) != 1 || strchr(op->data, ','))) die(STATUS_LICHEN, "cannot mount tmpfs (on %s): unknown options %s", op->target, op->data);
    if ((mkdir(all, 0700) != 0 && errno != EEXIST) || chmod(all, 0755) != 0 || mkdir(path, 0700) != 0 || chmod(path, mode & 01777) != 0 || !bind_host(tree, path, op->target, op->options))
        die(STATUS_LICHEN, "cannot make a private directory for the container (%s): %s", op->target, strerror(errno));
}

static void mount_op(struct tree *tree, const struct op *op) {
    if (!strcmp(op->type, "tmpfs")) {
        make_private(tree, op);
        return;
    }
    if (!strcmp(op->type, "bind") && op->options & OPT_COPY) make_volume(tree, op);
    const bool proc = !strcmp(op->type, "proc"), dev = !strcmp(op->type, "dev"), sys = !strcmp(op->type, "sysfs");
    const char *source = proc ? "/proc" : dev ? "/dev" : sys ? "/sys" : !strcmp(op->type, "bind") ? op->source : NULL;
    if (!source) die(STATUS_LICHEN, "cannot carry out the plan (mount on %s): unknown kind %s", op->target, op->type);
    if (!bind_host(tree, source, op->target, op->options) && !(op->options & OPT_OPTIONAL))
        die(STATUS_LICHEN, "cannot mount %s (on %s): %s", source, op->target, strerror(errno));
    if (proc) tree->binds[tree->bind_count - 1].magic = true;
}

static void file_op(struct tree *tree, const struct op *op) {
    static unsigned count;
    struct bytes data = {0};
    if (!file_content(op, &data)) return;
    AUTO_FREE char *all = must_format("%s/files", tree->run);
    AUTO_FREE char *path = must_format("%s/%u", all, count++);
    /* Guest users search the directory that a file is bound from; the one above is ours alone. */
    if ((mkdir(all, 0700) != 0 && errno != EEXIST) || chmod(all, 0755) != 0 || !replace_file(AT_FDCWD, path, data.data, data.size, op->mode) || !bind_host(tree, path, op->target, 0))
        die(STATUS_LICHEN, "cannot write a file for the container (%s): %s", op->target, strerror(errno));
    bytes_clear(&data);
}

/* ---- the root */

static void add_layer(struct tree *tree, const char *path, enum union_encoding encoding) {
    char host[PATH_MAX];
    struct stat status, top;
    if (!realpath(path, host) || stat(host, &status) != 0) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", path, strerror(errno));
    const unsigned count = tree->config.layer_count++;
    if (count == UNION_LAYERS) die(STATUS_LICHEN, "cannot open the root file system: it has more than %d layers\nhint: --strategy extract", UNION_LAYERS - 1);
    tree->layers = must_realloc(tree->layers, count + 1, sizeof *tree->layers);
    tree->config.layers = tree->layers;
    if (!strcmp(host, "/")) *host = 0;
    tree->layers[count] = (struct union_layer){.host = must_copy(host), .size = strlen(host), .encoding = encoding};
    if (count && stat(*tree->layers[0].host ? tree->layers[0].host : "/", &top) == 0 && top.st_dev != status.st_dev) tree->config.device = top.st_dev;
}

/* Where there are no attributes for whiteouts, they are files. */
static enum union_encoding encoding_of(const char *upper) {
    return getxattr(upper, "user.lichen.none", NULL, 0) < 0 && errno == ENOTSUP ? UNION_AUFS : UNION_OVERLAY;
}

/* Made once for all containers, when somebody first asks for owners; a layer never changes. */
static char *index_of(const struct lower *lower) {
    if (!lower->index) return NULL;
    struct stat json, index;
    AUTO_FREE char *directory = must_format("%.*s", (int)(strrchr(lower->index, '/') - lower->index), lower->index);
    char *path = must_format("%s/%s", directory, ROOT_INDEX_NAME);
    if (stat(lower->index, &json) != 0 || stat(path, &index) != 0 || index.st_mtime < json.st_mtime) layerindex_make(directory);
    return path;
}

static void open_union(struct tree *tree, const struct plan *plan) {
    const struct root *root = &plan->root;
    AUTO_FREE int *lowers = must_alloc(root->lower_count * sizeof *lowers);
    work_make(root);
    for (size_t i = 0; i < root->lower_count; i++) {
        if (root->lowers[i].squashfs) die(STATUS_LICHEN, "cannot carry out the plan (root): this launcher has no squashfs");
        lowers[i] = open(root->lowers[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (lowers[i] < 0) die(STATUS_LICHEN, "cannot open a part of the root file system (%s): %s\nhint: pull the image again", root->lowers[i].path, strerror(errno));
    }
    upper_make(root, lowers);
    add_layer(tree, root->upper, encoding_of(root->upper));
    for (size_t i = 0; i < root->lower_count; i++) {
        close(lowers[i]);
        add_layer(tree, root->lowers[i].path, root->lowers[i].aufs ? UNION_AUFS : UNION_OVERLAY);
    }
    char work[PATH_MAX];
    if (!realpath(root->work, work)) die(STATUS_LICHEN, "cannot open the root file system (%s): %s", root->work, strerror(errno));
    tree->config.work = must_copy(work);
    tree->config.sync = !root->once;
    if (plan->identity != IDENTITY_FULL) return;
    tree->indexes = must_alloc(tree->config.layer_count * sizeof *tree->indexes);
    tree->indexes[0] = NULL;
    for (size_t i = 0; i < root->lower_count; i++) tree->indexes[i + 1] = index_of(&root->lowers[i]);
    owners_kept_above(&tree->config, tree->indexes);
}

void tree_build(struct tree *tree, const struct plan *plan) {
    char run[PATH_MAX];
    if (!realpath("run", run)) die(STATUS_LICHEN, "cannot find the run directory of the container: %s", strerror(errno));
    tree->run = must_copy(run);
    tree->config = (struct union_config){.writable = true, .bind_count = &tree->bind_count};
    if (plan->root.path) add_layer(tree, plan->root.path, UNION_PLAIN);
    else open_union(tree, plan);
    for (size_t i = 0; i < plan->op_count; i++) {
        const struct op *op = &plan->ops[i];
        if (op->kind == OP_MOUNT) mount_op(tree, op);
        else if (op->kind == OP_FILE) file_op(tree, op);
        else die(STATUS_LICHEN, "cannot carry out the plan (%s): this launcher hides nothing", op->target);
    }
    if (plan->guest.directory && *plan->guest.directory) tree_make(tree, plan->guest.directory, true); /* what goes wrong here is told when it is entered */
    tree->config.writable = !plan->root.read_only;
}

/* The kernel has mounted it; that it is a place of its own matters to owners. */
static void see_mount(struct tree *tree, const struct op *op) {
    const bool proc = !strcmp(op->type, "proc") || (op->source && !strcmp(op->source, "/proc"));
    if (!proc && strcmp(op->type, "bind") != 0) return;
    struct union_place *at = tree_find(tree, op->target, 0);
    if (!at) return; /* an optional one, or one that another hides */
    AUTO_FREE char *host = must_format("%.*s", (int)at->size, at->guest);
    union_release(at);
    add_bind(tree, bind_of(tree, op->target, host, 0))->magic = proc;
}

void tree_seen(struct tree *tree, const struct plan *plan) {
    tree->config = (struct union_config){.writable = true, .bind_count = &tree->bind_count}; /* what is read-only the kernel tells */
    add_layer(tree, "/", UNION_PLAIN);
    for (size_t i = 0; i < plan->op_count; i++)
        if (plan->ops[i].kind == OP_MOUNT) see_mount(tree, &plan->ops[i]);
}
