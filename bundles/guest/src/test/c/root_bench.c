/* What looking up owners costs: root_bench LAYER (a directory with layer.json), or without one a made-up layer of 30,000 files. `make tools` builds it. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "calls.h"
#include "check.h"
#include "layerjson.h"
#include "layerindex.h"
#include "layerindex_make.h"

static void make_up(const char *layer) {
    struct bytes json = {0};
    unsigned count = 0;
    bytes_text(&json, "{\"lichen\":\"layer\",\"version\":1,\"whiteouts\":\"overlay\"}\n");
    for (unsigned d = 0; d < 3000; d++) {
        bytes_format(&json, "{\"path\":\"usr/share/doc/package-%u\",\"type\":\"directory\",\"mode\":\"0755\",\"uid\":0,\"gid\":0}\n", d);
        for (unsigned f = 0; f < 9; f++)
            bytes_format(&json, "{\"path\":\"usr/share/doc/package-%u/file-%u.txt\",\"type\":\"file\",\"mode\":\"0644\",\"uid\":%u,\"gid\":0}\n", d, f, f == 4);
        count += 10;
    }
    bytes_format(&json, "{\"entries\":%u}\n", count);
    int directory = open(layer, O_RDONLY | O_DIRECTORY);
    CHECK(replace_file(directory, "layer.json", json.data, json.size, 0600));
    close(directory);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void bench_look(const char *what, const struct root_place *place, const char *name) {
    enum { ROUNDS = 200000 };
    struct root_file file = {AT_FDCWD, name};
    struct root_host host;
    struct root_node node;
    CHECK(root_host(&file, &host) == 0);
    double start = now();
    for (int i = 0; i < ROUNDS; i++) CHECK(root_host(&file, &host) == 0);
    double plain = now() - start;
    start = now();
    for (int i = 0; i < ROUNDS; i++) CHECK(root_host(&file, &host) == 0 && root_look(place, &file, &host, &node) == 0);
    printf("%-42s stat %.0f ns, the node %.0f ns more\n", what, plain / ROUNDS, (now() - start - plain) / ROUNDS);
}

static void bench_change(const struct root_place *place, const char *name) {
    enum { ROUNDS = 20000 };
    const struct root_who root = {.capabilities = ~0ull};
    struct root_file file = {AT_FDCWD, name};
    double start = now();
    for (uint32_t i = 0; i < ROUNDS; i++) CHECK(root_chown(place, &root, &file, i + 1, 0) == 0);
    printf("%-42s chown %.0f ns\n", name, (now() - start) / ROUNDS);
}

static void bench_upper(const char *directory) {
    static char path[96];
    struct root_table table;
    CHECK(chdir(directory) == 0 && getcwd(path, sizeof path - 16) && root_table_open(&table, strcat(path, "/table"), 1) == 0);
    struct root_place place = {.host_uid = geteuid(), .attributes = true, .table = &table};
    CHECK(mknod("file", S_IFREG | 0644, 0) == 0 && mknod("fifo", S_IFIFO | 0644, 0) == 0);
    bench_look("a file without a record:", &place, "file");
    bench_look("a fifo without a record:", &place, "fifo");
    bench_change(&place, "file");
    bench_change(&place, "fifo");
    bench_look("a file with a record in its attribute:", &place, "file");
    bench_look("a fifo with a record in the table:", &place, "fifo");
    CHECK(unlink("file") == 0 && unlink("fifo") == 0 && unlink("table") == 0);
}

int main(int argc, char **argv) {
    char made[] = "/tmp/lichen-bench-XXXXXX";
    const char *layer = argc > 1 ? argv[1] : mkdtemp(made);
    CHECK(layer);
    if (argc == 1) make_up(layer);
    int directory = open(layer, O_RDONLY | O_DIRECTORY);
    struct index all = {0};
    struct bytes content = {0};
    struct root_index index;
    struct root_index_entry entry;
    size_t found = 0, rounds = 20;
    double start = now();
    layerindex_make(layer);
    double made_in = now() - start;
    index_read(&all, directory, layer, true);
    CHECK(read_file(directory, ROOT_INDEX_NAME, &content) && root_index_open(&index, content.data, content.size));
    start = now();
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < all.count; i++) found += root_index_find(&index, all.entries[i].path, strlen(all.entries[i].path), &entry);
    printf("%zu paths, %zu of them in the index (%zu KiB), made in %.0f ms; a lookup takes %.0f ns\n", all.count, found / rounds, content.size >> 10, made_in / 1e6,
           (now() - start) / (double)(rounds * all.count));
    if (argc > 1) return 0;
    bench_upper(layer);
    CHECK(unlink("layer.json") == 0 && unlink(ROOT_INDEX_NAME) == 0 && chdir("/") == 0 && rmdir(layer) == 0);
}
