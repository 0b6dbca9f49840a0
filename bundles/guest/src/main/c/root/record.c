#include "record.h"

#include "bytes.h"

static const unsigned char MAGIC[4] = {'L', 'S', 't', '1'};

void root_record_write(unsigned char record[ROOT_RECORD_SIZE], uint32_t on_disk, uint32_t before, const struct root_node *node) {
    for (int i = 0; i < 4; i++) record[i] = MAGIC[i];
    bytes_put(record + 4, 2, on_disk);
    bytes_put(record + 6, 2, before);
    bytes_put(record + 8, 2, node->mode);
    bytes_put(record + 10, 2, 0);
    bytes_put(record + 12, 4, node->uid);
    bytes_put(record + 16, 4, node->gid);
    bytes_put(record + 20, 4, node->major);
    bytes_put(record + 24, 4, node->minor);
}

bool root_sensible(const struct root_node *node, uint32_t host_mode) {
    bool device = S_ISCHR(node->mode) || S_ISBLK(node->mode);
    if (device ? !S_ISREG(host_mode) : (node->mode & S_IFMT) != (host_mode & S_IFMT)) return false;
    if (node->uid == UINT32_MAX || node->gid == UINT32_MAX) return false;
    return device ? node->major < 1 << 12 && node->minor < 1 << 20 : !node->major && !node->minor;
}

bool root_record_read(const unsigned char *record, size_t size, uint32_t host_mode, struct root_node *node) {
    if (size != ROOT_RECORD_SIZE || !bytes_same(record, MAGIC, sizeof MAGIC) || bytes_get(record + 10, 2) != 0) return false;
    if (bytes_get(record + 4, 2) != host_mode && bytes_get(record + 6, 2) != host_mode) return false;
    struct root_node said = {(uint32_t)bytes_get(record + 8, 2), (uint32_t)bytes_get(record + 12, 4), (uint32_t)bytes_get(record + 16, 4), (uint32_t)bytes_get(record + 20, 4),
                             (uint32_t)bytes_get(record + 24, 4)};
    if (!root_sensible(&said, host_mode)) return false;
    *node = said;
    return true;
}
