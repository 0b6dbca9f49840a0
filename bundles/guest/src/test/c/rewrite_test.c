/* Rewritten code against the original: both are executed, and must come to the same, while every call that the engine answers goes through it. The engine here is a stub that counts and makes
 * the call. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "check.h"
#include "elfmaker.h"
#include "fuzz.h"
#include "image.h"

enum { NUMBERS = 512, SITES = 64, SPAN = 1 << 26, AT = SPAN / 2, FAR = 1 << 20 };

/* What code begins and ends with: all registers that a system call leaves alone, and rax. */
struct registers {
    uint64_t rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15;
};
void run_code(struct registers *registers, const void *code);
extern const char stub_entry[], stub_begun[];
extern uint64_t stub_entered, stub_behind, stub_started;
uint64_t stub_entered, stub_behind, stub_started;
__asm__(".text\n"
        "run_code: push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rdi\n"
        "mov %rsi, %r11\n mov (%rdi), %rax\n mov 8(%rdi), %rbx\n mov 16(%rdi), %rdx\n mov 24(%rdi), %rsi\n mov 40(%rdi), %rbp\n mov 48(%rdi), %r8\n mov 56(%rdi), %r9\n mov 64(%rdi), %r10\n"
        "mov 72(%rdi), %r12\n mov 80(%rdi), %r13\n mov 88(%rdi), %r14\n mov 96(%rdi), %r15\n mov 32(%rdi), %rdi\n call *%r11\n"
        "mov (%rsp), %rcx\n mov %rax, (%rcx)\n mov %rbx, 8(%rcx)\n mov %rdx, 16(%rcx)\n mov %rsi, 24(%rcx)\n mov %rdi, 32(%rcx)\n mov %rbp, 40(%rcx)\n mov %r8, 48(%rcx)\n mov %r9, 56(%rcx)\n"
        "mov %r10, 64(%rcx)\n mov %r12, 72(%rcx)\n mov %r13, 80(%rcx)\n mov %r14, 88(%rcx)\n mov %r15, 96(%rcx)\n"
        "pop %rdi\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n"
        "stub_entry: incq stub_entered(%rip)\n mov %rcx, stub_behind(%rip)\n syscall\n mov stub_behind(%rip), %rcx\n jmp *%rcx\n"
        "stub_begun: incq stub_started(%rip)\n jmp *%rcx\n");

static uint8_t raw[NUMBERS];
static uint8_t *base; /* of the address 0 of the file */

/* ---- the file in memory, as it is or rewritten, at the same addresses */

static struct {
    struct image_header *header;
    uint64_t trampolines; /* address */
    bool filtered;
} mapped;

static void map_original(const uint8_t *file) {
    CHECK(mmap(base - AT, SPAN, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)(base - AT));
    memcpy(base + IMAGE_ADDRESS, file, IMAGE_ROOM);
}

static struct image_header *make_image(const uint8_t *file, uint64_t size, bool filtered) {
    struct site sites[SITES];
    const long count = sites_find(file, size, sites, SITES);
    CHECK(count <= SITES);
    const struct image_key key = {.device = 1, .inode = 2, .size = size};
    const struct image_engine engine = {.entry = (uint64_t)stub_entry, .begun = (uint64_t)stub_begun, .raw = raw, .numbers = NUMBERS, .filtered = filtered};
    const uint64_t room = image_room(size, SITES);
    struct image_header *header = must_alloc(room);
    memset(header, 0, room);
    const uint64_t used = image_make(&key, file, sites, count, &engine, header);
    CHECK(header->possible && used == header->size && used <= room && !memcmp(&header->key, &key, sizeof key));
    return header;
}

/* As engine/mappings.c does it; `moved`: the trampolines lie elsewhere. */
static void map_rewritten(struct image_header *header, bool filtered, int64_t moved) {
    mapped.header = header, mapped.filtered = filtered;
    if (!header->part_count) return;
    struct trampoline_page *pages = (struct trampoline_page *)(base + header->trampolines + moved);
    mapped.trampolines = (uint64_t)pages;
    memcpy(pages, (const char *)header + IMAGE_PAGE, header->trampoline_pages * (size_t)IMAGE_PAGE);
    if (moved) image_move_trampolines(pages, header->trampoline_pages, moved);
    for (unsigned i = 0; i < header->part_count; i++) {
        const struct image_part *part = &header->parts[i];
        uint8_t *to = base + part->offset + part->delta;
        memcpy(to, (const char *)header + part->at, part->size);
        if (moved) image_move_jumps(pages, header->trampoline_pages, moved, (uint64_t)to, (uint64_t)to + part->size);
    }
}

/* As engine/signals.c does it. */
static void on_ud2(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint64_t behind = (uint64_t)registers[REG_RIP] + 2, call = image_raw(mapped.trampolines, mapped.header->trampoline_pages, behind);
    (void)number, (void)info;
    if (!call) _exit(99);
    registers[REG_RCX] = (greg_t)behind;
    registers[REG_RIP] = (uint64_t)registers[REG_RAX] < NUMBERS && raw[registers[REG_RAX]] ? (greg_t)call : (greg_t)(uintptr_t)stub_entry;
}

static struct registers execute(void) {
    struct registers registers = {0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22};
    run_code(&registers, base + IMAGE_ADDRESS + IMAGE_CODE);
    return registers;
}

static void show(const char *code, const char *what, const struct registers *want, const struct registers *have) {
    printf("%s: %s differs, or a call went another way (%llu into the engine)\n", code, what, (unsigned long long)stub_entered);
    for (size_t i = 0; i < sizeof *want / 8; i++) printf("  %zu: %llx %llx\n", i, ((const unsigned long long *)want)[i], ((const unsigned long long *)have)[i]);
    exit(1);
}

/* `entries`: calls that must go through the engine when nothing else catches them; -1: not known. */
static void compare(const char *code, long entries) {
    uint8_t file[IMAGE_ROOM];
    const struct image_form form = {.code = code};
    const uint64_t size = elf_make(&form, file);
    map_original(file);
    const struct registers want = execute();
    for (int way = 0; way < 4; way++) {
        struct image_header *header = make_image(file, size, way & 1);
        map_original(file);
        map_rewritten(header, way & 1, way & 2 ? FAR : 0);
        stub_entered = 0;
        const struct registers have = execute();
        if (memcmp(&want, &have, sizeof have) != 0 || (entries >= 0 && !(way & 1) && stub_entered != (uint64_t)entries)) show(code, way & 2 ? "moved" : "in place", &want, &have);
        free(header);
    }
}

/* ---- tests. Calls 39 (getpid) and 110 (getppid) are the engine's, 102 (getuid) and 186 (gettid) the kernel's own affair. */

static void rewritten_code_comes_to_the_same(void) {
    static const struct {
        const char *code;
        long entries;
    } table[] = {
        {"b8 27000000 0f05 c3", 1},
        {"b8 66000000 0f05 c3", 0},
        {"48c7c0 27000000 0f05 c3", 1},
        {"b8 27000000 4889fe 4889f2 0f05 c3", 1},          /* a window of several */
        {"b8 27000000 488d3500000000 0f05 c3", 1},         /* none: it looks at where it is */
        {"bf 27000000 89f8 90*3 0f05 c3", 1},              /* a number that only the call knows */
        {"bf 66000000 89f8 90*3 0f05 c3", 0},
        {"bf 66000000 89f8 488d3500000000 0f05 c3", 0},    /* by ud2 */
        {"b8 f4010000 0f05 c3", 1},                        /* no such call, of those that the engine answers */
        {"b8 00100000 0f05 c3", 0},                        /* none that anybody knows */
        {"b8 27000000 eb05 b8 66000000 0f05 c3", 1},       /* a branch to the call itself */
        {"b8 66000000 eb05 b8 27000000 0f05 c3", 0},
        {"b8 27000000 0f05 89c3 b8 6e000000 0f05 01c3 c3", 2},
        {"bb 03000000 b8 27000000 0f05 ffcb 75f5 c3", 3},  /* a loop */
        {"57 6a27 58 0f05 5f c3", 1},
        {"e800000000 5e b8 27000000 0f05 c3", 1},
        {"b8 27000000 f30f1efa 0f05 c3", 1},
        {"b8 27000000 0f05 483d00f0ffff 7700 c3", 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) compare(table[i].code, table[i].entries);
}

static void processes_that_it_makes_begin_in_the_engine(void) {
    uint8_t file[IMAGE_ROOM];
    const uint64_t size = elf_make(&(struct image_form){.code = "bf 39000000 89f8 90*3 0f05 c3"}, file); /* fork, by a number that only the call knows */
    struct image_header *header = make_image(file, size, false);
    map_original(file);
    raw[57] = 1;
    map_rewritten(header, false, 0);
    const pid_t parent = getpid();
    stub_started = 0;
    const struct registers have = execute();
    if (getpid() != parent) _exit(have.rax == 0 && stub_started == 1 ? 7 : 1);
    int status;
    CHECK(have.rax > 0 && waitpid((pid_t)have.rax, &status, 0) == (pid_t)have.rax && WEXITSTATUS(status) == 7 && stub_started == 0);
    raw[57] = 0;
    free(header);
}

/* Whole instructions that can be executed with any registers. */
static void random_code_comes_to_the_same(void) {
    static const char *const pieces[] = {"4889fe", "4889f2", "4889d7", "4831f6", "4883c701", "488d7c3708", "488d3500000000", "575a", "90", "660f1f440000", "f30f1efa", "7400", "eb00", "e8000000005e",
                                         "4989f0", "4d89c1", "4c8d5701", "0fb6d2", "480fafd7", "c1e203", "0fcf", "66ffc6", "9c9d", "53", "5b53", "48c7c702000000", "49bb0100000000000000"};
    static const char *const numbers[] = {"b827000000", "b866000000", "48c7c06e000000", "68ba00000058", "6a2758", "bb2700000089d8", "b8f4010000", "b827000000eb05b866000000", "31c00c66"};
    struct fuzz fuzz = fuzz_begin();
    unsigned long rounds = 0;
    do {
        for (int i = 0; i < 300; i++, rounds++) {
            char code[2048] = "53"; /* one pop below is always paired */
            const uint64_t calls = fuzz_next(&fuzz) % 4 + 1;
            int pushed = 1;
            for (uint64_t k = 0; k < calls; k++) {
                for (uint64_t n = fuzz_next(&fuzz) % 5; n; n--) {
                    const char *piece = pieces[fuzz_next(&fuzz) % (sizeof pieces / sizeof *pieces)];
                    pushed += !strcmp(piece, "53");
                    strcat(code, piece);
                }
                const char *number = numbers[fuzz_next(&fuzz) % (sizeof numbers / sizeof *numbers)];
                strcat(code, number);
                for (uint64_t n = fuzz_next(&fuzz) % 4; n; n--) {
                    const char *piece = pieces[fuzz_next(&fuzz) % (sizeof pieces / sizeof *pieces)];
                    pushed += !strcmp(piece, "53");
                    strcat(code, piece);
                }
                strcat(code, "0f05");
                if (fuzz_next(&fuzz) & 1) strcat(code, "4801c3");
            }
            while (pushed--) strcat(code, "5b");
            strcat(code, "c3");
            compare(code, -1);
        }
    } while (time(NULL) < fuzz.end);
    printf("%lu rounds\n", rounds);
}

static void places_in_trampolines_are_told_as_the_guests(void) {
    uint8_t file[IMAGE_ROOM];
    const uint64_t size = elf_make(&(struct image_form){.code = "b8 27000000 4889fe 0f05 bf 66000000 89f8 90*3 0f05 c3"}, file);
    struct image_header *header = make_image(file, size, false);
    map_original(file);
    map_rewritten(header, false, 0);
    const struct trampoline_page *page = (const struct trampoline_page *)mapped.trampolines;
    CHECK(header->trampoline_pages == 1 && page->count == 2 && page->magic == TRAMPOLINE_MAGIC && page->identity == image_identity(&header->key));
    for (uint64_t i = 0; i < page->count; i++) {
        const struct trampoline *entry = trampoline_at(page, i);
        const uint64_t code = (uint64_t)page, behind = code + (uint64_t)(int64_t)entry->behind, jump = code + (uint64_t)(int64_t)entry->jump;
        CHECK(image_origin(code + entry->code, 0) == jump);
        CHECK(image_origin(code + entry->raw, 39) == behind - 2);
        CHECK(image_origin(code + entry->raw + 2, 39) == behind);
        CHECK(image_raw(mapped.trampolines, 1, behind) == code + entry->raw && image_raw(mapped.trampolines, 1, behind + 1) == 0);
        CHECK(jump >= (uint64_t)base + IMAGE_ADDRESS + IMAGE_CODE && behind > jump && behind <= (uint64_t)base + IMAGE_ADDRESS + IMAGE_CODE + 64);
    }
    CHECK(image_origin((uint64_t)base + IMAGE_ADDRESS + IMAGE_CODE, 0) == (uint64_t)base + IMAGE_ADDRESS + IMAGE_CODE);
    free(header);
}

int main(void) {
    const struct sigaction action = {.sa_sigaction = on_ud2, .sa_flags = SA_SIGINFO};
    setvbuf(stdout, NULL, _IOLBF, 0);
    CHECK(sigaction(SIGILL, &action, NULL) == 0);
    base = mmap(NULL, SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(base != MAP_FAILED);
    base += AT;
    raw[102] = raw[186] = 1;
    RUN(rewritten_code_comes_to_the_same);
    RUN(processes_that_it_makes_begin_in_the_engine);
    RUN(places_in_trampolines_are_told_as_the_guests);
    RUN(random_code_comes_to_the_same);
    return 0;
}
