/* Maps ELF files as the kernel does (fs/binfmt_elf.c). At the start of a process, on its stack, before anything of the guest runs. */
#ifndef LICHEN_ENGINE_LOADER_H
#define LICHEN_ENGINE_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    uint64_t bias, entry, headers, header_count, code_begin, code_end, data_begin, data_end;
    bool executable_stack;
};

/* Maps the file that `fd` is open on. 0 or -errno; after an error nothing can be done but to end. */
long image_load(int fd, struct image *image);

#endif
