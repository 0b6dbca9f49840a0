#include "layerindex.h"

#include "bytes.h"
#include "record.h"

static const unsigned char MAGIC[8] = {'L', 'S', 'i', 'n', 'd', 'e', 'x', '1'};

bool root_index_open(struct root_index *index, const void *map, size_t size) {
    const unsigned char *header = map;
    if (size < ROOT_INDEX_HEADER || !bytes_same(header, MAGIC, sizeof MAGIC)) return false;
    uint64_t slots = bytes_get(header + 8, 8), names = bytes_get(header + 16, 8);
    if (slots == 0 || slots > 1u << 31 || slots & (slots - 1)) return false;
    if (slots * ROOT_INDEX_SLOT > size - ROOT_INDEX_HEADER || names != size - ROOT_INDEX_HEADER - slots * ROOT_INDEX_SLOT) return false;
    *index = (struct root_index){header, size, (uint32_t)slots};
    return true;
}

static bool has_name(const struct root_index *index, const unsigned char *slot, const char *path, size_t size) {
    uint64_t names = ROOT_INDEX_HEADER + (uint64_t)index->slots * ROOT_INDEX_SLOT, at = bytes_get(slot + 4, 4), length = bytes_get(slot + 8, 2);
    return length == size && at + length <= index->size - names && bytes_same(index->map + names + at, path, size);
}

bool root_index_find(const struct root_index *index, const char *path, size_t size, struct root_index_entry *entry) {
    uint64_t hash = bytes_hash(BYTES_HASH, path, size);
    uint32_t mark = (uint32_t)(hash >> 32) | 1;
    for (uint32_t i = 0; index->map && i < index->slots; i++) {
        const unsigned char *slot = index->map + ROOT_INDEX_HEADER + (size_t)(((uint32_t)hash + i) & (index->slots - 1)) * ROOT_INDEX_SLOT;
        uint32_t found = (uint32_t)bytes_get(slot, 4);
        if (!found) return false;
        if (found != mark || !has_name(index, slot, path, size)) continue;
        uint32_t device = (uint32_t)bytes_get(slot + 20, 4);
        entry->node = (struct root_node){(uint32_t)bytes_get(slot + 10, 2), (uint32_t)bytes_get(slot + 12, 4), (uint32_t)bytes_get(slot + 16, 4), device >> 20, device & 0xfffff};
        entry->flags = (uint32_t)bytes_get(slot + 24, 4);
        return true;
    }
    return false;
}

/* Whether a layer hides this path of the layers below, itself or with a directory above it. */
static bool hides(const struct root_index *index, const char *path, size_t size) {
    struct root_index_entry entry;
    for (size_t end = size;; end--) {
        if ((end == size || end == 0 || path[end] == '/') && root_index_find(index, path, end, &entry) && entry.flags & ROOT_INDEX_HIDES) return true;
        if (end == 0) return false;
    }
}

struct root_node root_look_lower(const struct root_lowers *lowers, unsigned layer, const char *path, const struct root_host *host) {
    struct root_index_entry entry;
    size_t size = bytes_length(path);
    for (unsigned i = layer; i < lowers->count; i++) {
        bool found = root_index_find(&lowers->layers[i], path, size, &entry);
        bool file = found && entry.node.mode;
        if (file && !(entry.flags & ROOT_INDEX_IMPLIED)) {
            if (root_sensible(&entry.node, host->mode)) return entry.node;
            break;
        }
        if ((i == layer && !file) || hides(&lowers->layers[i], path, size)) break;
    }
    return root_plain(lowers->place, host);
}
