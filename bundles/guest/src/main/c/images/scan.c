#include "scan.h"

#include "decode.h"
#include "little.h"
#include "unwind.h"

enum { RECENT = 8, SHORT_REACH = 128, NEAR = 256 /* more than a site has to do with: its number's instruction, its window, its padding */, BEHIND_FUNCTION = 16, NUMBERS = 1024 };

struct scan {
    struct executable executable;
    struct unwind unwind;
    bool functions; /* the unwinder's table is to be trusted */
    bool padded;    /* a site was given padding */
    struct site *sites;
    uint64_t room, count;
};

/* Code that is decoded in one go; places in the file. */
struct stretch {
    uint64_t begin, end;
    uint64_t seam;  /* where decoding starts anew: the function's end */
    uint64_t known; /* up to here an instruction is what it looks like */
};

/* Bytes before the instruction now looked at, without any transfer of control. */
struct straight {
    uint64_t begins[RECENT]; /* of the last instructions, all movable; the latest last */
    unsigned count;
    uint64_t number_at;
    int32_t number;
};

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t place_in(const struct part *code, uint64_t address) {
    if (address <= code->address) return code->begin;
    return address - code->address >= code->end - code->begin ? code->end : code->begin + (address - code->address);
}

static bool number_load(const uint8_t *at, const uint8_t *end) {
    struct instruction instruction;
    return decode(at, end, &instruction) && instruction.number >= 0;
}

static struct stretch stretch_at(const struct scan *scan, const struct part *code, uint64_t at) {
    if (!scan->functions) return (struct stretch){code->begin, code->end, code->end, code->end};
    const struct function function = unwind_find(&scan->unwind, code->address + (at - code->begin));
    const uint64_t seam = place_in(code, function.end), end = place_in(code, function.next);
    uint64_t begin = place_in(code, function.begin);
    if (function.signal && begin < at && number_load(scan->executable.file + begin + 1, scan->executable.file + seam)) begin++;
    return (struct stretch){begin, end, seam, seam > begin ? least(end, seam + BEHIND_FUNCTION) : seam};
}

/* The next `0f 05`, or the end. */
static uint64_t next_candidate(const uint8_t *file, uint64_t at, uint64_t end) {
    for (; at + 1 < end; at++)
        if (file[at + 1] == 0x05 && file[at] == 0x0f) return at;
    return end;
}

/* What is no instruction counts one byte. */
static uint64_t step(const struct scan *scan, const struct stretch *stretch, uint64_t at, struct instruction *instruction) {
    const uint64_t end = at < stretch->seam ? stretch->seam : stretch->end;
    return decode(scan->executable.file + at, scan->executable.file + end, instruction) ? instruction->length : 1;
}

static void follow(struct straight *straight, uint64_t at, const struct instruction *instruction) {
    if (instruction->length == 0 || instruction->flow != FLOW_ON) {
        straight->count = 0;
        straight->number = -1;
        return;
    }
    if (instruction->number >= 0) {
        straight->number = instruction->number;
        straight->number_at = at;
    } else if (!instruction->keeps_rax) {
        straight->number = -1;
    }
    if (!instruction_movable(instruction)) {
        straight->count = 0;
        return;
    }
    if (straight->count == RECENT)
        for (unsigned i = 1; i < RECENT; i++) straight->begins[i - 1] = straight->begins[i];
    else straight->count++;
    straight->begins[straight->count - 1] = at;
}

/* Of the instruction there, which may have prefixes; the site is what follows them. With prefixes nothing directly before the site can be moved. */
static struct site site_of(const struct straight *straight, uint64_t begin, unsigned length) {
    const uint64_t at = begin + length - 2;
    struct site site = {.at = at, .number = -1};
    if (straight->number >= 0 && at - straight->number_at <= UINT8_MAX) {
        site.number = straight->number;
        site.since = (uint8_t)(at - straight->number_at);
    }
    for (unsigned i = at == begin ? straight->count : 0; i && !site.window; i--) {
        if (at - straight->begins[i - 1] < PADDING_LEAST) continue;
        site.window = (uint8_t)(at - straight->begins[i - 1]);
        site.pieces = (uint8_t)(straight->count - i + 1);
    }
    return site;
}

static bool to_be_believed(const struct stretch *stretch, const struct straight *straight, uint64_t at) {
    return at < stretch->known || (straight->count && straight->number >= 0 && straight->number < NUMBERS && straight->number_at == straight->begins[straight->count - 1]);
}

/* Decodes on from behind a site. */
static uint8_t movable_behind(const struct scan *scan, const struct stretch *stretch, uint64_t begin) {
    struct instruction instruction;
    uint64_t at = begin;
    while (at - begin < BEHIND_LEAST) {
        if (at >= stretch->known) return 0;
        const uint64_t next = at + step(scan, stretch, at, &instruction);
        if (instruction.length == 0 || !instruction_movable(&instruction)) return 0;
        at = next;
    }
    return (uint8_t)(at - begin);
}

static void collect(struct scan *scan, const struct stretch *stretch) {
    const uint8_t *file = scan->executable.file;
    struct straight straight = {.number = -1};
    struct instruction instruction;
    uint64_t candidate = stretch->begin;
    for (uint64_t at = stretch->begin, next; at < stretch->end; at = next) {
        if (candidate <= at && (candidate = next_candidate(file, at, stretch->end)) >= stretch->end) return;
        next = at + step(scan, stretch, at, &instruction);
        if (instruction.length && instruction_is_syscall(&instruction) && to_be_believed(stretch, &straight, at)) {
            if (scan->count < scan->room) {
                scan->sites[scan->count] = site_of(&straight, at, instruction.length);
                scan->sites[scan->count].behind = movable_behind(scan, stretch, next);
            }
            scan->count++;
        }
        follow(&straight, at, &instruction);
        if (candidate <= at) candidate = next;
    }
}

/* The first site at this place or behind it. */
static uint64_t first_site(const struct scan *scan, uint64_t at) {
    uint64_t low = 0, high = least(scan->count, scan->room);
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (scan->sites[middle].at < at) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* A direct branch goes there. */
static void enter(struct scan *scan, uint64_t target) {
    const uint64_t count = least(scan->count, scan->room);
    for (uint64_t i = first_site(scan, target > NEAR ? target - NEAR : 0); i < count && scan->sites[i].at < target + NEAR; i++) {
        struct site *site = &scan->sites[i];
        if (target == site->at) site->entered = true;
        if (target <= site->at && site->at - target < site->since) {
            site->number = -1;
            site->since = 0;
        }
        if (target < site->at && site->at - target < site->window) site->window = site->pieces = 0;
        if (target > site->at && target - site->at < 2u + site->behind) site->behind = 0;
        if (site->padding && target >= site->padding && target < site->padding + PADDING_LEAST) site->padding = 0;
    }
}

/* Short branches, and long ones too, of the code around the sites. */
static void enter_from_near(struct scan *scan, const struct stretch *stretch, uint64_t end) {
    struct instruction instruction;
    for (uint64_t at = stretch->begin, next; at < end; at = next) {
        next = at + step(scan, stretch, at, &instruction);
        if (instruction.length && (instruction.flow == FLOW_BRANCH || instruction.flow == FLOW_JUMP || instruction.flow == FLOW_CALL)) enter(scan, at + (uint64_t)instruction.target);
    }
}

static bool long_branch(const uint8_t *at) { return *at == 0xe8 || *at == 0xe9 || ((*at & 0xf0) == 0x80 && at[-1] == 0x0f); }

/* Code that is not of the same segment may lie elsewhere in memory than its place in the file says. */
static uint64_t target_of(const struct scan *scan, const struct part *code, uint64_t target) {
    if (target >= code->begin && target < code->end) return target;
    const uint64_t address = target + (code->address - code->begin);
    for (unsigned i = 0; i < scan->executable.code_count; i++) {
        const struct part *other = &scan->executable.codes[i];
        if (address - other->address < other->end - other->begin) return other->begin + (address - other->address);
    }
    return target;
}

/* Long branches of all code, a function's cold part included, which has a place of its own. Bytes that look like one are taken for one: that is quick, and the few that are none do
   no harm. */
static void enter_from_afar(struct scan *scan) {
    const uint64_t count = least(scan->count, scan->room);
    if (count == 0) return;
    const uint64_t low = scan->sites[0].at, high = scan->sites[count - 1].at;
    for (unsigned i = 0; i < scan->executable.code_count; i++) {
        const struct part *code = &scan->executable.codes[i];
        for (uint64_t at = code->begin + 1; code->end - at > 4; at++) {
            const uint8_t *byte = scan->executable.file + at;
            if (!long_branch(byte)) continue;
            const uint64_t target = target_of(scan, code, at + 5 + (uint64_t)(int32_t)little32(byte + 1));
            if (target + NEAR >= low && target <= high + NEAR) enter(scan, target);
        }
    }
}

static bool wants_padding(const struct site *site) { return !site->padding && (!site->window || site->entered); }

/* Gives the padding to the sites before and behind it, in order, so that the one that reaches least far goes first. */
static void give(struct scan *scan, uint64_t begin, uint64_t end) {
    const uint64_t count = least(scan->count, scan->room);
    for (uint64_t i = first_site(scan, begin > SHORT_REACH + 1 ? begin - SHORT_REACH - 1 : 0); i < count && end - begin >= PADDING_LEAST; i++) {
        struct site *site = &scan->sites[i];
        if (site->at + 2 > begin + SHORT_REACH) return;
        if (!wants_padding(site)) continue;
        site->padding = begin;
        scan->padded = true;
        begin += PADDING_LEAST;
    }
}

/* Nops and int3 behind what never goes on to them. No further than to where an aligned function could begin, for that may begin with nops. */
static void find_padding(struct scan *scan, const struct stretch *stretch, uint64_t end) {
    struct instruction instruction;
    bool ended = false;
    uint64_t begin = 0;
    for (uint64_t at = stretch->begin, next; at < end; at = next) {
        next = at + step(scan, stretch, at, &instruction);
        const bool padding = instruction.length && instruction.padding;
        if (ended && padding) {
            if (!begin) begin = at;
            continue;
        }
        if (begin) give(scan, begin, least(at, (begin + 15) / 16 * 16));
        begin = 0;
        ended = instruction.length && (instruction.flow == FLOW_END || instruction.flow == FLOW_JUMP);
    }
    if (begin) give(scan, begin, least(end, (begin + 15) / 16 * 16));
}

/* Does something with each stretch that has sites. */
static void each_stretch(struct scan *scan, void (*act)(struct scan *, const struct stretch *, uint64_t end)) {
    const uint64_t count = least(scan->count, scan->room);
    for (uint64_t i = 0, code = 0; i < count;) {
        while (scan->executable.codes[code].end <= scan->sites[i].at) code++;
        const struct stretch stretch = stretch_at(scan, &scan->executable.codes[code], scan->sites[i].at);
        while (i < count && scan->sites[i].at < stretch.end) i++;
        act(scan, &stretch, least(stretch.end, scan->sites[i - 1].at + NEAR));
    }
}

long sites_find(const uint8_t *file, uint64_t size, struct site *sites, uint64_t room) {
    struct scan scan = {.sites = sites, .room = room};
    const int error = executable_read(file, size, &scan.executable);
    if (error) return error;
    bool opened = false;
    for (unsigned i = 0; i < scan.executable.code_count; i++) {
        const struct part *code = &scan.executable.codes[i];
        for (uint64_t at = code->begin; (at = next_candidate(file, at, code->end)) < code->end;) {
            if (!opened) scan.functions = unwind_open(&scan.unwind, &scan.executable);
            opened = true;
            const struct stretch stretch = stretch_at(&scan, code, at);
            collect(&scan, &stretch);
            at = stretch.end;
        }
    }
    each_stretch(&scan, enter_from_near);
    each_stretch(&scan, find_padding);
    if (scan.padded) each_stretch(&scan, enter_from_near);
    enter_from_afar(&scan);
    return (long)scan.count;
}
