/* Files that are mapped to be executed get the pages of their rewritten image (images/image.h), whoever maps them: the loader here, or the guest's own. */
#ifndef LICHEN_ENGINE_MAPPINGS_H
#define LICHEN_ENGINE_MAPPINGS_H

#include "engine.h"

/* `size` bytes of the file that `fd` is open on lie at `address`, from `offset` on, and are to be executed. What cannot be rewritten stays as it is where its calls are trapped all the same
   (unseen.h); else -errno: it must not be executed, for it would act on the host's files (-EOPNOTSUPP: it is too unusual an ELF file, say one with relocations in its text).
   -ENOEXEC: it is no ELF file. */
long mapping_rewrite(int fd, uint64_t address, uint64_t offset, uint64_t size, int protection);
/* Where rewritten code makes a call itself whose `syscall` ends at `behind`; 0: that is not rewritten. */
uint64_t mapping_raw(uint64_t behind);

#endif
