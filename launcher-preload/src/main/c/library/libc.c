/* Functions of the libc that is here, found in its symbol tables: dlsym is in another library with some, and would want to know who asks. */
#include "libc.h"

#include <elf.h>
#include <link.h>

int *errno_place(void) __asm__("__errno_location");
unsigned long anchor(unsigned long) __asm__("getauxval");

void set_errno(int error) { *errno_place() = error; }
int get_errno(void) { return *errno_place(); }

long told(long result) {
    if ((unsigned long)result <= -4096ul) return result;
    set_errno((int)-result);
    return -1;
}

char *text_copy(const char *text) {
    const size_t size = text_size(text) + 1;
    char *to = malloc(size);
    if (to) bytes_copy(to, text, size);
    return to;
}

const char *environment(const char *name) {
    const size_t size = text_size(name);
    for (char **at = environ; at && *at; at++)
        if (begins(*at, text_size(*at), name) && (*at)[size] == '=') return *at + size + 1;
    return NULL;
}

/* ---- symbol tables */

struct tables {
    const Elf64_Sym *symbols;
    const char *strings;
    const uint16_t *versions;
    const uint32_t *gnu, *sysv;
};

struct search {
    const char *name;
    uint32_t hash;
    uint64_t found;
    bool variable, all, begun, passed;
};

static struct search search_for(const char *name) {
    struct search search = {.name = name, .hash = 5381};
    for (const char *at = name; *at; at++) search.hash = search.hash * 33 + (uint8_t)*at;
    return search;
}

static uint64_t at_base(uint64_t value, uint64_t base) { return value < base ? value + base : value; } /* glibc has relocated them in place, musl has not */

static void read_tables(const struct dl_phdr_info *info, struct tables *tables) {
    const Elf64_Dyn *dynamic = NULL;
    *tables = (struct tables){0};
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) dynamic = (const Elf64_Dyn *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        const uint64_t at = at_base(dynamic->d_un.d_ptr, info->dlpi_addr);
        switch (dynamic->d_tag) {
            case DT_SYMTAB: tables->symbols = (const Elf64_Sym *)at; break;
            case DT_STRTAB: tables->strings = (const char *)at; break;
            case DT_VERSYM: tables->versions = (const uint16_t *)at; break;
            case DT_GNU_HASH: tables->gnu = (const uint32_t *)at; break;
            case DT_HASH: tables->sysv = (const uint32_t *)at; break;
            default: break;
        }
    }
}

static bool is_it(const struct tables *tables, uint32_t index, const char *name) {
    const Elf64_Sym *symbol = &tables->symbols[index];
    const char *at = tables->strings + symbol->st_name;
    if (symbol->st_shndx == SHN_UNDEF || !is_text(at, text_size(at), name)) return false;
    return !tables->versions || !(tables->versions[index] & 0x8000); /* hidden: an old version */
}

static uint32_t look_up(const struct tables *tables, const struct search *search) {
    if (tables->gnu) {
        const uint32_t buckets = tables->gnu[0], first = tables->gnu[1], words = tables->gnu[2];
        const uint32_t *bucket = tables->gnu + 4 + 2 * words, *chain = bucket + buckets;
        for (uint32_t i = buckets ? bucket[search->hash % buckets] : 0; i >= first && i; i++) {
            if ((chain[i - first] | 1) == (search->hash | 1) && is_it(tables, i, search->name)) return i;
            if (chain[i - first] & 1) break;
        }
    } else if (tables->sysv) {
        for (uint32_t i = 1; i < tables->sysv[1]; i++)
            if (is_it(tables, i, search->name)) return i;
    }
    return 0;
}

typedef int iterate_function(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data);

/* Libc's own dl_iterate_phdr, for ours has its name. It is where another function is that nobody takes the place of, and what is linked together lies together. */
static iterate_function *real_iterate(void) {
    static iterate_function *found;
    iterate_function *function = __atomic_load_n(&found, __ATOMIC_ACQUIRE);
    if (function) return function;
    uint64_t at = (uint64_t)anchor & ~4095ull;
    while (!bytes_equal((const char *)at, ELFMAG, SELFMAG)) at -= 4096;
    const Elf64_Ehdr *file = (const Elf64_Ehdr *)at;
    const struct dl_phdr_info info = {.dlpi_addr = at, .dlpi_phdr = (const Elf64_Phdr *)(at + file->e_phoff), .dlpi_phnum = file->e_phnum};
    struct search search = search_for("dl_iterate_phdr");
    struct tables tables;
    read_tables(&info, &tables);
    function = (iterate_function *)(at + tables.symbols[look_up(&tables, &search)].st_value);
    __atomic_store_n(&found, function, __ATOMIC_RELEASE);
    return function;
}
static int iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) { return real_iterate()(callback, data); }

/* What is there when the program begins stays, so it can be looked through without the linker's lock: in a forked child that may be held by a thread which is not there. */
enum { OBJECTS = 512 };
static struct {
    uint64_t address;
    const Elf64_Phdr *headers;
    uint16_t count;
} objects[OBJECTS];
static unsigned object_count;

static int keep_object(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    objects[object_count].address = info->dlpi_addr;
    objects[object_count].headers = info->dlpi_phdr;
    objects[object_count].count = info->dlpi_phnum;
    return ++object_count == OBJECTS;
}
void libc_begin(void) { iterate(keep_object, NULL); }

static void look_through(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) {
    for (unsigned i = 0; i < object_count; i++) {
        struct dl_phdr_info info = {.dlpi_addr = objects[i].address, .dlpi_phdr = objects[i].headers, .dlpi_phnum = objects[i].count};
        if (callback(&info, sizeof info, data)) return;
    }
}

static bool is_own(const struct dl_phdr_info *info) {
    const uint64_t here = (uint64_t)&library;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && here - (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) < info->dlpi_phdr[i].p_memsz) return true;
    return false;
}

static int look_in(struct dl_phdr_info *info, size_t size, void *data) {
    struct search *search = data;
    struct tables tables;
    (void)size;
    if (is_own(info)) {
        search->passed = true;
        return 0;
    }
    const bool program = !search->begun;
    search->begun = true;
    if (!search->variable && (program || (!search->passed && !search->all))) return 0; /* functions that the program has in the place of libc's are its own affair */
    read_tables(info, &tables);
    const uint32_t index = tables.symbols && tables.strings ? look_up(&tables, search) : 0;
    if (!index) return 0;
    const Elf64_Sym *symbol = &tables.symbols[index];
    search->found = info->dlpi_addr + symbol->st_value;
    if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC) search->found = ((uint64_t(*)(void))search->found)();
    return 1;
}

static void *find(const char *name, bool variable) {
    for (int loaded_later = 0; loaded_later < 2; loaded_later++) {
        for (int in_front = 0; in_front < 2; in_front++) { /* musl's stands in front of us */
            struct search search = search_for(name);
            search.variable = variable;
            search.all = in_front;
            if (loaded_later) iterate(look_in, &search);
            else look_through(look_in, &search);
            if (search.found) return (void *)search.found;
        }
    }
    return NULL;
}

unsigned libc_loaded = 1;
void *libc_find(const char *name) { return find(name, false); }
void *libc_variable(const char *name) { return find(name, true); }

static int look_at_program(struct dl_phdr_info *info, size_t size, void *data) {
    uint64_t *extent = data;
    (void)size;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const Elf64_Phdr *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD) continue;
        uint64_t *at = extent + (part->p_flags & PF_W ? 2 : 0);
        if (!(part->p_flags & (PF_X | PF_W))) continue;
        at[0] = info->dlpi_addr + part->p_vaddr;
        at[1] = at[0] + part->p_filesz;
    }
    return 1;
}

void libc_program(uint64_t extent[4]) { iterate(look_at_program, extent); }

/* ---- what programs are told of what is loaded: the guest's paths, and of the library that there is something without a name, for its frames are unwound too */

struct telling {
    int (*callback)(struct dl_phdr_info *, size_t, void *);
    void *data;
    bool begun;
};
static int tell_of(struct dl_phdr_info *info, size_t size, void *data) {
    struct telling *telling = data;
    struct dl_phdr_info copy;
    const bool program = !telling->begun;
    telling->begun = true;
    bytes_copy(&copy, info, size < sizeof copy ? size : sizeof copy);
    if (is_own(info)) copy.dlpi_name = "";
    else if (program && library.musl) copy.dlpi_name = engine.executable; /* it takes its name from the arguments */
    else if (copy.dlpi_name && *copy.dlpi_name == '/') copy.dlpi_name = library_name(copy.dlpi_name);
    return telling->callback(&copy, size < sizeof copy ? size : sizeof copy, telling->data);
}
int lib_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) EXPORTED("dl_iterate_phdr");
int lib_iterate(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data) {
    struct telling telling = {callback, data, false};
    return library_ready() ? iterate(tell_of, &telling) : iterate(callback, data);
}
