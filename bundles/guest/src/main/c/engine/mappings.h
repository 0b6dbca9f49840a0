/* Files that are mapped to be executed get the pages of their rewritten image (images/image.h), whoever maps them: the loader here, or the guest's own. */
#ifndef LICHEN_ENGINE_MAPPINGS_H
#define LICHEN_ENGINE_MAPPINGS_H

#include "engine.h"

/* `size` bytes of the file that `fd` is open on lie at `address`, from `offset` on, and are to be executed. What cannot be rewritten stays as it is. */
void mapping_rewrite(int fd, uint64_t address, uint64_t offset, uint64_t size, int protection);

#endif
