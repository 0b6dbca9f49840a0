/* `lichen-userns pack PATH [uidm gidm …]`: writes a tree that a container has written as the tar of a layer (OCI image-spec, "Layer Changesets"), as root of a user namespace with these maps.
   Sorted, so that the same tree gives the same bytes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mounts.h"
#include "spaces.h"
#include "start.h"

enum { BLOCK = 512, NAMES = 65536, VALUE = 65536 };

/* What a tar says of a file. */
struct entry {
    char *path; /* relative; of a directory with a slash at its end */
    struct stat status;
    char type;
    char *link;
    struct bytes attributes; /* records of a pax header */
};

/* Where a file with several names was written first. */
struct first {
    dev_t device;
    ino_t inode;
    char *path;
};

static uid_t ours; /* who is root in the tar */
static struct first *firsts;
static size_t first_count;

static void put(const void *data, size_t size) {
    if (!write_all(STDOUT_FILENO, data, size)) die(STATUS_LICHEN, "cannot write what the container has written: %s", strerror(errno));
}

static _Noreturn void failed(const char *path) { die(STATUS_LICHEN, "cannot read what the container has written (%s): %s", path, strerror(errno)); }

static void pad(uint64_t size) {
    static const char ZEROS[BLOCK];
    put(ZEROS, (size_t)(-size % BLOCK));
}

/* A record says its own length. */
static void pax(struct bytes *to, const char *key, const void *value, size_t size) {
    size_t rest = strlen(key) + size + 3, length = rest + 1;
    for (size_t digits = 1, limit = 10; length >= limit; digits++, limit *= 10) length = rest + digits + 1;
    bytes_format(to, "%zu %s=", length, key);
    bytes_add(to, value, size);
    bytes_add(to, "\n", 1);
}

static void pax_number(struct bytes *to, const char *key, uint64_t number) {
    AUTO_FREE char *text = must_format("%llu", (unsigned long long)number);
    pax(to, key, text, strlen(text));
}

static void octal(char *field, size_t width, uint64_t number) {
    AUTO_FREE char *text = must_format("%0*llo", (int)width - 1, (unsigned long long)number);
    if (strlen(text) < width) memcpy(field, text, width);
}

/* What does not fit is said by the pax header. */
static void header(const struct entry *entry, const char *path, char type, uint64_t size) {
    char block[BLOCK] = {0};
    memcpy(block, path, strnlen(path, 100));
    octal(block + 100, 8, entry->status.st_mode & 07777);
    octal(block + 108, 8, entry->status.st_uid);
    octal(block + 116, 8, entry->status.st_gid);
    octal(block + 124, 12, size);
    octal(block + 136, 12, entry->status.st_mtime > 0 ? (uint64_t)entry->status.st_mtime : 0);
    memset(block + 148, ' ', 8);
    block[156] = type;
    if (entry->link) memcpy(block + 157, entry->link, strnlen(entry->link, 100));
    memcpy(block + 257, "ustar\00000", 8);
    octal(block + 329, 8, major(entry->status.st_rdev));
    octal(block + 337, 8, minor(entry->status.st_rdev));
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++) sum += (unsigned char)block[i];
    octal(block + 148, 7, sum);
    put(block, BLOCK);
}

/* Before what is recorded is applied: who owns it on disk. */
static void look(int directory, const char *name, const char *path, struct stat *status) {
    if (fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) != 0) failed(path);
    if (ours && status->st_uid == ours) status->st_uid = status->st_gid = 0;
}

static void head(struct entry *entry) {
    enum { OCTAL_8 = 1 << 21 };
    uint64_t size = entry->type == '0' ? (uint64_t)entry->status.st_size : 0;
    struct bytes *more = &entry->attributes;
    if (strlen(entry->path) > 100) pax(more, "path", entry->path, strlen(entry->path));
    if (entry->link && strlen(entry->link) > 100) pax(more, "linkpath", entry->link, strlen(entry->link));
    if (size >> 33) pax_number(more, "size", size);
    if (entry->status.st_uid >= OCTAL_8) pax_number(more, "uid", entry->status.st_uid);
    if (entry->status.st_gid >= OCTAL_8) pax_number(more, "gid", entry->status.st_gid);
    if (more->size) {
        static const struct entry PLAIN = {.status = {.st_mode = 0644}};
        header(&PLAIN, "pax", 'x', more->size);
        put(more->data, more->size);
        pad(more->size);
    }
    header(entry, entry->path, entry->type, size);
}

static void mark(const char *directory, const char *prefix, const char *name) {
    struct entry entry = {.path = must_format("%s%s%s", directory, prefix, name), .type = '0', .status = {.st_mode = S_IFREG | 0644}};
    head(&entry);
    bytes_clear(&entry.attributes);
    free(entry.path);
}

static uint32_t little(const unsigned char *at, int size) {
    uint32_t number = 0;
    while (size-- > 0) number = number << 8 | at[size];
    return number;
}

/* What root emulation has recorded (docs/FORMATS.md, 8); of a file whose mode is not the one that it was written for it says nothing. */
static void apply_record(struct stat *status, const unsigned char *record, size_t size) {
    if (size != 28 || memcmp(record, "LSt1", 4) != 0 || little(record + 12, 4) == UINT32_MAX || little(record + 16, 4) == UINT32_MAX) return;
    if (little(record + 4, 2) != status->st_mode && little(record + 6, 2) != status->st_mode) return;
    mode_t mode = little(record + 8, 2);
    bool device = S_ISCHR(mode) || S_ISBLK(mode);
    if (device ? !S_ISREG(status->st_mode) : (mode & S_IFMT) != (status->st_mode & S_IFMT)) return;
    status->st_mode = mode;
    status->st_uid = little(record + 12, 4);
    status->st_gid = little(record + 16, 4);
    status->st_rdev = makedev(little(record + 20, 4), little(record + 24, 4));
}

static bool is_opaque(const char *name) { return !strcmp(name, "user.overlay.opaque") || !strcmp(name, "user.fuseoverlayfs.opaque"); }

/* Attributes of programs go into the tar; those that describe layers and records are carried out. */
static bool read_attributes(int fd, struct entry *entry) {
    static char names[NAMES], value[VALUE];
    bool opaque = false;
    ssize_t size = flistxattr(fd, names, sizeof names);
    for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
        ssize_t length = fgetxattr(fd, name, value, sizeof value);
        if (length < 0) continue;
        if (is_opaque(name)) opaque |= length == 1 && *value == 'y';
        else if (!strcmp(name, "user.lichen.stat")) apply_record(&entry->status, (const unsigned char *)value, (size_t)length);
        else if ((!strncmp(name, "user.", 5) && strncmp(name, "user.overlay.", 13) != 0 && strncmp(name, "user.fuseoverlayfs.", 19) != 0 && strncmp(name, "user.lichen.", 12) != 0) ||
                 !strcmp(name, "security.capability")) {
            AUTO_FREE char *key = must_format("SCHILY.xattr.%s", name);
            pax(&entry->attributes, key, value, (size_t)length);
        }
    }
    return opaque;
}

static void content(int fd, const char *path, uint64_t size) {
    static char chunk[1 << 18];
    for (uint64_t left = size; left;) {
        ssize_t got = read_some(fd, chunk, left < sizeof chunk ? (size_t)left : sizeof chunk);
        if (got < 0) failed(path);
        if (!got) memset(chunk, 0, (size_t)(got = left < sizeof chunk ? (ssize_t)left : (ssize_t)sizeof chunk)); /* it was cut meanwhile */
        put(chunk, (size_t)got);
        left -= (uint64_t)got;
    }
    pad(size);
}

/* The path under which a file was written before; NULL: it is remembered now. */
static char *written_as(const struct stat *status, const char *path) {
    if (status->st_nlink < 2) return NULL;
    for (size_t i = 0; i < first_count; i++)
        if (firsts[i].device == status->st_dev && firsts[i].inode == status->st_ino) return firsts[i].path;
    firsts = must_realloc(firsts, first_count + 1, sizeof *firsts);
    firsts[first_count++] = (struct first){status->st_dev, status->st_ino, must_copy(path)};
    return NULL;
}

static void pack_directory(int fd, const char *path);

/* A directory that may not be listed, or a file that may not be read, has a mode for the guest's other users alone: we are its root. */
static void pack_one(int directory, const char *above, const char *name) {
    struct entry entry = {.path = must_format("%s%s", above, name)};
    look(directory, name, entry.path, &entry.status);
    mode_t kind = entry.status.st_mode & S_IFMT;
    bool whiteout = kind == S_IFCHR && !entry.status.st_rdev;
    AUTO_CLOSE int fd = kind == S_IFREG || kind == S_IFDIR ? openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    char link[4097] = "";
    if (kind == S_IFREG || kind == S_IFDIR) {
        if (fd < 0) failed(entry.path);
        bool opaque = read_attributes(fd, &entry);
        if (kind == S_IFDIR) {
            AUTO_FREE char *plain = entry.path;
            entry.path = must_format("%s/", plain);
            entry.type = '5';
            head(&entry);
            if (opaque) mark(entry.path, ".wh.", ".wh..opq");
            pack_directory(fd, entry.path);
        } else {
            entry.type = S_ISCHR(entry.status.st_mode) ? '3' : S_ISBLK(entry.status.st_mode) ? '4' : '0';
            char *before = written_as(&entry.status, entry.path);
            if (before) entry.type = '1', entry.link = before, bytes_clear(&entry.attributes);
            head(&entry);
            if (entry.type == '0') content(fd, entry.path, (uint64_t)entry.status.st_size);
        }
    } else if (whiteout) {
        mark(above, ".wh.", name);
    } else if (kind == S_IFLNK) {
        if (readlinkat(directory, name, link, sizeof link - 1) < 0) failed(entry.path);
        entry.type = '2', entry.link = link;
        head(&entry);
    } else if (kind == S_IFIFO) {
        entry.type = '6';
        head(&entry);
    } /* a socket is nobody's any more */
    bytes_clear(&entry.attributes);
    free(entry.path);
}

static int by_name(const void *left, const void *right) { return strcmp(*(char *const *)left, *(char *const *)right); }

static void pack_directory(int fd, const char *path) {
    char **names = NULL;
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy < 0 ? NULL : fdopendir(copy);
    if (!listing) failed(path);
    for (struct dirent *one; (one = readdir(listing));)
        if (strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0) list_add(&names, must_copy(one->d_name));
    closedir(listing);
    size_t count = names ? list_size(names) : 0;
    if (count) qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        pack_one(fd, path, names[i]);
        free(names[i]);
    }
    free(names);
}

static void quiet(int status, const char *message) {
    (void)message;
    _exit(status);
}

static bool works(const struct plan *plan) {
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        on_die = quiet;
        spaces_make(plan, 0);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int pack_tree(char **arguments) {
    struct plan plan = {.identity = arguments[1] ? IDENTITY_RANGES : IDENTITY_SINGLE};
    for (char **map = arguments + 1; map[0] && map[1]; map += 2) {
        list_add(&plan.uid_maps, must_copy(map[0]));
        list_add(&plan.gid_maps, must_copy(map[1]));
    }
    if (works(&plan)) spaces_make(&plan, 0); /* else it has only files of ours */
    else ours = geteuid();
    struct entry root = {.path = must_copy("./"), .type = '5'};
    AUTO_CLOSE int fd = open(arguments[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) failed(arguments[0]);
    look(fd, ".", arguments[0], &root.status);
    read_attributes(fd, &root);
    head(&root);
    bytes_clear(&root.attributes);
    free(root.path);
    pack_directory(fd, "");
    static const char END[2 * BLOCK];
    put(END, sizeof END);
    return 0;
}
