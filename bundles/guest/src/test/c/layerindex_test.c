/* The binary index of a layer: what it says is what layer.json says, and no content leads out of it.
 *
 *     top/     a/ (implied)  b/ (opaque)  gone (whiteout)  su 4755  shadow 0:42 0640  null c 1:3  twin -> shadow  plain  tab"\t
 *     middle/  a/ (implied)  b/ 7:7  c/ (whiteout of all of c)
 *     bottom/  a/ 5:6 0700   b/ 8:8  c/d/ 9:9
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "calls.h"
#include "layerindex.h"
#include "layer.h"
#include "world.h"

static const char *const LAYERS[] = {"top", "middle", "bottom"};
static const char *const LINES[] = {
    "{\"path\":\"\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\"}\n"
    "{\"path\":\"a\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\",\"implied\":true}\n"
    "{\"path\":\"b\",\"type\":\"opaque\"}\n"
    "{\"path\":\"b\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":1,\"gid\":1,\"mtime\":\"0.000000000\",\"implied\":true}\n"
    "{\"path\":\"gone\",\"type\":\"whiteout\"}\n"
    "{\"path\":\"su\",\"type\":\"file\",\"mode\":\"4755\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\",\"size\":1}\n"
    "{\"path\":\"shadow\",\"type\":\"file\",\"mode\":\"0600\",\"uid\":3,\"gid\":3,\"mtime\":\"0.000000000\",\"size\":1}\n"
    "{\"path\":\"shadow\",\"type\":\"file\",\"mode\":\"0640\",\"uid\":0,\"gid\":42,\"mtime\":\"0.000000000\",\"size\":1}\n"
    "{\"path\":\"null\",\"type\":\"char\",\"mode\":\"0666\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\",\"major\":1,\"minor\":3}\n"
    "{\"path\":\"twin\",\"type\":\"hardlink\",\"link\":\"shadow\"}\n"
    "{\"path\":\"plain\",\"type\":\"file\",\"mode\":\"0644\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\",\"size\":1}\n"
    "{\"path\":\"tab\\\"\\u0009\\udcff\",\"type\":\"symlink\",\"mode\":\"0777\",\"uid\":12,\"gid\":0,\"mtime\":\"0.000000000\",\"link\":\"x\"}\n",
    "{\"path\":\"a\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":0,\"gid\":0,\"mtime\":\"0.000000000\",\"implied\":true}\n"
    "{\"path\":\"b\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":7,\"gid\":7,\"mtime\":\"0.000000000\"}\n"
    "{\"path\":\"c\",\"type\":\"whiteout\"}\n",
    "{\"path\":\"a\",\"type\":\"directory\",\"mode\":\"0700\",\"uid\":5,\"gid\":6,\"mtime\":\"0.000000000\"}\n"
    "{\"path\":\"b\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":8,\"gid\":8,\"mtime\":\"0.000000000\"}\n"
    "{\"path\":\"c/d\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":9,\"gid\":9,\"mtime\":\"0.000000000\"}\n"};
static const unsigned COUNT[] = {12, 3, 3};

static void make_layer(int i) { layer_make(LAYERS[i], LINES[i], COUNT[i]); }

static struct root_index open_layer(int i, struct bytes *content) {
    struct root_index index;
    AUTO_CLOSE int directory = open(LAYERS[i], O_RDONLY | O_DIRECTORY);
    CHECK(read_file(directory, ROOT_INDEX_NAME, content) && root_index_open(&index, content->data, content->size));
    return index;
}

static bool says(const struct root_index *index, const char *path, uint32_t mode, uint32_t uid, uint32_t gid, uint32_t flags) {
    struct root_index_entry entry;
    return root_index_find(index, path, strlen(path), &entry) && entry.node.mode == mode && entry.node.uid == uid && entry.node.gid == gid && entry.flags == flags;
}

static void find_everyKindOfLine(void) {
    struct bytes content = {0};
    struct root_index index = open_layer(0, &content);
    struct root_index_entry entry;
    CHECK(says(&index, "", S_IFDIR | 0755, 0, 0, 0) && says(&index, "a", S_IFDIR | 0755, 0, 0, ROOT_INDEX_IMPLIED));
    CHECK(says(&index, "b", S_IFDIR | 0755, 1, 1, ROOT_INDEX_IMPLIED | ROOT_INDEX_HIDES) && says(&index, "gone", 0, 0, 0, ROOT_INDEX_HIDES));
    CHECK(says(&index, "su", S_IFREG | 04755, 0, 0, 0) && says(&index, "shadow", S_IFREG | 0640, 0, 42, 0) && says(&index, "twin", S_IFREG | 0640, 0, 42, 0));
    CHECK(says(&index, "null", S_IFCHR | 0666, 0, 0, 0) && says(&index, "tab\"\t\xff", S_IFLNK | 0777, 12, 0, 0));
    CHECK(root_index_find(&index, "null", 4, &entry) && entry.node.major == 1 && entry.node.minor == 3);
    CHECK(!root_index_find(&index, "plain", 5, &entry) && !root_index_find(&index, "s", 1, &entry) && !root_index_find(&index, "su/", 3, &entry));
    bytes_clear(&content);
}

static bool shows(const struct root_lowers *lowers, unsigned layer, const char *path, uint32_t on_disk, uint32_t mode, uint32_t uid) {
    struct root_host host = {on_disk, geteuid(), getegid(), 1, 1};
    struct root_node node = root_look_lower(lowers, layer, path, &host);
    return node.mode == mode && node.uid == uid;
}

static void lookLower_impliedDirectory_takesTheNextReallyThere(void) {
    struct bytes content[3] = {0};
    struct root_index layers[3];
    struct root_place place = world_place(true, NULL);
    for (int i = 0; i < 3; i++) layers[i] = open_layer(i, &content[i]);
    struct root_lowers lowers = {&place, layers, 3};
    CHECK(shows(&lowers, 0, "a", S_IFDIR | 0755, S_IFDIR | 0700, 5));
    CHECK(shows(&lowers, 0, "b", S_IFDIR | 0755, S_IFDIR | 0755, 0)); /* opaque: 7 and 8 are of other directories */
    CHECK(shows(&lowers, 1, "b", S_IFDIR | 0755, S_IFDIR | 0755, 7));
    CHECK(shows(&lowers, 1, "c/d", S_IFDIR | 0755, S_IFDIR | 0755, 0));
    CHECK(shows(&lowers, 0, "plain", S_IFREG | 0644, S_IFREG | 0644, 0) && shows(&lowers, 0, "su", S_IFREG | 0755, S_IFREG | 04755, 0));
    CHECK(shows(&lowers, 0, "null", S_IFREG | 0666, S_IFCHR | 0666, 0) && shows(&lowers, 0, "null", S_IFDIR | 0755, S_IFDIR | 0755, 0)); /* not what is on disk: not believed */
    for (int i = 0; i < 3; i++) bytes_clear(&content[i]);
}

/* The union's copies, under a temporary name, of a setuid program, a device, somebody's link and a file that nothing is said about. */
static void copiedUp_whatTheImageSays_isRecorded(void) {
    static const struct {
        const char *path;
        uint32_t on_disk, mode, uid;
    } COPIES[] = {{"su", S_IFREG | 0755, S_IFREG | 04755, 0}, {"null", S_IFREG | 0666, S_IFCHR | 0666, 0}, {"tab\"\t\xff", S_IFLNK | 0777, S_IFLNK | 0777, 12}, {"plain", S_IFREG | 0644, S_IFREG | 0644, 0}};
    char path[96];
    struct bytes content = {0};
    struct root_index index = open_layer(0, &content);
    struct root_table table;
    CHECK(getcwd(path, sizeof path - 8) && root_table_open(&table, strcat(path, "/table"), 1) == 0);
    struct root_place lower = world_place(true, NULL), upper = world_place(true, &table);
    struct root_lowers lowers = {&lower, &index, 1};
    for (size_t i = 0; i < sizeof COPIES / sizeof *COPIES; i++) {
        struct root_host host;
        struct root_node node;
        struct root_file copy = {AT_FDCWD, "copy"};
        CHECK(S_ISLNK(COPIES[i].on_disk) ? symlink("x", "temporary") == 0 : mknod("temporary", COPIES[i].on_disk, 0) == 0);
        AUTO_CLOSE int fd = open("temporary", O_PATH | O_NOFOLLOW);
        CHECK(root_copied_up(&lowers, 0, COPIES[i].path, &upper, fd) == 0 && rename("temporary", "copy") == 0);
        CHECK(root_host(&copy, &host) == 0 && root_look(&upper, &copy, &host, &node) == 0 && host.mode == COPIES[i].on_disk);
        CHECK(node.mode == COPIES[i].mode && node.uid == COPIES[i].uid && (!S_ISCHR(node.mode) || (node.major == 1 && node.minor == 3)) && unlink("copy") == 0);
        root_removed(&upper, &host);
    }
    bytes_clear(&content);
}

/* Copied to the end of a page with none behind it, so that a byte too far is a fault. */
static void ask_all(const unsigned char *data, size_t size) {
    static unsigned char *page;
    const size_t room = 4096;
    if (!page) {
        page = mmap(NULL, 2 * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(page != MAP_FAILED && mprotect(page + room, room, PROT_NONE) == 0 && size <= room);
    }
    static const char *const PATHS[] = {"", "a", "b", "gone", "su", "shadow", "null", "twin", "plain", "nothing/at/all"};
    struct root_index index;
    struct root_place place = world_place(true, NULL);
    memcpy(page + room - size, data, size);
    if (!root_index_open(&index, page + room - size, size)) return;
    struct root_lowers lowers = {&place, &index, 1};
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) shows(&lowers, 0, PATHS[i], S_IFDIR | 0755, 0, 0);
}

static void find_damagedInAnyWay_staysInside(void) {
    struct bytes content = {0};
    open_layer(0, &content);
    uint64_t random = world_number("LICHEN_SEED", 4711);
    for (size_t size = 0; size <= content.size; size++) ask_all(content.data, size);
    for (size_t at = 0; at < content.size; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            content.data[at] ^= (unsigned char)(1u << bit);
            ask_all(content.data, content.size);
            content.data[at] ^= (unsigned char)(1u << bit);
        }
    for (int i = 0; i < 20000; i++) {
        struct bytes copy = {0};
        bytes_add(&copy, content.data, content.size);
        for (uint32_t n = world_random(&random, 20) + 1; n > 0; n--) copy.data[world_random(&random, (uint32_t)copy.size)] = (unsigned char)world_random(&random, 256);
        ask_all(copy.data, copy.size);
        bytes_clear(&copy);
    }
    bytes_clear(&content);
}

static void open_tableWithoutFreeSlot_searchEnds(void) {
    unsigned char full[ROOT_INDEX_HEADER + 2 * ROOT_INDEX_SLOT];
    struct root_index index;
    struct root_index_entry entry;
    memset(full, 0xff, sizeof full);
    memcpy(full, "LSindex1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0", 24);
    CHECK(root_index_open(&index, full, sizeof full) && !root_index_find(&index, "x", 1, &entry));
}

static bool fails(const char *json) {
    pid_t child = fork();
    int status;
    if (child == 0) {
        int directory = open("top", O_RDONLY | O_DIRECTORY);
        CHECK(replace_file(directory, "layer.json", json, strlen(json), 0600) && freopen("/dev/null", "w", stderr));
        layerindex_make("top");
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status) == STATUS_LICHEN;
}

static void make_damagedLayerJson_leavesTheOldIndex(void) {
    struct bytes before = {0}, after = {0}, json = {0};
    AUTO_CLOSE int directory = open("top", O_RDONLY | O_DIRECTORY);
    CHECK(read_file(directory, ROOT_INDEX_NAME, &before) && read_file(directory, "layer.json", &json));
    bytes_add(&json, "", 1);
    for (size_t size = 0; size < json.size - 2; size += 41) {
        char *cut = must_copy((char *)json.data);
        cut[size] = 0;
        CHECK(fails(cut));
        free(cut);
    }
    CHECK(read_file(directory, ROOT_INDEX_NAME, &after) && before.size == after.size && !memcmp(before.data, after.data, before.size));
}

int main(void) {
    world_make();
    world_drop();
    for (int i = 0; i < 3; i++) make_layer(i);
    RUN(find_everyKindOfLine);
    RUN(lookLower_impliedDirectory_takesTheNextReallyThere);
    RUN(copiedUp_whatTheImageSays_isRecorded);
    RUN(find_damagedInAnyWay_staysInside);
    RUN(open_tableWithoutFreeSlot_searchEnds);
    RUN(make_damagedLayerJson_leavesTheOldIndex);
}
