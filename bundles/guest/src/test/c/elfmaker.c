#include "elfmaker.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static size_t put(uint8_t *image, size_t at, const void *bytes, size_t size) {
    CHECK(at + size <= IMAGE_ROOM);
    memcpy(image + at, bytes, size);
    return at + size;
}

static size_t put32(uint8_t *image, size_t at, size_t value) { return put(image, at, &(uint32_t){(uint32_t)value}, 4); }

static size_t put_code(uint8_t *image, size_t at, const char *hex) {
    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        const char digits[] = {hex[0], hex[1], '\0'};
        const uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);
        unsigned long times = 1;
        hex += 2;
        if (*hex == '*') times = strtoul(hex + 1, (char **)&hex, 10);
        while (times--) at = put(image, at, &byte, 1);
    }
    return at;
}

/* Version 1, "zR" or "zRS", alignments 1 and -8, return address 16, and what the letters stand for. */
static size_t put_cie(uint8_t *image, size_t at, bool signal, bool wide) {
    const uint8_t encoding = wide ? 0x1c : 0x1b;
    const uint8_t normal[] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, encoding, 0, 0, 0}, handler[] = {16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 'S', 0, 1, 0x78, 16, 1, encoding, 0, 0};
    return put(image, at, signal ? handler : normal, sizeof normal);
}

static size_t put_frames(uint8_t *image, size_t head, const struct image_form *form) {
    size_t begins[IMAGE_FUNCTIONS], ends[IMAGE_FUNCTIONS], count = 0;
    bool signal[IMAGE_FUNCTIONS];
    for (const char *text = form->functions; *text; count++) {
        char *end;
        CHECK(count < IMAGE_FUNCTIONS);
        begins[count] = IMAGE_CODE + strtoul(text, &end, 10);
        ends[count] = IMAGE_CODE + strtoul(end + 1, &end, 10);
        signal[count] = *end == 's';
        text = end + (signal[count] ? 1 : 0);
        while (*text == ' ') text++;
    }
    const size_t frames = head + 12 + 8 * count, fde_size = form->wide ? 28 : 20;
    put(image, head, (uint8_t[]){1, 0x1b, 3, 0x3b}, 4);
    put32(image, head + 4, frames - head - 4);
    put32(image, head + 8, count);
    size_t at = put_cie(image, put_cie(image, frames, false, form->wide), true, form->wide);
    for (size_t i = 0; i < count; i++) {
        put32(image, head + 12 + 8 * i, begins[i] - head);
        put32(image, head + 16 + 8 * i, at - head);
        put32(image, at, fde_size - 4);
        put32(image, at + 4, at + 4 - (frames + (signal[i] ? 20 : 0)));
        put(image, at + 8, &(uint64_t){begins[i] - (at + 8)}, form->wide ? 8 : 4);
        put(image, at + (form->wide ? 16 : 12), &(uint64_t){ends[i] - begins[i]}, form->wide ? 8 : 4);
        at += fde_size;
    }
    return put32(image, at, 0);
}

size_t elf_make(const struct image_form *form, uint8_t image[IMAGE_ROOM]) {
    memset(image, 0, IMAGE_ROOM);
    const size_t code_end = put_code(image, IMAGE_CODE, form->code), frames = (code_end + 7) / 8 * 8, frames_end = form->functions ? put_frames(image, frames, form) : frames;
    const size_t dynamic = (frames_end + 7) / 8 * 8;
    size_t size = put(image, dynamic, (uint64_t[]){form->dynamic[0], form->dynamic[1], 0, 0}, 32);
    const Elf64_Shdr sections[] = {{.sh_type = SHT_NULL},
                                   {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_addr = IMAGE_ADDRESS + IMAGE_CODE, .sh_offset = IMAGE_CODE, .sh_size = code_end - IMAGE_CODE}};
    Elf64_Ehdr head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_phoff = sizeof head,
                       .e_ehsize = sizeof head, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 4, .e_shentsize = sizeof(Elf64_Shdr)};
    if (form->sections) {
        head.e_shoff = size;
        head.e_shnum = 2;
        size = put(image, size, sections, sizeof sections);
    }
    const Elf64_Phdr programs[] = {
        {.p_type = PT_LOAD, .p_flags = PF_R, .p_offset = 0, .p_vaddr = IMAGE_ADDRESS, .p_filesz = size, .p_memsz = size},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = IMAGE_CODE, .p_vaddr = IMAGE_ADDRESS + IMAGE_CODE, .p_filesz = code_end - IMAGE_CODE, .p_memsz = code_end - IMAGE_CODE},
        {.p_type = PT_GNU_EH_FRAME, .p_offset = frames, .p_vaddr = IMAGE_ADDRESS + frames, .p_filesz = frames_end - frames, .p_memsz = frames_end - frames},
        {.p_type = PT_DYNAMIC, .p_offset = dynamic, .p_vaddr = IMAGE_ADDRESS + dynamic, .p_filesz = 32, .p_memsz = 32}};
    put(image, put(image, 0, &head, sizeof head), programs, sizeof programs);
    return size;
}
