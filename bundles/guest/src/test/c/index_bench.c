/* What a lookup costs: index_bench LAYER (a directory with layer.json), or without one a made-up layer of 30,000 files. `make tools` builds it. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
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
}
