#include "executable.h"

#include <elf.h>
#include <errno.h>

enum { HEADERS_MOST = 128, PAGE = 4096 };

/* A program header, its bytes found to be in the file. */
static bool header_at(const struct executable *executable, const Elf64_Ehdr *head, unsigned i, Elf64_Phdr *header) {
    __builtin_memcpy(header, executable->file + head->e_phoff + (uint64_t)i * sizeof *header, sizeof *header);
    return header->p_offset <= executable->size && header->p_filesz <= executable->size - header->p_offset && header->p_vaddr + header->p_filesz >= header->p_vaddr;
}

static struct part part_of(const Elf64_Phdr *header) { return (struct part){header->p_offset, header->p_offset + header->p_filesz, header->p_vaddr}; }

/* Keeps the list ascending. What overlaps is cut off the later one, so that no list makes anybody look at a byte twice. */
static void add(struct part *parts, unsigned *count, struct part part) {
    unsigned at = *count;
    for (; at && parts[at - 1].begin > part.begin; at--) parts[at] = parts[at - 1];
    parts[at] = part;
    ++*count;
}

static void separate(struct part *parts, unsigned *count) {
    unsigned kept = 0;
    uint64_t end = 0;
    for (unsigned i = 0; i < *count; i++) {
        struct part part = parts[i];
        if (part.begin < end) {
            part.address += end - part.begin;
            part.begin = end;
        }
        if (part.begin >= part.end) continue;
        end = part.end;
        parts[kept++] = part;
    }
    *count = kept;
}

static bool dynamic_says_textrel(const struct executable *executable, const Elf64_Phdr *header) {
    for (uint64_t at = header->p_offset; header->p_offset + header->p_filesz - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        __builtin_memcpy(&entry, executable->file + at, sizeof entry);
        if (entry.d_tag == DT_NULL) return false;
        if (entry.d_tag == DT_TEXTREL || (entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_TEXTREL)) return true;
    }
    return false;
}

static int read_segments(struct executable *executable, const Elf64_Ehdr *head) {
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr header;
        const bool sound = header_at(executable, head, i, &header);
        if (header.p_type == PT_LOAD) {
            const uint64_t low = header.p_vaddr & ~(uint64_t)(PAGE - 1), high = header.p_vaddr + header.p_memsz;
            if (low < executable->low) executable->low = low;
            if (high > executable->high) executable->high = high;
        }
        if (header.p_type == PT_LOAD && header.p_flags & PF_X) {
            if (!sound || executable->part_count == EXECUTABLE_PARTS) return -ENOEXEC;
            add(executable->parts, &executable->part_count, part_of(&header));
            executable->writable |= header.p_flags & PF_W;
        }
        if (!sound) continue;
        if (header.p_type == PT_GNU_EH_FRAME) executable->frames = part_of(&header);
        if (header.p_type == PT_DYNAMIC && dynamic_says_textrel(executable, &header)) executable->text_relocations = true;
    }
    separate(executable->parts, &executable->part_count);
    return 0;
}

static void find_readable(struct executable *executable, const Elf64_Ehdr *head) {
    const struct part *frames = &executable->frames;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr header;
        if (!header_at(executable, head, i, &header) || header.p_type != PT_LOAD) continue;
        const struct part part = part_of(&header);
        if (frames->begin >= part.begin && frames->end <= part.end && frames->address - part.address == frames->begin - part.begin) {
            executable->readable = part;
            return;
        }
    }
    executable->frames = (struct part){0, 0, 0};
}

/* A section's address is not asked: the segment says where its bytes come to lie. */
static bool add_section(struct executable *executable, const Elf64_Shdr *section) {
    for (unsigned i = 0; i < executable->part_count; i++) {
        struct part part = executable->parts[i];
        const uint64_t end = section->sh_offset + section->sh_size;
        if (end < section->sh_offset) return true;
        if (section->sh_offset > part.begin) {
            part.address += section->sh_offset - part.begin;
            part.begin = section->sh_offset;
        }
        if (end < part.end) part.end = end;
        if (part.begin >= part.end) continue;
        if (executable->code_count == EXECUTABLE_CODES) return false;
        add(executable->codes, &executable->code_count, part);
    }
    return true;
}

/* False if there are no section headers, or too odd ones. */
static bool read_sections(struct executable *executable, const Elf64_Ehdr *head) {
    if (head->e_shnum == 0 || head->e_shentsize != sizeof(Elf64_Shdr)) return false;
    if (head->e_shoff > executable->size || (executable->size - head->e_shoff) / sizeof(Elf64_Shdr) < head->e_shnum) return false;
    for (unsigned i = 0; i < head->e_shnum; i++) {
        Elf64_Shdr section;
        __builtin_memcpy(&section, executable->file + head->e_shoff + (uint64_t)i * sizeof section, sizeof section);
        if (section.sh_type == SHT_PROGBITS && section.sh_flags & SHF_EXECINSTR && !add_section(executable, &section)) return false;
    }
    separate(executable->codes, &executable->code_count);
    return executable->code_count != 0;
}

static bool sound(const Elf64_Ehdr *head, uint64_t size) {
    const unsigned char *magic = head->e_ident;
    return magic[0] == ELFMAG0 && magic[1] == ELFMAG1 && magic[2] == ELFMAG2 && magic[3] == ELFMAG3 && magic[EI_CLASS] == ELFCLASS64 && magic[EI_DATA] == ELFDATA2LSB &&
           head->e_machine == EM_X86_64 && (head->e_type == ET_EXEC || head->e_type == ET_DYN) && head->e_phentsize == sizeof(Elf64_Phdr) && head->e_phnum >= 1 &&
           head->e_phnum <= HEADERS_MOST && head->e_phoff <= size && (size - head->e_phoff) / sizeof(Elf64_Phdr) >= head->e_phnum;
}

int executable_read(const uint8_t *file, uint64_t size, struct executable *executable) {
    Elf64_Ehdr head;
    executable->file = file;
    executable->size = size;
    executable->part_count = executable->code_count = 0;
    executable->frames = executable->readable = (struct part){0, 0, 0};
    executable->low = UINT64_MAX, executable->high = 0;
    executable->text_relocations = executable->writable = false;
    if (size < sizeof head) return -ENOEXEC;
    __builtin_memcpy(&head, file, sizeof head);
    if (!sound(&head, size)) return -ENOEXEC;
    const int error = read_segments(executable, &head);
    if (error) return error;
    find_readable(executable, &head);
    executable->sections = read_sections(executable, &head);
    if (executable->sections) return 0;
    executable->code_count = 0;
    for (unsigned i = 0; i < executable->part_count; i++) executable->codes[executable->code_count++] = executable->parts[i];
    return 0;
}
