#include "unwind.h"

#include "little.h"

enum { ENTRY = 8, TABLE_AT = 12, VERSION = 1, PCREL_SDATA4 = 0x1b, UDATA4 = 3, DATAREL_SDATA4 = 0x3b, OMITTED = 0xff, CIE_LETTERS_MOST = 8 };

static uint64_t begin_of(const struct unwind *unwind, uint64_t i) { return unwind->base + (uint64_t)(int32_t)little32(unwind->table + i * ENTRY); }

static bool within(const struct unwind *unwind, uint64_t at, uint64_t size) { return at <= unwind->size && size <= unwind->size - at; }

static unsigned encoded_size(uint8_t encoding) {
    if (encoding == OMITTED) return 0;
    switch (encoding & 7) {
    case 0:
    case 4: return 8;
    case 2: return 2;
    case 3: return 4;
    default: return 0;
    }
}

static bool skip_leb(const struct unwind *unwind, uint64_t *at) {
    while (within(unwind, *at, 1))
        if (!(unwind->bytes[(*at)++] & 0x80)) return true;
    return false;
}

/* Size of an address in the FDEs of this CIE; 0 if that cannot be known. `signal` as in struct function. */
static unsigned address_size(const struct unwind *unwind, uint64_t cie, bool *signal) {
    char letters[CIE_LETTERS_MOST + 1] = {0};
    if (!within(unwind, cie, 9)) return 0;
    const uint8_t version = unwind->bytes[cie + 8];
    uint64_t at = cie + 9;
    for (unsigned i = 0;; i++) {
        if (i > CIE_LETTERS_MOST || !within(unwind, at, 1)) return 0;
        letters[i] = (char)unwind->bytes[at++];
        if (!letters[i]) break;
        if (letters[i] == 'S') *signal = true;
    }
    if (letters[0] != 'z') return letters[0] ? 0 : 8;
    if (!skip_leb(unwind, &at) || !skip_leb(unwind, &at)) return 0; /* alignments of code and data */
    if (version == 1) at++;                                         /* register of the return address */
    else if (!skip_leb(unwind, &at)) return 0;
    if (!skip_leb(unwind, &at)) return 0; /* size of what the letters stand for */
    for (unsigned i = 1; letters[i]; i++) {
        if (letters[i] == 'S' || letters[i] == 'B') continue;
        if (!within(unwind, at, 1)) return 0;
        const uint8_t encoding = unwind->bytes[at++];
        if (letters[i] == 'R') return encoded_size(encoding);
        if (letters[i] == 'P') at += encoded_size(encoding);
        else if (letters[i] != 'L') return 0;
    }
    return 8;
}

/* In bytes; 0 if the table's FDE is not sound. */
static uint64_t length_of(const struct unwind *unwind, uint64_t i, bool *signal) {
    const uint64_t fde = unwind->base + (uint64_t)(int32_t)little32(unwind->table + i * ENTRY + 4) - unwind->address;
    if (!within(unwind, fde, 8 + 16)) return 0; /* a smaller FDE has another behind it, or the end mark, or padding */
    const uint32_t length = little32(unwind->bytes + fde), back = little32(unwind->bytes + fde + 4);
    if (length == UINT32_MAX || back == 0 || back > fde + 4) return 0;
    switch (address_size(unwind, fde + 4 - back, signal)) {
    case 2: return little16(unwind->bytes + fde + 10);
    case 4: return little32(unwind->bytes + fde + 12);
    case 8: return little64(unwind->bytes + fde + 16);
    default: return 0;
    }
}

static struct function function_at(const struct unwind *unwind, uint64_t i) {
    bool signal = false;
    const uint64_t begin = begin_of(unwind, i), next = i + 1 < unwind->count ? begin_of(unwind, i + 1) : UINT64_MAX, length = length_of(unwind, i, &signal);
    return (struct function){begin, length < next - begin ? begin + length : next, next, signal};
}

bool unwind_open(struct unwind *unwind, const struct executable *executable) {
    const struct part *frames = &executable->frames, *segment = &executable->readable;
    if (frames->end - frames->begin < TABLE_AT) return false;
    const uint8_t *head = executable->file + frames->begin;
    if (head[0] != VERSION || head[1] != PCREL_SDATA4 || head[2] != UDATA4 || head[3] != DATAREL_SDATA4) return false;
    *unwind = (struct unwind){.table = head + TABLE_AT, .count = little32(head + 8), .base = frames->address};
    if (unwind->count == 0 || unwind->count > (frames->end - frames->begin - TABLE_AT) / ENTRY) return false;
    unwind->bytes = executable->file + segment->begin;
    unwind->size = segment->end - segment->begin;
    unwind->address = segment->address;
    uint64_t told = 0, all = 0;
    for (uint64_t i = 0; i < unwind->count; i++) {
        if (i && begin_of(unwind, i) <= begin_of(unwind, i - 1)) return false;
        const struct function function = function_at(unwind, i);
        told += function.end - function.begin;
    }
    for (unsigned i = 0; i < executable->code_count; i++) all += executable->codes[i].end - executable->codes[i].begin;
    return told >= all / 2;
}

struct function unwind_find(const struct unwind *unwind, uint64_t address) {
    uint64_t low = 0, high = unwind->count;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (begin_of(unwind, middle) <= address) low = middle + 1;
        else high = middle;
    }
    return low ? function_at(unwind, low - 1) : (struct function){0, 0, begin_of(unwind, 0), false};
}
