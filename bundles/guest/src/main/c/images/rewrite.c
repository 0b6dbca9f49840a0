#include "image.h"

#include <linux/errno.h>

#include "syscalls.h"
#include "text.h"

enum { JUMP = 5, SHORT = 2, LEA = 7, ENTRY = 20, DECISION = 25, RAW = 7, TEST = 5, WINDOW_MOST = 32, REACH = 0x7ff00000 };

static uint64_t down(uint64_t value) { return value & ~(uint64_t)(IMAGE_PAGE - 1); }

uint64_t image_identity(const struct image_key *key) {
    return hash_add(HASH_START, (const char *)key, sizeof *key) | 1;
}

uint64_t image_room(uint64_t file_size, uint64_t sites) {
    enum { EACH = sizeof(struct trampoline) + WINDOW_MOST + DECISION + ENTRY + RAW + TEST + ENTRY, IN_A_PAGE = (IMAGE_PAGE - offsetof(struct trampoline_page, code)) / EACH };
    return IMAGE_PAGE + (sites / IN_A_PAGE + 1) * IMAGE_PAGE + (image_pages(file_size) + IMAGE_PARTS * IMAGE_PAGE);
}

struct making {
    const struct image_engine *engine;
    struct executable executable;
    struct image_header *header;
    struct trampoline_page *pages;
    uint32_t used, count; /* of the last page */
};

/* Whether nobody but us changes its code, and one jump reaches all of it. */
static bool is_usual(const struct executable *executable) {
    return executable->part_count && !executable->text_relocations && !executable->writable && executable->high - executable->low < REACH;
}

static const struct part *segment_of(const struct making *making, uint64_t offset, uint64_t size) {
    for (unsigned i = 0; i < making->executable.part_count; i++) {
        const struct part *part = &making->executable.parts[i];
        if (offset >= part->begin && offset < part->end && size <= part->end - offset) return part;
    }
    return NULL;
}

static int64_t delta_of(const struct part *segment) { return (int64_t)(segment->address - segment->begin); }

/* ---- which sites, and what of the file they change */

static bool is_raw(const struct making *making, const struct site *site) {
    return site->number >= 0 && ((uint64_t)site->number >= making->engine->numbers || making->engine->raw[site->number]);
}

/* Where the jump goes, in the file; 0: there is no place for one. */
static uint64_t jump_of(const struct making *making, const struct site *site) {
    const uint64_t at = site->at - site->window;
    if (!site->window || site->window > WINDOW_MOST || !segment_of(making, at, JUMP) || segment_of(making, at, JUMP) != segment_of(making, site->at, SHORT)) return 0;
    return at;
}

/* Whether the call may be one that makes a process or a thread. */
static bool makes(const struct site *site) { return site->number < 0 || site->number == __NR_clone || site->number == __NR_fork || site->number == __NR_vfork; }

static bool is_changed(const struct making *making, const struct site *site) {
    if (is_raw(making, site) || !segment_of(making, site->at, SHORT)) return false;
    return !making->engine->filtered || jump_of(making, site);
}

/* The pages that change, as runs; runs with small gaps are one. */
static bool find_parts(struct making *making, const struct site *sites, uint64_t count) {
    struct image_header *header = making->header;
    for (uint64_t gap = 1; gap < (1ull << 40); gap *= 2) {
        header->part_count = 0;
        bool fits = true;
        for (uint64_t i = 0; i < count && fits; i++) {
            if (!is_changed(making, &sites[i])) continue;
            const uint64_t at = sites[i].at, jump = jump_of(making, &sites[i]), from = down(jump ? jump : at), end = image_pages(at + SHORT);
            const int64_t delta = delta_of(segment_of(making, sites[i].at, SHORT));
            struct image_part *part = header->part_count ? &header->parts[header->part_count - 1] : NULL;
            if (part && part->delta == delta && from <= part->offset + part->size + gap * IMAGE_PAGE) {
                if (end > part->offset + part->size) part->size = end - part->offset;
            } else if (header->part_count < IMAGE_PARTS) {
                header->parts[header->part_count++] = (struct image_part){.offset = from, .size = end - from, .delta = delta};
            } else {
                fits = false;
            }
        }
        if (fits) return true;
    }
    return false;
}

/* ---- code */

struct code {
    uint8_t *at;
    uint64_t address; /* that `at` will have */
};

static void put_bytes(struct code *code, const void *bytes, unsigned size) {
    bytes_copy(code->at, bytes, size);
    code->at += size;
    code->address += size;
}
#define PUT(code, ...) put_bytes(code, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The distance from behind it, as the last four bytes of an instruction. */
static void put_distance(struct code *code, uint64_t to) {
    const int32_t distance = (int32_t)(to - (code->address + 4));
    put_bytes(code, &distance, sizeof distance);
}

static void put_address(struct code *code, uint64_t address) {
    PUT(code, 0x49, 0xbb); /* movabs $address, %r11 */
    put_bytes(code, &address, sizeof address);
}

static void put_entry(struct code *code, uint64_t engine, uint64_t behind) {
    PUT(code, 0x48, 0x8d, 0x0d); /* lea behind(%rip), %rcx */
    put_distance(code, behind);
    put_address(code, engine);
    PUT(code, 0x41, 0xff, 0xe3); /* jmp *%r11 */
}

/* What follows the window. */
static void put_tail(const struct making *making, struct code *code, struct trampoline *entry, bool known, uint64_t behind) {
    const uint8_t *begin = code->at - entry->code - entry->window;
    if (!known) {
        const uint32_t most = (uint32_t)making->engine->numbers - 1;
        PUT(code, 0x48, 0x3d); /* cmp $most, %rax */
        put_bytes(code, &most, sizeof most);
        PUT(code, 0x77, DECISION - 8 + ENTRY); /* ja raw */
        put_address(code, (uint64_t)making->engine->raw);
        PUT(code, 0x41, 0x80, 0x3c, 0x03, 0); /* cmpb $0, (%r11, %rax) */
        PUT(code, 0x75, ENTRY);               /* jne raw */
    }
    entry->enter = (uint16_t)(code->at - begin);
    put_entry(code, making->engine->entry, behind);
    entry->raw = (uint16_t)(code->at - begin);
    PUT(code, 0x0f, 0x05); /* raw: syscall */
    if (entry->kind & TRAMPOLINE_MAKES) PUT(code, 0x48, 0x85, 0xc0, 0x74, JUMP); /* test %rax, %rax; jz begun */
    PUT(code, 0xe9); /* jmp behind */
    put_distance(code, behind);
    if (entry->kind & TRAMPOLINE_MAKES) put_entry(code, making->engine->begun, behind); /* begun: */
}

/* Goes on to a new page when the last has no room for one more. */
static unsigned place(struct making *making, const struct site *site) {
    const unsigned size = (unsigned)site->window + ENTRY + RAW + (site->number >= 0 ? 0U : DECISION) + (makes(site) ? TEST + ENTRY : 0U);
    if (!making->header->trampoline_pages ||
        offsetof(struct trampoline_page, code) + making->used + size + (making->count + 1) * sizeof(struct trampoline) > IMAGE_PAGE)
        making->header->trampoline_pages++, making->used = making->count = 0;
    making->used += size;
    making->count++;
    return size;
}

static uint8_t *changed(const struct making *making, uint64_t offset) {
    for (unsigned i = 0; i < making->header->part_count; i++) {
        const struct image_part *part = &making->header->parts[i];
        if (offset >= part->offset && offset < part->offset + part->size) return (uint8_t *)making->header + part->at + (offset - part->offset);
    }
    return NULL;
}

static void rewrite(struct making *making, const struct site *site, uint64_t jump) {
    const uint64_t delta = (uint64_t)delta_of(segment_of(making, site->at, SHORT)), behind = site->at + SHORT + delta;
    const unsigned size = place(making, site), index = making->header->trampoline_pages - 1;
    struct trampoline_page *page = &making->pages[index];
    const uint64_t page_address = making->header->trampolines + index * (uint64_t)IMAGE_PAGE;
    struct trampoline *entry = (struct trampoline *)(page + 1) - making->count;
    page->magic = TRAMPOLINE_MAGIC;
    page->identity = image_identity(&making->header->key);
    page->count = making->count;
    entry->code = (uint16_t)(offsetof(struct trampoline_page, code) + making->used - size);
    entry->window = jump ? site->window : 0;
    entry->kind = (uint8_t)((jump ? TRAMPOLINE_JUMPS : 0) | (makes(site) ? TRAMPOLINE_MAKES : 0));
    entry->jump = (int32_t)((jump ? jump : site->at) + delta - page_address);
    entry->behind = (int32_t)(behind - page_address);
    struct code code = {.at = (uint8_t *)page + entry->code, .address = page_address + entry->code};
    put_bytes(&code, making->executable.file + site->at - entry->window, entry->window);
    put_tail(making, &code, entry, site->number >= 0, behind);
    if (!making->engine->filtered) changed(making, site->at)[1] = 0x0b; /* ud2 */
    if (!jump) return;
    struct code patch = {.at = changed(making, jump), .address = jump + delta};
    PUT(&patch, 0xe9);
    put_distance(&patch, page_address + entry->code);
    for (unsigned i = JUMP; i < site->window; i++) PUT(&patch, 0xcc);
}

uint64_t image_make(const struct image_key *key, const uint8_t *file, const struct site *sites, long count, const struct image_engine *engine, void *to) {
    struct image_header *header = to;
    struct making making = {.engine = engine, .header = header, .pages = (struct trampoline_page *)((char *)to + IMAGE_PAGE)};
    bytes_copy(header->magic, IMAGE_MAGIC, sizeof header->magic);
    header->key = *key;
    header->size = sizeof *header;
    const bool readable = count >= 0 && executable_read(file, key->size, &making.executable) == 0;
    header->possible = readable && is_usual(&making.executable) && find_parts(&making, sites, (uint64_t)count);
    header->doubtful = readable && !making.executable.sections && making.executable.frames.begin == making.executable.frames.end;
    if (!header->possible) header->part_count = 0;
    if (header->part_count == 0) return header->size;
    for (long i = 0; i < count; i++)
        if (is_changed(&making, &sites[i])) place(&making, &sites[i]);
    const uint64_t pages = header->trampoline_pages * (uint64_t)IMAGE_PAGE;
    header->trampolines = making.executable.low - pages;
    header->size = IMAGE_PAGE + pages;
    for (unsigned i = 0; i < header->part_count; i++) {
        struct image_part *part = &header->parts[i];
        part->at = header->size;
        bytes_copy((char *)to + part->at, file + part->offset, part->offset + part->size <= key->size ? part->size : key->size - part->offset);
        header->size += part->size;
    }
    header->trampoline_pages = 0;
    for (long i = 0; i < count; i++)
        if (is_changed(&making, &sites[i])) rewrite(&making, &sites[i], jump_of(&making, &sites[i]));
    return header->size;
}

uint64_t image_origin(uint64_t address, uint64_t result) {
    const struct trampoline_page *page = (const struct trampoline_page *)down(address);
    const uint64_t at = address - (uint64_t)page, base = (uint64_t)page;
    if (page->magic != TRAMPOLINE_MAGIC) return address;
    uint64_t index = page->count;
    while (index && trampoline_at(page, index - 1)->code > at) index--;
    if (!index) return address;
    const struct trampoline *entry = trampoline_at(page, index - 1);
    const uint64_t behind = base + (uint64_t)(int64_t)entry->behind;
    if (at == entry->code) return base + (uint64_t)(int64_t)entry->jump;
    if (at < entry->code + (uint64_t)entry->window) return address; /* half of what was moved is done */
    if (at < entry->raw + (uint64_t)SHORT) return behind - SHORT;
    return entry->kind & TRAMPOLINE_MAKES && result == 0 ? address : behind;
}

static const struct trampoline *find(const struct trampoline_page *page, uint64_t behind) {
    for (uint64_t i = 0; i < page->count; i++)
        if ((uint64_t)page + (uint64_t)(int64_t)trampoline_at(page, i)->behind == behind) return trampoline_at(page, i);
    return NULL;
}

uint64_t image_raw(uint64_t first, uint32_t pages, uint64_t behind) {
    for (const struct trampoline_page *page = (const struct trampoline_page *)first; pages; page++, pages--) {
        const struct trampoline *last = page->count ? trampoline_at(page, page->count - 1) : NULL;
        if (!last || (uint64_t)page + (uint64_t)(int64_t)last->behind < behind) continue;
        const struct trampoline *found = find(page, behind);
        return found ? (uint64_t)page + found->raw : 0;
    }
    return 0;
}

/* The last four bytes of an instruction that ends here. */
static void move_distance(uint64_t end, int64_t by) {
    int32_t distance;
    bytes_copy(&distance, (const void *)(end - sizeof distance), sizeof distance);
    distance = (int32_t)(distance + by);
    bytes_copy((void *)(end - sizeof distance), &distance, sizeof distance);
}

void image_move_trampolines(struct trampoline_page *pages, uint32_t count, int64_t by) {
    for (struct trampoline_page *page = pages; page < pages + count; page++) {
        page->identity = 0; /* whoever finds them where others belong must not take them for those */
        for (uint64_t i = 0; i < page->count; i++) {
            struct trampoline *entry = (struct trampoline *)(page + 1) - 1 - i;
            entry->behind = (int32_t)(entry->behind - by);
            entry->jump = (int32_t)(entry->jump - by);
            move_distance((uint64_t)page + entry->enter + LEA, -by);
            const uint64_t end = (uint64_t)page + entry->raw + RAW + (entry->kind & TRAMPOLINE_MAKES ? TEST : 0);
            move_distance(end, -by);
            if (entry->kind & TRAMPOLINE_MAKES) move_distance(end + LEA, -by);
        }
    }
}

void image_move_jumps(const struct trampoline_page *pages, uint32_t count, int64_t by, uint64_t from, uint64_t to) {
    for (const struct trampoline_page *page = pages; page < pages + count; page++) {
        for (uint64_t i = 0; i < page->count; i++) {
            const struct trampoline *entry = trampoline_at(page, i);
            const uint64_t jump = (uint64_t)page + (uint64_t)(int64_t)entry->jump;
            if (entry->kind & TRAMPOLINE_JUMPS && jump >= from && jump + JUMP <= to) move_distance(jump + JUMP, by);
        }
    }
}
