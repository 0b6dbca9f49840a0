/* Not every `0f 05` is a system call: it may be in the middle of an instruction, or data. So code is decoded from where an instruction certainly begins, and what is met that way counts.
 *
 *   Functions that unwind information tells of (.eh_frame_hdr) are decoded from their first byte.
 *   Where it covers most of the code, what lies between such functions may well be data (tables in OpenSSL's assembler). There a `syscall` counts right behind a `mov` of its number, or
 *   within a few bytes of a function's end: glibc lets a function's information end before the `syscall` of clone.
 *   Where it does not (musl, Go), everything is code, and is decoded from the section's beginning on.
 *
 * All code is decoded once more for its direct branches: one that leads between a `mov` of a number and its `syscall` makes the number unknown, and one into a window leaves none. */
#include "scan.h"

#include <elf.h>
#include <linux/errno.h>
#include <stddef.h>

#include "decode.h"
#include "text.h"

enum { RANGES = 64, BEHIND_FUNCTION = 16, RECENT = 8, MOV_SIZE = 5, NUMBER_MOST = 1 << 20 };

struct range {
    uint64_t from, to; /* file offsets */
};

struct scan {
    const uint8_t *file;
    uint64_t size;
    const Elf64_Phdr *headers;
    unsigned header_count;
    struct range ranges[RANGES];
    unsigned range_count;
    /* Of .eh_frame_hdr: pairs of distances from itself, to a function and to what is known of it; sorted by the former. */
    uint64_t table, entries, frame_offset;
    int64_t frame_address;
    struct site *sites;
    uint64_t room, count;
};

static bool is_within(const struct scan *scan, uint64_t offset, uint64_t size) { return offset <= scan->size && size <= scan->size - offset; }

static int32_t word(const struct scan *scan, uint64_t offset) {
    int32_t value = 0;
    if (is_within(scan, offset, sizeof value)) bytes_copy(&value, scan->file + offset, sizeof value);
    return value;
}

/* ---- the file */

static bool read_headers(struct scan *scan) {
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)scan->file;
    if (scan->size < sizeof *elf || !bytes_equal(elf->e_ident, ELFMAG, SELFMAG) || elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB) return false;
    if (elf->e_machine != EM_X86_64 || (elf->e_type != ET_EXEC && elf->e_type != ET_DYN) || elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff % 8) return false;
    if (!is_within(scan, elf->e_phoff, elf->e_phnum * sizeof(Elf64_Phdr))) return false;
    scan->headers = (const Elf64_Phdr *)(scan->file + elf->e_phoff);
    scan->header_count = elf->e_phnum;
    for (unsigned i = 0; i < scan->header_count; i++)
        if (scan->headers[i].p_type == PT_LOAD && !is_within(scan, scan->headers[i].p_offset, scan->headers[i].p_filesz)) return false;
    return true;
}

static bool add_range(struct scan *scan, uint64_t from, uint64_t size) {
    if (!is_within(scan, from, size) || scan->range_count == RANGES) return false;
    scan->ranges[scan->range_count++] = (struct range){from, from + size};
    return true;
}

/* Executable sections, for a segment may have data beside them; where there are none, segments. By rising offset. */
static bool find_ranges(struct scan *scan) {
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)scan->file;
    bool good = elf->e_shnum && elf->e_shentsize == sizeof(Elf64_Shdr) && elf->e_shoff % 8 == 0 && is_within(scan, elf->e_shoff, elf->e_shnum * sizeof(Elf64_Shdr));
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(scan->file + elf->e_shoff);
    for (unsigned i = 0; good && i < elf->e_shnum; i++) {
        if (sections[i].sh_type != SHT_PROGBITS || !(sections[i].sh_flags & SHF_EXECINSTR)) continue;
        good = add_range(scan, sections[i].sh_offset, sections[i].sh_size) && (scan->range_count < 2 || scan->ranges[scan->range_count - 2].to <= sections[i].sh_offset);
    }
    if (good && scan->range_count) return true;
    scan->range_count = 0;
    for (unsigned i = 0; i < scan->header_count; i++) {
        const Elf64_Phdr *header = &scan->headers[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
        if (!add_range(scan, header->p_offset, header->p_filesz) || (scan->range_count > 1 && scan->ranges[scan->range_count - 2].to > header->p_offset)) return false;
    }
    return true;
}

static bool has_text_relocations(const struct scan *scan) {
    for (unsigned i = 0; i < scan->header_count; i++) {
        const Elf64_Phdr *header = &scan->headers[i];
        if (header->p_type != PT_DYNAMIC || !is_within(scan, header->p_offset, header->p_filesz) || header->p_offset % 8) continue;
        const Elf64_Dyn *entry = (const Elf64_Dyn *)(scan->file + header->p_offset), *end = entry + header->p_filesz / sizeof *entry;
        for (; entry < end && entry->d_tag != DT_NULL; entry++)
            if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_TEXTREL)) return true;
    }
    return false;
}

/* From an address to where it is in the file; the offset is the same for all of a segment. 0: nowhere in executable code. */
static uint64_t offset_of(const struct scan *scan, uint64_t address) {
    for (unsigned i = 0; i < scan->header_count; i++) {
        const Elf64_Phdr *header = &scan->headers[i];
        if (header->p_type == PT_LOAD && header->p_flags & PF_X && address - header->p_vaddr < header->p_filesz) return header->p_offset + (address - header->p_vaddr);
    }
    return 0;
}

/* ---- functions */

struct function {
    uint64_t from, to; /* file offsets */
};

static struct function function_at(const struct scan *scan, uint64_t index) {
    const uint64_t entry = scan->table + index * 8;
    const uint64_t from = offset_of(scan, (uint64_t)(scan->frame_address + word(scan, entry)));
    const uint64_t description = (uint64_t)((int64_t)scan->frame_offset + word(scan, entry + 4));
    const uint32_t size = is_within(scan, description, 16) ? (uint32_t)word(scan, description + 12) : 0; /* length, CIE, pc_begin, pc_range: 4 bytes each */
    return (struct function){from, from && size <= scan->size - from ? from + size : from};
}

/* The first function that begins behind this offset, and the one before it is the last that does not: an index. */
static uint64_t function_behind(const struct scan *scan, uint64_t offset) {
    uint64_t low = 0, high = scan->entries;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (function_at(scan, middle).from <= offset) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void find_functions(struct scan *scan) {
    static const uint8_t USUAL[] = {1, 0x1b, 0x03, 0x3b}; /* version; frame: relative, count: 4 bytes, table: relative to this header, 4 bytes each */
    uint64_t all = 0, covered = 0;
    for (unsigned i = 0; i < scan->header_count && !scan->entries; i++) {
        const Elf64_Phdr *header = &scan->headers[i];
        if (header->p_type != PT_GNU_EH_FRAME || !is_within(scan, header->p_offset, 12) || !bytes_equal(scan->file + header->p_offset, USUAL, sizeof USUAL)) continue;
        const uint64_t entries = (uint32_t)word(scan, header->p_offset + 8);
        if (!is_within(scan, header->p_offset + 12, entries * 8)) continue;
        scan->table = header->p_offset + 12;
        scan->entries = entries;
        scan->frame_offset = header->p_offset;
        scan->frame_address = (int64_t)header->p_vaddr;
    }
    for (uint64_t i = 0; i < scan->entries; i++) {
        const struct function function = function_at(scan, i);
        covered += function.to - function.from;
    }
    for (unsigned i = 0; i < scan->range_count; i++) all += scan->ranges[i].to - scan->ranges[i].from;
    if (covered * 2 < all) scan->entries = 0;
}

/* ---- sites */

/* What is known at a place of a straight line of code. */
struct line {
    struct {
        uint64_t from;
        bool movable;
    } recent[RECENT]; /* a ring: the last instructions */
    unsigned count;
    uint64_t numbered; /* where the number in rax was set; 0: it is not known */
    int32_t number;
};

static uint8_t window_before(const struct line *line, uint64_t at) {
    for (unsigned i = 1; i <= RECENT && i <= line->count; i++) {
        const unsigned index = (line->count - i) % RECENT;
        const uint64_t size = at - line->recent[index].from;
        if (!line->recent[index].movable || size > SCAN_WINDOW_MOST) return 0;
        if (size >= SCAN_JUMP) return (uint8_t)size;
    }
    return 0;
}

/* glibc's information of the function that a handler returns to begins one byte before it, so what is decoded there is not what is executed. These bytes are certain. */
static bool is_sigreturn(const uint8_t *syscall_at, uint64_t before) {
    static const uint8_t MOV[] = {0x48, 0xc7, 0xc0, 15, 0, 0, 0};
    return before >= sizeof MOV && bytes_equal(syscall_at - sizeof MOV, MOV, sizeof MOV);
}

static struct site site_at(const struct scan *scan, const struct line *line, uint64_t at) {
    if (is_sigreturn(scan->file + at, at)) return (struct site){.at = at, .number = 15};
    const bool known = line->numbered && at - line->numbered <= UINT8_MAX;
    return (struct site){.at = at, .number = known ? line->number : -1, .numbered = (uint8_t)(known ? at - line->numbered : 0), .window = window_before(line, at)};
}

static bool is_syscall(const struct instruction *instruction) { return instruction->map == MAP_0F && instruction->opcode == 0x05; }

static void go_on(struct line *line, uint64_t at, const struct instruction *instruction) {
    const bool sets = (instruction->map == MAP_ONE && instruction->opcode == 0xb8 && !(instruction->rex & 1)) ||
                      (instruction->map == MAP_ONE && instruction->opcode == 0xc7 && instruction->modrm == 0xc0 && !(instruction->rex & 1));
    const bool clears = instruction->map == MAP_ONE && instruction->opcode == 0x31 && instruction->modrm == 0xc0 && !(instruction->rex & 5);
    if (sets || clears) {
        line->numbered = at;
        line->number = sets ? instruction->immediate : 0;
        if (line->number < 0 || line->number > NUMBER_MOST) line->numbered = 0;
    } else if (!instruction_keeps_rax(instruction)) {
        line->numbered = 0;
    }
    line->recent[line->count % RECENT].from = at;
    line->recent[line->count % RECENT].movable = instruction_is_movable(instruction);
    line->count++;
}

/* Decodes [from, to), a function or what may be code; sites before `first` are known already. `strict`: only what is right behind a `mov` of its number counts, or is before `trusted`. */
static void find_in(struct scan *scan, uint64_t from, uint64_t to, uint64_t first, bool strict, uint64_t trusted) {
    struct line line = {.count = 0};
    struct instruction instruction;
    for (uint64_t at = from; at < to;) {
        if (!instruction_decode(scan->file + at, to - at, &instruction)) {
            line = (struct line){.count = 0};
            at++;
            continue;
        }
        if (is_syscall(&instruction)) {
            const bool adjacent = line.numbered && line.numbered + MOV_SIZE <= at && line.count && line.recent[(line.count - 1) % RECENT].from == line.numbered;
            if (at >= first && (!strict || adjacent || at < trusted)) {
                if (scan->count < scan->room) scan->sites[scan->count] = site_at(scan, &line, at);
                scan->count++;
            }
            line.numbered = 0;
        }
        go_on(&line, at, &instruction);
        at += instruction.length;
    }
}

/* From one `0f 05` to the next that is not in what was decoded already. */
static void find_sites(struct scan *scan, const struct range *range) {
    const uint8_t *file = scan->file;
    for (uint64_t at = range->from; at + 1 < range->to; at++) {
        if (file[at] != 0x0f || file[at + 1] != 0x05) continue;
        uint64_t from = range->from, to = range->to, trusted = 0;
        bool strict = false;
        if (scan->entries) {
            const uint64_t index = function_behind(scan, at);
            const struct function before = index ? function_at(scan, index - 1) : (struct function){0, 0};
            if (before.from >= range->from && at < before.to) {
                from = before.from, to = before.to < to ? before.to : to;
            } else {
                const uint64_t next = index < scan->entries ? function_at(scan, index).from : to;
                strict = true;
                if (next > at && next < to) to = next;
                if (before.from >= range->from) {
                    trusted = before.to + BEHIND_FUNCTION;
                    from = at < trusted ? before.from : before.to; /* the line that it is on begins in the function, whose own sites have been found */
                }
            }
        }
        find_in(scan, from, to, at, strict, trusted);
        at = to - 1;
    }
}

/* ---- branches */

/* The first site at or behind this offset: an index. */
static uint64_t site_from(const struct scan *scan, uint64_t offset) {
    uint64_t low = 0, high = scan->count;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (scan->sites[middle].at < offset) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void note_branch(struct scan *scan, uint64_t target) {
    const uint64_t index = site_from(scan, target);
    if (index == scan->count) return;
    struct site *site = &scan->sites[index];
    if (site->number >= 0 && site->at - target < site->numbered) site->number = -1;
    if (target < site->at && site->at - target < site->window) site->window = 0;
}

static void find_branches(struct scan *scan, const struct range *range) {
    struct instruction instruction;
    uint64_t index = scan->entries ? function_behind(scan, range->from) : 0;
    for (uint64_t at = range->from; at < range->to;) {
        if (!instruction_decode(scan->file + at, range->to - at, &instruction)) {
            at++;
            continue;
        }
        if (instruction.branches) note_branch(scan, at + instruction.length + (uint64_t)(int64_t)instruction.distance);
        uint64_t next = at + instruction.length;
        for (; index < scan->entries && function_at(scan, index).from <= at; index++) {}
        if (index < scan->entries && function_at(scan, index).from < next) next = function_at(scan, index).from; /* what was decoded was not there */
        at = next;
    }
}

long sites_find(const uint8_t *file, uint64_t size, struct site *sites, uint64_t room) {
    struct scan scan = {.file = file, .size = size, .sites = sites, .room = room};
    if (!read_headers(&scan) || !find_ranges(&scan) || has_text_relocations(&scan)) return -ENOEXEC;
    find_functions(&scan);
    for (unsigned i = 0; i < scan.range_count; i++) find_sites(&scan, &scan.ranges[i]);
    if (scan.count > room) return (long)scan.count;
    for (unsigned i = 0; scan.count && i < scan.range_count; i++) find_branches(&scan, &scan.ranges[i]);
    return (long)scan.count;
}
