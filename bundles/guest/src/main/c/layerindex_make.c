#include "layerindex_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "bytes.h"
#include "layerjson.h"
#include "layerindex.h"

enum { MOST_NAME = UINT16_MAX };

struct output {
    unsigned char *slots;
    uint32_t slot_count;
    struct bytes names;
};

_Noreturn static void fail(const char *directory) { die(STATUS_LICHEN, "cannot make the index of a layer (%s): %s", directory, strerror(errno)); }

/* What is said of the file itself: a hard link has owner and mode of the file that it names. */
static const struct entry *file_of(const struct index *index, const struct entry *entry) {
    const struct entry *file = entry->target ? index_find(index, entry->target) : entry;
    return file && file->target ? NULL : file;
}

/* Whether the reader would come to the same without an entry: a file of root's whose mode is that on disk. All directories are kept, for the reader must know which layers have one. */
static bool goes_without_saying(const struct entry *entry, const struct entry *file) {
    if (entry->hides || file->type == S_IFDIR || file->device || file->uid || file->gid) return false;
    return file->type == S_IFLNK || (!(file->mode & 07000) && (file->mode & 0600) == 0600);
}

/* The file whose owner and mode an entry of the index is to tell, or NULL if it is not to have one. */
static const struct entry *told(const struct index *index, const struct entry *entry) {
    const struct entry *file = file_of(index, entry);
    return file && strlen(entry->path) <= MOST_NAME && !goes_without_saying(entry, file) ? file : NULL;
}

static void put(struct output *output, const struct entry *entry, const struct entry *file) {
    size_t size = strlen(entry->path);
    uint64_t hash = bytes_hash(BYTES_HASH, entry->path, size);
    uint32_t at = (uint32_t)hash & (output->slot_count - 1);
    while (bytes_get(output->slots + (size_t)at * ROOT_INDEX_SLOT, 4)) at = (at + 1) & (output->slot_count - 1);
    unsigned char *slot = output->slots + (size_t)at * ROOT_INDEX_SLOT;
    bytes_put(slot, 4, (uint32_t)(hash >> 32) | 1);
    bytes_put(slot + 4, 4, output->names.size);
    bytes_put(slot + 8, 2, size);
    bytes_put(slot + 10, 2, file->type ? file->type | file->mode : 0);
    bytes_put(slot + 12, 4, file->uid);
    bytes_put(slot + 16, 4, file->gid);
    bytes_put(slot + 20, 4, (file->major & 0xfff) << 20 | (file->minor & 0xfffff));
    bytes_put(slot + 24, 4, (file->implied ? ROOT_INDEX_IMPLIED : 0u) | (entry->hides ? ROOT_INDEX_HIDES : 0u));
    bytes_add(&output->names, entry->path, size);
}

static void header_of(unsigned char header[ROOT_INDEX_HEADER], const struct bytes *json) {
    memset(header, 0, ROOT_INDEX_HEADER);
    memcpy(header, "LSindex1", 8);
    bytes_put(header + 24, 8, json->size);
    bytes_put(header + 32, 8, bytes_hash(BYTES_HASH, json->data, json->size));
}

static bool is_current(int layer, const unsigned char header[ROOT_INDEX_HEADER]) {
    struct bytes old = {0};
    struct root_index index;
    bool current = read_file(layer, ROOT_INDEX_NAME, &old) && root_index_open(&index, old.data, old.size) && memcmp(old.data + 24, header + 24, 16) == 0;
    bytes_clear(&old);
    return current;
}

static struct bytes encode(const struct index *index, unsigned char header[ROOT_INDEX_HEADER]) {
    struct output output = {.slot_count = 8};
    struct bytes all = {0};
    size_t count = 0;
    for (size_t i = 0; i < index->count; i++) count += told(index, &index->entries[i]) != NULL;
    while (output.slot_count <= count * 2) output.slot_count *= 2; /* at least half are free: a search ends */
    output.slots = must_alloc((size_t)output.slot_count * ROOT_INDEX_SLOT);
    memset(output.slots, 0, (size_t)output.slot_count * ROOT_INDEX_SLOT);
    for (size_t i = 0; i < index->count; i++) {
        const struct entry *file = told(index, &index->entries[i]);
        if (file) put(&output, &index->entries[i], file);
    }
    bytes_put(header + 8, 8, output.slot_count);
    bytes_put(header + 16, 8, output.names.size);
    bytes_add(&all, header, ROOT_INDEX_HEADER);
    bytes_add(&all, output.slots, (size_t)output.slot_count * ROOT_INDEX_SLOT);
    bytes_add(&all, output.names.data, output.names.size);
    bytes_clear(&output.names);
    free(output.slots);
    return all;
}

void layerindex_make(const char *directory) {
    unsigned char header[ROOT_INDEX_HEADER];
    struct bytes json = {0};
    struct index index = {0};
    AUTO_CLOSE int layer = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (layer < 0 || !read_file(layer, "layer.json", &json)) fail(directory);
    header_of(header, &json);
    bytes_clear(&json);
    if (is_current(layer, header)) return;
    index_read(&index, layer, directory, true);
    struct bytes all = encode(&index, header);
    if (!replace_file(layer, ROOT_INDEX_NAME, all.data, all.size, 0644)) fail(directory);
    bytes_clear(&all);
}
