#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "layerindex.h"
#include "syscalls.h"

static void map_index(struct root_index *index, const char *path) {
    struct stat status;
    const long fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    const long map = SYS(fstat, fd, &status) == 0 ? SYS(mmap, 0, status.st_size, PROT_READ, MAP_SHARED, fd, 0) : -1;
    SYS(close, fd);
    if (map >= 0) root_index_open(index, (const void *)map, (size_t)status.st_size);
}

void root_lowers_map(struct root_lowers *lowers, struct root_index *indexes, const char *const *paths, unsigned count, const struct root_place *place) {
    for (unsigned i = 0; i < count; i++)
        if (paths[i]) map_index(&indexes[i], paths[i]);
    *lowers = (struct root_lowers){.place = place, .layers = indexes, .count = count};
}
