/* Files that are mapped to be executed get the pages of their rewritten image (images/image.h), whoever maps them: the loader here, or the guest's own. */
#ifndef LICHEN_ENGINE_MAPPINGS_H
#define LICHEN_ENGINE_MAPPINGS_H

#include "engine.h"

/* `size` bytes of the file that `fd` is open on lie at `address`, from `offset` on, and are to be executed. 0, or -errno for what stays as it is (-ENOEXEC: it is no sound ELF file). */
long mapping_rewrite(int fd, uint64_t address, uint64_t offset, uint64_t size, int protection);
/* Where rewritten code makes a call itself whose `syscall` ends at `behind`; 0: that is not rewritten. */
uint64_t mapping_raw(uint64_t behind);

#endif
