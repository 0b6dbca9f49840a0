/* The scanner on small programs made for a rule each, and on files that lie. */
#include <elf.h>
#include <errno.h>
#include <time.h>

#include "base.h"
#include "check.h"
#include "fuzz.h"
#include "elfmaker.h"
#include "scan.h"

enum { ROOM = 512 };

/* The sites: place, number and how long it has been set, window and its instructions, padding, what is behind, entered. Places count from the begin of the code. */
static void describe(const uint8_t *file, size_t size, char *text, size_t room) {
    struct site sites[ROOM];
    const long count = sites_find(file, size, sites, ROOM);
    size_t at = 0;
    *text = '\0';
    for (long i = 0; i < count; i++) {
        const struct site *site = &sites[i];
        at += (size_t)snprintf(text + at, room - at, "%s%d", i ? ", " : "", (int)(site->at - IMAGE_CODE));
        if (site->number >= 0) at += (size_t)snprintf(text + at, room - at, " =%d/%d", site->number, site->since);
        if (site->window) at += (size_t)snprintf(text + at, room - at, " w%d/%d", site->window, site->pieces);
        if (site->padding) at += (size_t)snprintf(text + at, room - at, " p%d", (int)(site->padding - IMAGE_CODE));
        if (site->behind) at += (size_t)snprintf(text + at, room - at, " b%d", site->behind);
        if (site->entered) at += (size_t)snprintf(text + at, room - at, " entered");
    }
    if (count < 0) snprintf(text, room, "%s", strerror((int)-count));
}

static const struct {
    const char *rule;
    struct image_form form;
    const char *want;
} rules[] = {
    {"a number of 32 bits", {.code = "b8 27000000 0f05 c3", .functions = "0-8"}, "5 =39/5 w5/1"},
    {"a number of 64 bits", {.code = "48c7c0 27000000 0f05 c3", .functions = "0-10"}, "7 =39/7 w7/1"},
    {"the same with sections", {.code = "b8 27000000 0f05 c3", .functions = "0-8", .sections = true}, "5 =39/5 w5/1"},
    {"the same with wide addresses", {.code = "b8 27000000 0f05 c3", .functions = "0-8", .wide = true}, "5 =39/5 w5/1"},
    {"the same without a table", {.code = "b8 27000000 0f05 c3"}, "5 =39/5 w5/1"},
    {"zero, and a window of several", {.code = "31c0 4889fe 0f05 c3"}, "5 =0/5 w5/2"},
    {"the fewest instructions that suffice", {.code = "b8 27000000 4889fe 4889f2 0f05 c3"}, "11 =39/11 w6/2"},
    {"one that suffices alone", {.code = "b8 27000000 4889fe bf01000000 0f05 c3"}, "13 =39/13 w5/1"},
    {"too few for a window", {.code = "4889c8 0f05 c3"}, "3"},
    {"rax changed in between", {.code = "b8 27000000 58 90*5 0f05 c3"}, "11 w5/5"},
    {"al changed in between", {.code = "b8 27000000 b001 90*5 0f05 c3"}, "12 w5/5"},
    {"a call in between", {.code = "b8 27000000 e800000000 90*5 0f05 c3"}, "15 w5/5"},
    {"a conditional branch in between", {.code = "b8 27000000 7405 90*5 0f05 c3"}, "12 w5/5 entered"},
    {"a negative number", {.code = "b8 ffffffff 0f05 c3"}, "5 w5/1"},
    {"a call after a call", {.code = "b8 27000000 0f05 0f05 c3"}, "5 =39/5 w5/1, 7"},
    {"a branch to the load", {.code = "ebfe b8 27000000 0f05 ebf7"}, "7 =39/5 w5/1"},
    {"a branch to the call", {.code = "b8 27000000 0f05 ebfc"}, "5 w5/1 entered"},
    {"a branch behind the load", {.code = "b8 27000000 4889fe 4889f2 0f05 ebf6"}, "11 w6/2"},
    {"a branch into the window", {.code = "b8 27000000 4889fe 4889f2 0f05 ebf9"}, "11"},
    {"a long branch from another function", {.code = "b8 27000000 4889fe 4889f2 0f05 c3 cc*2 e9 f3ffffff", .functions = "0-14 16-21"}, "11"},
    {"a long conditional branch from outside of functions", {.code = "b8 27000000 0f05 c3 0f84 f7ffffff c3 c3", .functions = "0-8"}, "5 w5/1 entered"},
    {"what looks at where it is does not move", {.code = "b8 27000000 488d3500000000 0f05 c3"}, "12 =39/12"},
    {"endbr64 does not move", {.code = "f30f1efa 4889fe 0f05 c3"}, "7"},
    {"a prefixed call", {.code = "b8 27000000 48 0f05 c3"}, "6 =39/6"},
    {"padding behind ret", {.code = "0f05 c3 0f1f4400 00 90*8"}, "0 p3"},
    {"padding of int3 before the function", {.code = "90*23 c3 cc*8 0f05 c3", .functions = "0-24 32-35"}, "32"},
    {"padding of int3 in the function", {.code = "c3 cc*7 0f05 c3 cc*5"}, "8 p1"},
    {"padding is given once", {.code = "0f05 4889fe 0f05 c3 cc*6"}, "0 p8 b3, 5"},
    {"padding for two", {.code = "0f05 0f05 c3 cc*11"}, "0 p5, 2 p10"},
    {"padding up to where a function could begin", {.code = "0f05 c3 90*12 c3 90*5 c3"}, "0 p3"},
    {"nops that are a function's", {.code = "0f05 90*9 c3 0f1f00 90*1 0f1f4400 00 c3"}, "0 b3"},
    {"nops behind a call may be executed", {.code = "0f05 e800000000 90*9 c3"}, "0"},
    {"a branch into padding", {.code = "0f05 75 05 c3 90*6 90 c3"}, "0"},
    {"padding too far away", {.code = "0f05 90*130 c3 cc*6"}, "0 b3"},
    {"within an immediate", {.code = "b8 0f050000 c3", .functions = "0-6"}, ""},
    {"data outside of functions", {.code = "90*39 c3 90*20 4889fe 0f05", .functions = "0-40"}, ""},
    {"a number outside of functions", {.code = "90*39 c3 90*20 b839000000 0f05", .functions = "0-40"}, "65 =57/5 w5/1"},
    {"no possible number outside of functions", {.code = "90*39 c3 90*20 b800390000 0f05", .functions = "0-40"}, ""},
    {"directly behind a function (clone)", {.code = "4889fe b838000000 0f05 4885c0 c3", .functions = "0-8"}, "8 =56/5 w5/1 b3"},
    {"a table that tells of little", {.code = "90*8 c3 90*20 4889fe 0f05", .functions = "0-9"}, "32 w5/3"},
    {"a signal handler's return begins a byte early", {.code = "0f1f4000 48c7c00f000000 0f05", .functions = "3-13s"}, "11 =15/7 w7/1"},
    {"or not", {.code = "48c7c00f000000 0f05", .functions = "0-9s"}, "7 =15/7 w7/1"},
    {"data before code", {.code = "ff ff ff 06 06 b8 27000000 0f05 c3"}, "10 =39/5 w5/1"},
    {"what is behind", {.code = "0f05 483d00f0ffff 7705 c3"}, "0 b6"},
    {"as few of that as suffice", {.code = "0f05 89c7 89c6 89c2 c3"}, "0 b4"},
    {"too little of that", {.code = "0f05 89c7 c3"}, "0"},
    {"a branch to what is behind", {.code = "0f05 483d00f0ffff 77f8 c3"}, "0"},
    {"a branch into what is behind", {.code = "0f05 89c7 89c6 77fc c3"}, "0"},
    {"a branch to the call, and something behind", {.code = "b8 27000000 0f05 483d00f0ffff 77f6 c3"}, "5 w5/1 b6 entered"},
    {"nothing", {.code = "c3"}, ""},
};

static void sites_by_rule(void) {
    bool wrong = false;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        uint8_t image[IMAGE_ROOM];
        char have[1024];
        describe(image, elf_make(&rules[i].form, image), have, sizeof have);
        if (!strcmp(have, rules[i].want)) continue;
        printf("%s: have '%s', want '%s'\n", rules[i].rule, have, rules[i].want);
        wrong = true;
    }
    if (wrong) exit(1);
}

static const struct image_form RICH = {.code = "0f1f4000 48c7c00f000000 0f05 cc*3 b838000000 0f05 74f7 c3 cc*6 4889fe b83c000000 0f05 c3 0f05 e9f0ffffff",
                                       .functions = "3-13s 16-26 32-52", .sections = true, .dynamic = {DT_FLAGS, DF_TEXTREL}};

static void sites_find_tells_the_count_of_all(void) {
    uint8_t image[IMAGE_ROOM];
    struct site sites[ROOM];
    const size_t size = elf_make(&RICH, image);
    const long count = sites_find(image, size, sites, ROOM);
    CHECK(count == 4);
    for (uint64_t room = 0; room < 4; room++) {
        struct site *some = must_alloc(room * sizeof *some + 1);
        CHECK(sites_find(image, size, some, room) == count);
        for (uint64_t i = 0; i < room; i++) CHECK(some[i].at == sites[i].at && some[i].number == sites[i].number);
        free(some);
    }
}

static void executable_read_tells_of_text_relocations_and_parts(void) {
    static const struct {
        uint64_t dynamic[2];
        bool want;
    } table[] = {{{DT_TEXTREL, 0}, true}, {{DT_FLAGS, DF_TEXTREL | DF_BIND_NOW}, true}, {{DT_FLAGS, DF_BIND_NOW}, false}, {{DT_DEBUG, DF_TEXTREL}, false}, {{0, 0}, false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t image[IMAGE_ROOM];
        struct executable executable;
        const struct image_form form = {.code = "90*8 c3", .dynamic = {table[i].dynamic[0], table[i].dynamic[1]}};
        CHECK(executable_read(image, elf_make(&form, image), &executable) == 0);
        CHECK(executable.text_relocations == table[i].want);
        CHECK(executable.part_count == 1 && executable.parts[0].begin == IMAGE_CODE && executable.parts[0].end == IMAGE_CODE + 9 &&
              executable.parts[0].address == IMAGE_ADDRESS + IMAGE_CODE);
    }
}

/* A number in the header is another. The second program header is the executable segment's. */
static void headers_that_lie_are_refused(void) {
    enum { PROGRAM = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) };
    static const struct {
        size_t at, size;
        uint64_t value;
    } table[] = {
        {0, 1, 0},
        {EI_CLASS, 1, ELFCLASS32},
        {EI_DATA, 1, ELFDATA2MSB},
        {offsetof(Elf64_Ehdr, e_type), 2, ET_REL},
        {offsetof(Elf64_Ehdr, e_type), 2, ET_CORE},
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64},
        {offsetof(Elf64_Ehdr, e_phentsize), 2, 32},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 0},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 129},
        {offsetof(Elf64_Ehdr, e_phnum), 2, PN_XNUM},
        {offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 8},
        {offsetof(Elf64_Ehdr, e_phoff), 8, 4096},
        {PROGRAM + offsetof(Elf64_Phdr, p_offset), 8, 1 << 20},
        {PROGRAM + offsetof(Elf64_Phdr, p_offset), 8, UINT64_MAX},
        {PROGRAM + offsetof(Elf64_Phdr, p_filesz), 8, UINT64_MAX},
        {PROGRAM + offsetof(Elf64_Phdr, p_vaddr), 8, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t image[IMAGE_ROOM];
        struct site sites[ROOM];
        const size_t size = elf_make(&RICH, image);
        memcpy(image + table[i].at, &table[i].value, table[i].size);
        if (sites_find(image, size, sites, ROOM) == -ENOEXEC) continue;
        printf("header with %#llx at %zu: not refused\n", (unsigned long long)table[i].value, table[i].at);
        exit(1);
    }
}

/* Whatever the file says, what is found lies in it. */
static void check_sound(const uint8_t *file, size_t size) {
    struct site sites[ROOM];
    uint8_t *copy = must_alloc(size ? size : 1);
    memcpy(copy, file, size);
    const long count = sites_find(copy, size, sites, ROOM);
    CHECK(count >= 0 || count == -ENOEXEC);
    for (long i = 0; i < count && i < ROOM; i++) {
        const struct site *site = &sites[i];
        CHECK(site->at + 2 <= size && copy[site->at] == 0x0f && copy[site->at + 1] == 0x05);
        CHECK(i == 0 || site->at >= sites[i - 1].at + 2);
        CHECK(site->at >= site->window && site->at >= site->since && (site->window == 0 || site->window >= PADDING_LEAST));
        CHECK(site->padding + PADDING_LEAST <= size && (site->number >= 0) == (site->since != 0));
    }
    free(copy);
}

static void truncation_at_every_length(void) {
    uint8_t image[IMAGE_ROOM];
    for (size_t size = elf_make(&RICH, image); size; size--) check_sound(image, size - 1);
}

static void every_byte_changed(void) {
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x7f, 0x10};
    uint8_t image[IMAGE_ROOM];
    const size_t size = elf_make(&RICH, image);
    for (size_t at = 0; at < size; at++)
        for (size_t i = 0; i < sizeof changes; i++) {
            image[at] ^= changes[i];
            check_sound(image, size);
            image[at] ^= changes[i];
        }
}

static void random_changes(void) {
    static const uint64_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX, UINT64_MAX - 7, 0x050f050f050f050f, 0x1000};
    struct fuzz fuzz = fuzz_begin();
    unsigned long rounds = 0;
    do {
        for (int i = 0; i < 5000; i++, rounds++) {
            uint8_t image[IMAGE_ROOM];
            struct image_form form = RICH;
            form.sections = fuzz_next(&fuzz) & 1;
            form.wide = fuzz_next(&fuzz) & 1;
            const size_t size = elf_make(&form, image);
            for (uint64_t changes = fuzz_next(&fuzz) % 6 + 1; changes; changes--) {
                const size_t at = fuzz_next(&fuzz) % (size - 8), width = (size_t)1 << fuzz_next(&fuzz) % 4;
                const uint64_t value = fuzz_next(&fuzz) & 1 ? fuzz_next(&fuzz) : values[fuzz_next(&fuzz) % (sizeof values / sizeof *values)];
                memcpy(image + at, &value, width);
            }
            check_sound(image, size);
        }
    } while (time(NULL) < fuzz.end);
    printf("%lu rounds\n", rounds);
}

int main(void) {
    RUN(sites_by_rule);
    RUN(sites_find_tells_the_count_of_all);
    RUN(executable_read_tells_of_text_relocations_and_parts);
    RUN(headers_that_lie_are_refused);
    RUN(truncation_at_every_length);
    RUN(every_byte_changed);
    RUN(random_changes);
    return 0;
}
