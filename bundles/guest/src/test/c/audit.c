#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "decode.h"
#include "unwind.h"

enum { ABOUT = 300, TOLD = 5, TEXT = 72 };

/* An instruction of objdump's near a site. */
struct line {
    uint64_t at;
    char text[TEXT];
};

struct list {
    uint64_t *values;
    size_t count, room;
};

struct look {
    struct audit *audit;
    const char *path;
    struct executable executable;
    struct unwind unwind;
    bool functions;
    struct site *sites;
    size_t site_count;
    bool *seen;
    struct line *lines;
    size_t line_count, line_room;
    struct list targets;
    unsigned told;
};

static void list_put(struct list *list, uint64_t value) {
    if (list->count == list->room) list->values = must_realloc(list->values, list->room = list->room ? list->room * 2 : 1024, sizeof *list->values);
    list->values[list->count++] = value;
}

static int compare(const void *a, const void *b) { return *(const uint64_t *)a < *(const uint64_t *)b ? -1 : *(const uint64_t *)a > *(const uint64_t *)b; }

static void tell(struct look *look, uint64_t at, const char *what, const char *more) {
    if (look->told++ < TOLD) printf("  %s+%#" PRIx64 ": %s %s\n", look->path, at, what, more);
}

/* -1: not in the code. */
static int64_t place_of(const struct look *look, uint64_t address) {
    for (unsigned i = 0; i < look->executable.code_count; i++) {
        const struct part *code = &look->executable.codes[i];
        if (address - code->address < code->end - code->begin) return (int64_t)(code->begin + (address - code->address));
    }
    return -1;
}

static uint64_t address_of(const struct look *look, uint64_t at) {
    for (unsigned i = 0; i < look->executable.code_count; i++) {
        const struct part *code = &look->executable.codes[i];
        if (at >= code->begin && at < code->end) return code->address + (at - code->begin);
    }
    return 0;
}

/* Whether the unwinder's table, where it is to be trusted, says nothing of this place. */
static bool maybe_data(const struct look *look, uint64_t at) {
    if (!look->functions) return false;
    const uint64_t address = address_of(look, at);
    return address >= unwind_find(&look->unwind, address).end;
}

static size_t first_site(const struct look *look, uint64_t at) {
    size_t low = 0, high = look->site_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (look->sites[middle].at < at) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool near_site(const struct look *look, uint64_t at) {
    const size_t i = first_site(look, at > ABOUT ? at - ABOUT : 0);
    return i < look->site_count && look->sites[i].at <= at + ABOUT;
}

static bool starts(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static bool is_branch(const char *text) {
    while (starts(text, "bnd ") || starts(text, "notrack ") || starts(text, "data16 ") || starts(text, "rex.W ") || starts(text, "cs ") || starts(text, "ds ")) text = strchr(text, ' ') + 1;
    return *text == 'j' || starts(text, "call") || starts(text, "loop") || starts(text, "xbegin");
}

/* The operand of a direct branch: the address at its start, `401020 <name>`. */
static bool direct(const char *text, uint64_t *address) {
    const char *operand = strrchr(text, '<');
    char *end;
    if (!is_branch(text)) return false;
    if (!operand) operand = text + strlen(text);
    else if (operand > text) operand--;
    while (operand > text && operand[-1] != ' ') operand--;
    if (operand == text || *operand == '*') return false;
    *address = strtoull(operand, &end, 16);
    return end > operand && (*end == ' ' || *end == '\0');
}

static bool is_syscall(const char *text) {
    const char *end = strstr(text, "syscall");
    return end && (end[7] == '\0' || end[7] == ' ');
}

static void check_site(struct look *look, uint64_t at) {
    const size_t i = first_site(look, at);
    if (i < look->site_count && look->sites[i].at - at <= 2) {
        look->seen[i] = true;
        return;
    }
    if (maybe_data(look, at)) look->audit->data++;
    else look->audit->missed++;
    tell(look, at, maybe_data(look, at) ? "outside of functions, not taken for a site" : "MISSED", "");
}

/* The bytes that objdump takes for one instruction but a processor for two, and what has no sense. */
static bool odd(const char *text) {
    return strstr(text, "(bad)") || starts(text, "fwait") || starts(text, "rex") || starts(text, ".byte") || starts(text, "fstcw") || starts(text, "fstsw") || starts(text, "fstenv") ||
           starts(text, "fsave") || starts(text, "finit") || starts(text, "fclex") || !strchr("abcdefghijklmnopqrstuvwxyz{", *text);
}

static void check_length(struct look *look, uint64_t at, uint64_t next, const char *text) {
    struct instruction instruction;
    const uint8_t *file = look->executable.file;
    if (next <= at || next - at > INSTRUCTION_MOST || odd(text)) return;
    char said[32] = "no instruction";
    if (decode(file + at, file + look->executable.size, &instruction)) {
        if (instruction.length == next - at) return;
        snprintf(said, sizeof said, "%d bytes", instruction.length);
    }
    if (maybe_data(look, at)) return;
    look->audit->lengths++;
    tell(look, at, said, text);
}

static void keep(struct look *look, uint64_t at, const char *text) {
    if (look->line_count == look->line_room) look->lines = must_realloc(look->lines, look->line_room = look->line_room ? look->line_room * 2 : 1024, sizeof *look->lines);
    struct line *line = &look->lines[look->line_count++];
    line->at = at;
    snprintf(line->text, TEXT, "%s", text);
}

/* `   1234:	mov    $0x27,%eax`. Any other line ends what is known of the one before. */
static void read_lines(struct look *look, FILE *from) {
    char *text = NULL, before[TEXT] = "";
    size_t room = 0;
    int64_t last = -1;
    for (ssize_t size; (size = getline(&text, &room, from)) > 0;) {
        char *end;
        while (size && (text[size - 1] == '\n' || text[size - 1] == ' ')) text[--size] = '\0';
        const uint64_t address = strtoull(text, &end, 16);
        if (starts(end, " <") && place_of(look, address) >= 0 && near_site(look, (uint64_t)place_of(look, address)))
            list_put(&look->targets, (uint64_t)place_of(look, address)); /* a symbol: who knows from where it is called */
        if (*text != ' ' || *end != ':' || end[1] != '\t') {
            if (*text == 'D') last = -1; /* the next section */
            continue;
        }
        const char *instruction = end + 2;
        const int64_t at = place_of(look, address);
        uint64_t target;
        if (at < 0) continue;
        if (last >= 0) check_length(look, (uint64_t)last, (uint64_t)at, before);
        last = at;
        snprintf(before, sizeof before, "%s", instruction);
        look->audit->instructions++;
        if (is_syscall(instruction)) check_site(look, (uint64_t)at);
        if (near_site(look, (uint64_t)at)) keep(look, (uint64_t)at, instruction);
        if (direct(instruction, &target) && place_of(look, target) >= 0 && near_site(look, (uint64_t)place_of(look, target))) list_put(&look->targets, (uint64_t)place_of(look, target));
    }
    free(text);
}

static bool disassemble(struct look *look) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC)) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    const pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], 1);
        execlp("objdump", "objdump", "-d", "-w", "-z", "--no-show-raw-insn", look->path, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    FILE *from = fdopen(pipes[0], "r");
    read_lines(look, from);
    fclose(from);
    int status;
    waitpid(child, &status, 0);
    return status == 0;
}

/* Whether a direct branch goes into what is between the two; both ends excluded. */
static bool entered(const struct look *look, uint64_t begin, uint64_t end) {
    size_t low = 0, high = look->targets.count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (look->targets.values[middle] <= begin) low = middle + 1;
        else high = middle;
    }
    return low < look->targets.count && look->targets.values[low] < end;
}

/* The line that begins there; line_count if none does. */
static size_t line_at(const struct look *look, uint64_t at) {
    size_t low = 0, high = look->line_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (look->lines[middle].at < at) low = middle + 1;
        else high = middle;
    }
    return low < look->line_count && look->lines[low].at == at ? low : look->line_count;
}

/* Writes rax as far as can be read: it is the last operand of what changes its last operand, or the mnemonic says so. */
static bool may_change_rax(const char *text) {
    static const char *const implied[] = {"mul", "imul", "div", "idiv", "cpuid", "cwtl", "cltq", "cbtw", "lods", "xchg", "cmpxchg", "xadd", "rdtsc", "leave", "call", "jmp", "ret", "syscall", "in ", "xgetbv", "lahf", "sysenter", "int"};
    const char *operand = strrchr(text, ',');
    if (starts(text, "cmp") || starts(text, "test") || starts(text, "push") || starts(text, "nop") || starts(text, "imul")) return starts(text, "cmpxchg") || (starts(text, "imul") && !operand);
    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++)
        if (starts(text, implied[i]) && !(starts(text, "xchg   %ax,%ax"))) return true;
    if (is_branch(text)) return true;
    operand = operand ? operand + 1 : strrchr(text, ' ') ? strrchr(text, ' ') + 1 : text;
    return !strcmp(operand, "%rax") || !strcmp(operand, "%eax") || !strcmp(operand, "%ax") || !strcmp(operand, "%al") || !strcmp(operand, "%ah");
}

static bool number_right(const struct look *look, const struct site *site) {
    char want[2][TEXT];
    const size_t i = line_at(look, site->at - site->since), end = line_at(look, site->at);
    if (i == look->line_count || (end == look->line_count && site->window)) return false;
    snprintf(want[0], TEXT, "mov    $0x%x,%%eax", (unsigned)site->number);
    snprintf(want[1], TEXT, "mov    $0x%x,%%rax", (unsigned)site->number);
    const char *text = look->lines[i].text;
    if (strcmp(text, want[0]) && strcmp(text, want[1]) && (site->number || (strcmp(text, "xor    %eax,%eax") && strcmp(text, "xor    %rax,%rax")))) return false;
    for (size_t k = i + 1; k < look->line_count && look->lines[k].at < site->at; k++)
        if (may_change_rax(look->lines[k].text) && !is_syscall(look->lines[k].text)) return false;
    return !entered(look, site->at - site->since, site->at + 1);
}

static bool window_right(const struct look *look, const struct site *site) {
    const size_t i = line_at(look, site->at - site->window), end = line_at(look, site->at);
    if (i == look->line_count || end == look->line_count || end - i != site->pieces || site->window < PADDING_LEAST) return false;
    for (size_t k = i; k < end; k++)
        if (is_branch(look->lines[k].text) || strstr(look->lines[k].text, "(%rip)") || starts(look->lines[k].text, "ret") || is_syscall(look->lines[k].text)) return false;
    return look->lines[end - 1].at > site->at - PADDING_LEAST - 15 && (end - i == 1 || site->at - look->lines[i + 1].at < PADDING_LEAST) &&
           !entered(look, site->at - site->window, site->at);
}

static bool behind_right(const struct look *look, const struct site *site) {
    const size_t i = line_at(look, site->at + 2), end = line_at(look, site->at + 2u + site->behind);
    if (i == look->line_count || end == look->line_count || site->behind < BEHIND_LEAST || look->lines[end - 1].at >= site->at + 2 + BEHIND_LEAST) return false;
    for (size_t k = i; k < end; k++)
        if (is_branch(look->lines[k].text) || strstr(look->lines[k].text, "(%rip)") || starts(look->lines[k].text, "ret") || is_syscall(look->lines[k].text)) return false;
    return !entered(look, site->at, site->at + 2u + site->behind);
}

static bool does_nothing(const char *text) {
    return strstr(text, "nop") || starts(text, "int3") || starts(text, "xchg   %ax,%ax") || starts(text, "data16");
}

static bool padding_right(const struct look *look, const struct site *site) {
    size_t i = line_at(look, site->padding), first = i;
    const int64_t distance = (int64_t)(site->padding - (site->at + 2));
    if (distance < -128 || distance > 127) return false;
    while (first == look->line_count && i > 0) { /* the padding may begin in the middle of a nop */
        uint64_t at = site->padding;
        while (line_at(look, at) == look->line_count && at + 15 > site->padding) at--;
        first = i = line_at(look, at);
        if (i == look->line_count) return false;
    }
    for (; i < look->line_count && look->lines[i].at < site->padding + PADDING_LEAST; i++)
        if (!does_nothing(look->lines[i].text)) return false;
    while (first > 0 && does_nothing(look->lines[first].text)) first--;
    const char *before = look->lines[first].text;
    if (!strstr(before, "ret") && !strstr(before, "jmp") && !starts(before, "hlt") && !starts(before, "ud2")) return false;
    for (size_t k = 0; k < look->site_count; k++) {
        const struct site *other = &look->sites[k];
        if (other != site && other->padding && other->padding < site->padding + PADDING_LEAST && site->padding < other->padding + PADDING_LEAST) return false;
    }
    return !entered(look, site->padding - 1, site->padding + PADDING_LEAST);
}

static void check_sites(struct look *look) {
    struct audit *audit = look->audit;
    if (look->targets.count) qsort(look->targets.values, look->targets.count, sizeof *look->targets.values, compare);
    for (size_t i = 0; i < look->site_count; i++) {
        const struct site *site = &look->sites[i];
        char more[64];
        snprintf(more, sizeof more, "number %d since %d window %d padding %#" PRIx64, site->number, site->since, site->window, site->padding);
        audit->numbers += site->number >= 0;
        audit->windows += site->window != 0;
        audit->several += site->pieces > 1;
        audit->paddings += site->padding != 0;
        audit->entered += site->entered;
        audit->behind += site->behind != 0;
        audit->neither += !site->window && !site->padding && !site->behind;
        if (!look->seen[i]) {
            audit->false_sites++;
            tell(look, site->at, "FALSE", more);
            continue;
        }
        const bool right[] = {site->number < 0 || number_right(look, site), !site->window || window_right(look, site), !site->padding || padding_right(look, site),
                              !site->behind || behind_right(look, site), site->entered || !entered(look, site->at - 1, site->at + 1)};
        static const char *const wrong[] = {"WRONG NUMBER", "WRONG WINDOW", "WRONG PADDING", "WRONG BEHIND", "NOT SEEN: a branch to the call"};
        for (size_t k = 0; k < sizeof right / sizeof *right; k++)
            if (!right[k]) audit->wrong++, tell(look, site->at, wrong[k], more);
    }
}

/* Bytes of a system call in the code: without them there is nothing that objdump could show. */
static bool has_candidates(const struct executable *executable) {
    for (unsigned i = 0; i < executable->code_count; i++)
        if (memmem(executable->file + executable->codes[i].begin, executable->codes[i].end - executable->codes[i].begin, "\x0f\x05", 2)) return true;
    return false;
}

static bool audit_bytes(struct look *look, const uint8_t *file, uint64_t size) {
    if (executable_read(file, size, &look->executable)) return false;
    look->audit->files++;
    const long count = sites_find(file, size, NULL, 0);
    if (!has_candidates(&look->executable)) {
        if (count) die(STATUS_LICHEN, "a site without its bytes (%s)", look->path);
        look->audit->bare++;
        return true;
    }
    look->functions = unwind_open(&look->unwind, &look->executable);
    look->site_count = (size_t)count;
    look->sites = must_alloc((look->site_count + 1) * sizeof *look->sites);
    look->seen = must_alloc(look->site_count + 1);
    memset(look->seen, 0, look->site_count + 1);
    if (sites_find(file, size, look->sites, look->site_count) != count) die(STATUS_LICHEN, "two answers (%s)", look->path);
    look->audit->sites += look->site_count;
    const bool told = disassemble(look);
    if (told) check_sites(look);
    return told;
}

bool audit_file(struct audit *audit, const char *path) {
    struct look look = {.audit = audit, .path = path};
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode) || status.st_size < 64) {
        if (fd >= 0) close(fd);
        return false;
    }
    const size_t size = (size_t)status.st_size;
    uint8_t *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED) return false;
    const bool done = audit_bytes(&look, file, size);
    munmap(file, size);
    free(look.sites);
    free(look.seen);
    free(look.lines);
    free(look.targets.values);
    return done;
}
