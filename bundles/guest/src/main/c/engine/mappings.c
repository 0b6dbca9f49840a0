#include "mappings.h"

#include "cache.h"
#include "signals.h"
#include "table.h"

enum { PROTECT_WRITE = 2, PROTECT_EXECUTE = 4, PRIVATE = 2, FIXED = 0x10, ANONYMOUS = 0x20, KIND = 0x0f, FIXED_NEW = 0x100000, READ_EXECUTE = 5 };

extern const char entry[];

static bool is_mapped(long address) { return address > 0 || address < -4095; }
static uint64_t up(uint64_t size) { return (size + IMAGE_PAGE - 1) & ~(uint64_t)(IMAGE_PAGE - 1); }

/* Below the file, where nothing is as a rule, for the kernel goes downwards too. Those of the same file may be there from before, when it was unmapped and is mapped again. */
static bool map_trampolines(int image, const struct image_header *header, uint64_t address) {
    const long result = SYS(mmap, address, header->trampoline_pages * (uint64_t)IMAGE_PAGE, READ_EXECUTE, PRIVATE | FIXED_NEW, image, IMAGE_PAGE);
    if (result == (long)address) return true;
    if (is_mapped(result)) SYS(munmap, result, header->trampoline_pages * (uint64_t)IMAGE_PAGE);
    uint64_t there[2];
    return result == -EEXIST && guest_read(there, address, sizeof there) == 0 && there[0] == TRAMPOLINE_MAGIC && there[1] == image_identity(&header->key);
}

void mapping_rewrite(int fd, uint64_t address, uint64_t offset, uint64_t size, int protection) {
    static const struct image_engine TARGET = {.entry = (uint64_t)entry, .raw = raw_numbers, .numbers = TABLE_SIZE};
    struct image_header header;
    if (!engine.config->images || protection & PROTECT_WRITE) return;
    const long image = image_open(engine.config->images, fd, &TARGET, &header);
    if (image < 0) return;
    const uint64_t end = offset + up(size);
    bool placed = false;
    for (unsigned i = 0; i < header.part_count; i++) {
        const struct image_part *part = &header.parts[i];
        const uint64_t from = part->offset > offset ? part->offset : offset, to = part->offset + part->size < end ? part->offset + part->size : end;
        if (from >= to) continue;
        if (!placed && !map_trampolines((int)image, &header, address - offset - (uint64_t)part->delta + header.trampolines)) break;
        placed = true;
        SYS(mmap, address + (from - offset), to - from, protection, PRIVATE | FIXED, image, part->at + (from - part->offset));
    }
    SYS(close, image);
}

long call_mmap(struct call *call) {
    const uint64_t protection = call->rdx, flags = call->r10;
    const bool rewritten = protection & PROTECT_EXECUTE && !(flags & ANONYMOUS) && (flags & KIND) == PRIVATE;
    if (!rewritten) return WINDOW(call, mmap, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    const long result = SYS(mmap, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    if (is_mapped(result)) mapping_rewrite((int)call->r8, (uint64_t)result, call->r9, call->rsi, (int)protection);
    return result;
}
