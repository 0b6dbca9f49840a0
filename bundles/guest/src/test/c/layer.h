/* A layer that is nothing but what its layer.json says, with the index made of it. */
#ifndef LICHEN_TEST_LAYER_H
#define LICHEN_TEST_LAYER_H

#include <fcntl.h>
#include <sys/stat.h>

#include "base.h"
#include "check.h"
#include "layerindex_make.h"

/* `lines`: of its entries, of which there are `count`. */
static inline void layer_make(const char *directory, const char *lines, unsigned count) {
    struct bytes json = {0};
    CHECK(mkdir(directory, 0700) == 0);
    bytes_text(&json, "{\"lichen\":\"layer\",\"version\":1,\"whiteouts\":\"overlay\"}\n");
    bytes_text(&json, lines);
    bytes_format(&json, "{\"diffId\":\"sha256:0\",\"entries\":%u,\"bytes\":0}\n", count);
    AUTO_CLOSE int opened = open(directory, O_RDONLY | O_DIRECTORY);
    CHECK(replace_file(opened, "layer.json", json.data, json.size, 0600));
    bytes_clear(&json);
    layerindex_make(directory);
}

#endif
