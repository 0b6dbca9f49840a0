/* The union (fs-uufs) with root emulation's hook: what an image says of owners and modes is seen of a file before and after it is copied up, in both encodings of whiteouts.
 *
 *     top/     a/ (implied)  back/ 2:2 02775 (opaque)  gone (whiteout)  su 4755  shadow 0:42 0640  locked 9:9 0  null c 1:3  twin -> shadow  link 12:13  pipe 5:5 0620  tmp/ 1777  plain
 *     bottom/  a/ 5:6 0750  a/f 7:8 0400  back/ 3:3  gone
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base.h"
#include "calls.h"
#include "credentials.h"
#include "layer.h"
#include "union.h"
#include "world.h"

#define LINE(path, type, mode, owner, more) "{\"path\":\"" path "\",\"type\":\"" type "\",\"mode\":\"" mode "\"," owner ",\"mtime\":\"7.000000000\"" more "}\n"
#define OWNER(uid, gid) "\"uid\":" #uid ",\"gid\":" #gid
static const char *const LAYERS[] = {"top", "bottom"};
static const char *const LINES[] = {
    LINE("", "directory", "0755", OWNER(0, 0), "") LINE("a", "directory", "0755", OWNER(0, 0), ",\"implied\":true") "{\"path\":\"back\",\"type\":\"opaque\"}\n"
    LINE("back", "directory", "2775", OWNER(2, 2), "") "{\"path\":\"gone\",\"type\":\"whiteout\"}\n" LINE("su", "file", "4755", OWNER(0, 0), ",\"size\":4")
    LINE("shadow", "file", "0640", OWNER(0, 42), ",\"size\":4") LINE("locked", "file", "0000", OWNER(9, 9), ",\"size\":4")
    LINE("null", "char", "0666", OWNER(0, 0), ",\"major\":1,\"minor\":3") "{\"path\":\"twin\",\"type\":\"hardlink\",\"link\":\"shadow\"}\n"
    LINE("link", "symlink", "0777", OWNER(12, 13), ",\"link\":\"x\"") LINE("pipe", "fifo", "0620", OWNER(5, 5), "")
    LINE("tmp", "directory", "1777", OWNER(0, 0), "") LINE("plain", "file", "0644", OWNER(0, 0), ",\"size\":4"),
    LINE("", "directory", "0755", OWNER(0, 0), "") LINE("a", "directory", "0750", OWNER(5, 6), "") LINE("a/f", "file", "0400", OWNER(7, 8), ",\"size\":4")
    LINE("back", "directory", "0755", OWNER(3, 3), "") LINE("gone", "file", "0644", OWNER(0, 0), ",\"size\":4")};
static const unsigned COUNT[] = {14, 5};

static const struct seen {
    const char *path;
    uint32_t mode, uid, gid;
} SEEN[] = {{"/a", S_IFDIR | 0750, 5, 6},    {"/a/f", S_IFREG | 0400, 7, 8},    {"/back", S_IFDIR | 02775, 2, 2}, {"/su", S_IFREG | 04755, 0, 0},  {"/shadow", S_IFREG | 0640, 0, 42},
            {"/twin", S_IFREG | 0640, 0, 42}, {"/locked", S_IFREG, 9, 9},        {"/null", S_IFCHR | 0666, 0, 0},  {"/link", S_IFLNK | 0777, 12, 13}, {"/pipe", S_IFIFO | 0620, 5, 5},
            {"/tmp", S_IFDIR | 01777, 0, 0},  {"/plain", S_IFREG | 0644, 0, 0}};

/* What a launcher holds. */
static struct guest {
    char top[96];
    struct root_table table;
    struct root_place lower, upper;
    struct root_index index[2];
    struct bytes content[2];
    struct root_lowers lowers;
    struct root_union hook;
    struct union_layer layers[3];
    struct union_config u;
} guest;
static struct union_place place, other;
#define RUN_IN(test, encoding) (test(encoding), printf("ok %s (%s)\n", #test, (encoding) == UNION_AUFS ? "aufs" : "overlay"))
static const struct root_who ROOT = {.capabilities = ROOT_ALL_CAPABILITIES};

/* As the store unpacks: readable and writable, without setuid; a device is an empty file. */
static void put(const char *name, uint32_t mode) {
    if (S_ISDIR(mode)) CHECK(mkdir(name, 0755) == 0 && chmod(name, (mode & 01777) | 0700) == 0);
    else if (S_ISLNK(mode)) CHECK(symlink("x", name) == 0);
    else CHECK(mknod(name, (S_ISFIFO(mode) ? S_IFIFO : S_IFREG) | (mode & 0777) | 0600, 0) == 0);
}

static void make_trees(enum union_encoding encoding) {
    const bool aufs = encoding == UNION_AUFS;
    put("bottom/tree", S_IFDIR | 0755);
    put("top/tree", S_IFDIR | 0755);
    put("bottom/tree/a", S_IFDIR | 0750);
    put("bottom/tree/a/f", S_IFREG | 0400);
    put("bottom/tree/back", S_IFDIR | 0755);
    put("bottom/tree/back/hidden", S_IFREG | 0644);
    put("bottom/tree/gone", S_IFREG | 0644);
    put("top/tree/a", S_IFDIR | 0755); /* implied: its mode means nothing */
    put("top/tree/back", S_IFDIR | 02775);
    put("top/tree/su", S_IFREG | 04755);
    put("top/tree/shadow", S_IFREG | 0640);
    put("top/tree/locked", S_IFREG);
    put("top/tree/null", S_IFREG | 0666);
    put("top/tree/link", S_IFLNK);
    put("top/tree/pipe", S_IFIFO | 0620);
    put("top/tree/tmp", S_IFDIR | 01777);
    put("top/tree/plain", S_IFREG | 0644);
    CHECK(link("top/tree/shadow", "top/tree/twin") == 0);
    CHECK(mknod(aufs ? "top/tree/.wh.gone" : "top/tree/gone", aufs ? S_IFREG | 0600 : S_IFCHR, 0) == 0);
    if (aufs) put("top/tree/back/.wh..wh..opq", S_IFREG | 0600);
    else CHECK(setxattr("top/tree/back", "user.overlay.opaque", "y", 1, 0) == 0);
    /* A record that is none of this image's, on a file that it says nothing of. */
    struct root_node forged = {S_IFREG | 04777, 0, 6, 0, 0};
    unsigned char record[ROOT_RECORD_SIZE];
    root_record_write(record, S_IFREG | 0644, S_IFREG | 0644, &forged);
    CHECK(setxattr("top/tree/plain", ROOT_RECORD_NAME, record, sizeof record, 0) == 0);
}

static void make_index(int i) {
    layer_make(LAYERS[i], LINES[i], COUNT[i]);
    AUTO_CLOSE int directory = open(LAYERS[i], O_RDONLY | O_DIRECTORY);
    bytes_clear(&guest.content[i]);
    CHECK(read_file(directory, ROOT_INDEX_NAME, &guest.content[i]) && root_index_open(&guest.index[i], guest.content[i].data, guest.content[i].size));
}

/* A container with nothing in its upper; `attributes`: its records lie there, else all in the side table. */
static void new_container(enum union_encoding encoding, bool attributes) {
    static unsigned count;
    const char *top = must_format("%s/c%u", guest.top, count++), *work = must_format("%s/work", top);
    const char *hosts[] = {must_format("%s/upper", top), must_format("%s/top/tree", guest.top), must_format("%s/bottom/tree", guest.top)};
    CHECK(mkdir(top, 0700) == 0 && mkdir(hosts[0], 0755) == 0 && mkdir(work, 0700) == 0 && root_table_open(&guest.table, must_format("%s/table", top), 1) == 0);
    for (int i = 0; i < 3; i++) guest.layers[i] = (struct union_layer){hosts[i], strlen(hosts[i]), encoding};
    guest.lower = world_place(false, NULL);
    guest.upper = world_place(attributes, &guest.table);
    guest.lowers = (struct root_lowers){&guest.lower, guest.index, 2};
    guest.hook = (struct root_union){&guest.lowers, &guest.upper};
    guest.u = (struct union_config){.layers = guest.layers, .layer_count = 3, .writable = true, .work = work, .copied = root_union_copied, .data = &guest.hook};
}

static bool is_copied(const char *path) {
    CHECK(union_resolve(&guest.u, &place, AT_FDCWD, path, UNION_NOFOLLOW) == 0);
    union_release(&place);
    return place.layer == 0;
}

/* As a launcher answers stat. */
static bool shows(const char *path, const struct seen *as) {
    struct root_node node;
    CHECK(union_resolve(&guest.u, &place, AT_FDCWD, path, UNION_NOFOLLOW) == 0);
    const struct root_host host = {place.status.mode, place.status.uid, place.status.gid, (uint32_t)place.status.nlink, place.status.ino};
    const struct root_file file = {place.dir, place.path};
    if (place.layer > 0) node = root_look_lower(&guest.lowers, (unsigned)place.layer - 1, path + 1, &host);
    else CHECK(root_look(&guest.upper, &file, &host, &node) == 0);
    union_release(&place);
    const bool device = S_ISCHR(as->mode), same = node.mode == as->mode && node.uid == as->uid && node.gid == as->gid && (!device || (node.major == 1 && node.minor == 3));
    if (!same) printf("%s in layer %d: %o %u:%u, on disk %o\n", path, place.layer, node.mode, node.uid, node.gid, host.mode);
    return same;
}

enum way { TOUCH, WRITE, LINK, MOVE, BELOW, WAYS };

/* false: that cannot be done with such a file. `now`: where it is afterwards. */
static bool copy_up_by(enum way way, const struct seen *seen, const char **now) {
    static const struct union_time times[2] = {{5, 0}, {6, 0}};
    const bool directory = S_ISDIR(seen->mode);
    char below[64];
    *now = seen->path;
    switch (way) {
        case TOUCH: CHECK(union_utimens(&guest.u, &place, AT_FDCWD, seen->path, times, AT_SYMLINK_NOFOLLOW) == 0); return true;
        case WRITE: {
            if (!S_ISREG(seen->mode)) return false;
            AUTO_CLOSE int fd = (int)union_open(&guest.u, &place, AT_FDCWD, seen->path, O_RDWR, 0);
            CHECK(fd >= 0);
            return true;
        }
        case LINK:
            *now = "/linked";
            if (!directory) CHECK(union_link(&guest.u, &place, AT_FDCWD, seen->path, &other, AT_FDCWD, *now, 0) == 0);
            return !directory;
        case MOVE:
            *now = "/moved";
            if (!directory) CHECK(union_rename(&guest.u, &place, AT_FDCWD, seen->path, &other, AT_FDCWD, *now, 0) == 0);
            return !directory;
        case BELOW:
            snprintf(below, sizeof below, "%s/below", seen->path);
            if (directory) CHECK(union_mkdir(&guest.u, &place, AT_FDCWD, below, 0755) == 0);
            return directory;
        default: return false;
    }
}

static void copyUp_byEveryWay(enum union_encoding encoding) {
    for (unsigned i = 0; i < 2 * WAYS * sizeof SEEN / sizeof *SEEN; i++) {
        const struct seen *seen = &SEEN[i / (2 * WAYS)];
        const char *now;
        new_container(encoding, i % 2);
        CHECK(shows(seen->path, seen) && !is_copied(seen->path));
        if (!copy_up_by(i / 2 % WAYS, seen, &now)) continue;
        CHECK(is_copied(now) && shows(now, seen));
        CHECK(shows("/a", &SEEN[0])); /* a directory above is copied too */
        /* The copy is as any file of the upper: what is changed next counts, and stays when it moves. */
        struct seen changed = {seen->path, S_ISLNK(seen->mode) ? seen->mode : (seen->mode & S_IFMT) | 02711, 33, 34};
        CHECK(union_resolve(&guest.u, &place, AT_FDCWD, now, UNION_NOFOLLOW) == 0);
        const struct root_file file = {place.dir, place.path};
        CHECK(root_chown(&guest.upper, &ROOT, &file, 33, 34) == 0 && (S_ISLNK(seen->mode) || root_chmod(&guest.upper, &ROOT, &file, 02711) == 0));
        union_release(&place);
        CHECK(shows(now, &changed));
        if (!S_ISDIR(seen->mode)) CHECK(union_rename(&guest.u, &place, AT_FDCWD, now, &other, AT_FDCWD, "/last", 0) == 0 && shows("/last", &changed));
    }
}

static void whatIsHidden_staysHidden(enum union_encoding encoding) {
    struct union_status status;
    new_container(encoding, true);
    CHECK(union_stat(&guest.u, &place, AT_FDCWD, "/gone", 0, &status) == -ENOENT && union_stat(&guest.u, &place, AT_FDCWD, "/back/hidden", 0, &status) == -ENOENT);
    CHECK(union_mkdir(&guest.u, &place, AT_FDCWD, "/back/new", 0755) == 0 && union_stat(&guest.u, &place, AT_FDCWD, "/back/hidden", 0, &status) == -ENOENT);
}

/* Whoever is killed while copying leaves the lower's file or a whole copy with its record. */
static void copyUp_killedAnywhere_showsTheSame(enum union_encoding encoding) {
    int status = 0;
    for (long calls = 0; !WIFEXITED(status) || calls == 0; calls++) {
        new_container(encoding, calls % 2);
        pid_t child = fork();
        if (child == 0) {
            world_calls = calls;
            _exit(union_open(&guest.u, &place, AT_FDCWD, "/a/f", O_RDWR, 0) < 0);
        }
        CHECK(waitpid(child, &status, 0) == child && (!WIFEXITED(status) || WEXITSTATUS(status) == 0));
        CHECK(shows("/a", &SEEN[0]) && shows("/a/f", &SEEN[1]));
        CHECK(calls < 1000);
    }
    CHECK(is_copied("/a/f"));
}

int main(void) {
    world_make();
    world_drop();
    CHECK(getcwd(guest.top, sizeof guest.top) && mkdir("overlay", 0755) == 0 && mkdir("aufs", 0755) == 0);
    const size_t size = strlen(guest.top);
    if (setxattr(".", "user.probe", "", 0, 0) != 0) return world_skip("copyup", true, "no user attributes here"), 0;
    for (enum union_encoding encoding = UNION_OVERLAY; encoding <= UNION_AUFS; encoding++) {
        strcpy(guest.top + size, encoding == UNION_AUFS ? "/aufs" : "/overlay");
        CHECK(chdir(guest.top) == 0);
        for (int i = 0; i < 2; i++) make_index(i);
        make_trees(encoding);
        RUN_IN(copyUp_byEveryWay, encoding);
        RUN_IN(whatIsHidden_staysHidden, encoding);
        RUN_IN(copyUp_killedAnywhere_showsTheSame, encoding);
    }
}
