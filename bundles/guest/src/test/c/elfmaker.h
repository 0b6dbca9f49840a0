/* Small ELF programs that tests make. Laid out: headers | code | .eh_frame_hdr | .eh_frame | dynamic section | section headers. */
#ifndef LICHEN_TEST_IMAGE_H
#define LICHEN_TEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_CODE = 512, IMAGE_ADDRESS = 0x10000 /* of the file's first byte */, IMAGE_ROOM = 8192, IMAGE_FUNCTIONS = 16 };

struct image_form {
    const char *code;      /* hexadecimal; blanks are left out; `*12` behind a byte repeats it so often */
    const char *functions; /* that the unwinder's table tells of: `0-12 16-20s`, counted from the code's begin; s: a signal handler's return; NULL: there is no table */
    bool sections;         /* there are section headers */
    bool wide;             /* addresses of 8 bytes in the FDEs */
    uint64_t dynamic[2];   /* an entry of the dynamic section, if it is not 0 */
};

/* Returns its size. */
size_t elf_make(const struct image_form *form, uint8_t image[IMAGE_ROOM]);

#endif
