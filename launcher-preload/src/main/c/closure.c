#include "closure.h"

#include <elf.h>

enum { READ = 1, PRIVATE = 2, NO_RESERVE = 0x4000, RECORDS_MOST = 4096 };

struct closure *closure_make(struct call *call, enum linker linker, const char *library_path) {
    const long memory = SYS(mmap, 0, sizeof(struct closure) + ARENA, SYS_PROT_RW, SYS_MAP_SCRATCH | NO_RESERVE, -1, 0);
    if (memory < 0) return NULL;
    struct closure *closure = (struct closure *)memory;
    closure->call = call;
    closure->linker = linker;
    closure->library_path = library_path;
    closure->arena = (char *)(closure + 1);
    return closure;
}

static void unmap(const void *data, uint64_t size) {
    if (data) SYS(munmap, data, size);
}

void closure_free(struct closure *closure) {
    for (unsigned i = 0; i < closure->count; i++) unmap(closure->objects[i].data, closure->objects[i].size);
    unmap(closure->cache, closure->cache_size);
    SYS(munmap, closure, sizeof *closure + ARENA);
}

char *closure_text(struct closure *closure, const char *text, size_t size) {
    char *to = closure->arena + closure->used;
    if (size + 1 > ARENA - closure->used) return NULL;
    bytes_copy(to, text, size);
    to[size] = 0;
    closure->used += size + 1;
    return to;
}

/* ---- files of the guest's */

/* Maps a file that a guest path leads to; `host` gets its host path (PATH_ROOM). */
static const void *map_file(struct closure *closure, const char *path, char *host, uint64_t *size) {
    struct union_place *place = &scratch_of(closure->call)->other;
    const void *data = NULL;
    if (union_resolve(&engine.tree, place, AT_FDCWD, path, 0) < 0) return NULL;
    if (place->dir == AT_FDCWD && is_file(&place->status) && place->status.size > 0 && text_size(place->path) < PATH_ROOM) {
        const long fd = sys_openat(AT_FDCWD, place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
        *size = (uint64_t)place->status.size;
        const long at = fd < 0 ? fd : SYS(mmap, 0, *size, READ, PRIVATE, fd, 0);
        sys_close(fd);
        if (at >= 0) data = (const void *)at;
        if (at >= 0 && host) bytes_copy(host, place->path, text_size(place->path) + 1);
    }
    union_release(place);
    return data;
}

/* ---- what an ELF file says */

struct dynamic {
    const Elf64_Dyn *entries;
    uint64_t count;
    const char *strings;
    uint64_t strings_size;
};

static bool is_library(const void *data, uint64_t size) {
    const Elf64_Ehdr *file = data;
    return size >= sizeof *file && bytes_equal(file->e_ident, ELFMAG, SELFMAG) && file->e_ident[EI_CLASS] == ELFCLASS64 && file->e_machine == EM_X86_64 &&
           file->e_phentsize == sizeof(Elf64_Phdr) && file->e_phoff <= size && file->e_phnum * sizeof(Elf64_Phdr) <= size - file->e_phoff;
}

static bool dynamic_of(const void *data, uint64_t size, struct dynamic *dynamic) {
    const Elf64_Ehdr *file = data;
    const Elf64_Phdr *headers = (const Elf64_Phdr *)((const char *)data + file->e_phoff);
    uint64_t strings = 0;
    dynamic->entries = NULL;
    for (unsigned i = 0; i < file->e_phnum; i++) {
        if (headers[i].p_type != PT_DYNAMIC || headers[i].p_offset > size || headers[i].p_filesz > size - headers[i].p_offset) continue;
        dynamic->entries = (const Elf64_Dyn *)((const char *)data + headers[i].p_offset);
        dynamic->count = headers[i].p_filesz / sizeof(Elf64_Dyn);
    }
    for (uint64_t i = 0; dynamic->entries && i < dynamic->count && dynamic->entries[i].d_tag != DT_NULL; i++)
        if (dynamic->entries[i].d_tag == DT_STRTAB) strings = dynamic->entries[i].d_un.d_ptr;
    for (unsigned i = 0; strings && i < file->e_phnum; i++) {
        const Elf64_Phdr *part = &headers[i];
        if (part->p_type != PT_LOAD || strings < part->p_vaddr || strings - part->p_vaddr >= part->p_filesz) continue;
        const uint64_t at = part->p_offset + (strings - part->p_vaddr);
        if (at >= size) return false;
        dynamic->strings = (const char *)data + at;
        dynamic->strings_size = size - at;
        return true;
    }
    return false;
}

static const char *string_at(struct closure *closure, const struct dynamic *dynamic, uint64_t at) {
    if (at >= dynamic->strings_size) return NULL;
    uint64_t size = 0;
    while (size < dynamic->strings_size - at && dynamic->strings[at + size]) size++;
    return closure_text(closure, dynamic->strings + at, size);
}

static void read_paths(struct closure *closure, struct object *object) {
    struct dynamic dynamic;
    if (!dynamic_of(object->data, object->size, &dynamic)) return;
    for (uint64_t i = 0; i < dynamic.count && dynamic.entries[i].d_tag != DT_NULL; i++) {
        if (dynamic.entries[i].d_tag == DT_RPATH) object->rpath = string_at(closure, &dynamic, dynamic.entries[i].d_un.d_val);
        if (dynamic.entries[i].d_tag == DT_RUNPATH) object->runpath = string_at(closure, &dynamic, dynamic.entries[i].d_un.d_val);
    }
}

/* ---- the search */

static bool take(struct closure *closure, struct object *object, const char *path, const char *origin, size_t origin_size) {
    char host[PATH_ROOM];
    uint64_t size;
    const void *data = map_file(closure, path, host, &size);
    if (!data) return false;
    if (!is_library(data, size)) {
        unmap(data, size);
        return false;
    }
    object->data = data, object->size = size;
    object->host = closure_text(closure, host, text_size(host));
    object->origin = closure_text(closure, origin, origin_size);
    read_paths(closure, object);
    return object->host && object->origin;
}

/* `$ORIGIN` becomes the directory of whose path it is. */
static size_t expand(const char *from, size_t size, const char *origin, char *to, size_t room) {
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        const bool plain = begins(from + at, size - at, "$ORIGIN"), braced = begins(from + at, size - at, "${ORIGIN}");
        const char *put = plain || braced ? origin : from + at;
        const size_t put_size = plain || braced ? text_size(origin) : 1;
        if (used + put_size >= room) return 0;
        bytes_copy(to + used, put, put_size);
        used += put_size;
        at += plain ? 7 : braced ? 9 : 1;
    }
    return used;
}

static bool search(struct closure *closure, struct object *object, const char *path, const char *origin, const char *separators) {
    char file[PATH_ROOM];
    const size_t name = text_size(object->name);
    while (path) {
        size_t size = 0;
        while (path[size] && path[size] != separators[0] && path[size] != separators[1]) size++;
        size_t used = expand(path, size, origin, file, PATH_ROOM);
        if (used == 0 && size == 0) file[used++] = '.';
        if (used && used + name + 2 < PATH_ROOM) {
            file[used] = '/';
            bytes_copy(file + used + 1, object->name, name + 1);
            if (take(closure, object, file, file, used)) return true;
        }
        path = path[size] ? path + size + 1 : NULL;
    }
    return false;
}

static uint32_t word_at(const char *at) {
    uint32_t value;
    bytes_copy(&value, at, sizeof value);
    return value;
}

/* ld.so.cache as ldconfig writes it: an old table that nobody asks any more may stand in front of the one that counts. */
static bool search_cache(struct closure *closure, struct object *object) {
    enum { HEAD = 48, RECORD = 24, OLD_HEAD = 16, OLD_RECORD = 12, X86_64_LIBC6 = 0x0303 };
    if (!closure->cache) closure->cache = map_file(closure, "/etc/ld.so.cache", NULL, &closure->cache_size);
    const char *at = closure->cache;
    uint64_t size = at ? closure->cache_size : 0;
    if (size > OLD_HEAD && begins(at, size, "ld.so-1.7.0")) {
        const uint64_t skip = (OLD_HEAD + (uint64_t)word_at(at + 12) * OLD_RECORD + 7) & ~7ull;
        if (skip >= size) return false;
        at += skip, size -= skip;
    }
    if (size < HEAD || !begins(at, size, "glibc-ld.so.cache1.1")) return false;
    const uint64_t count = word_at(at + 20), name = text_size(object->name) + 1;
    for (uint64_t i = 0; i < count && HEAD + (i + 1) * RECORD <= size; i++) {
        const char *record = at + HEAD + i * RECORD;
        const uint64_t key = word_at(record + 4), value = word_at(record + 8);
        if (word_at(record) != X86_64_LIBC6 || word_at(record + 16) || word_at(record + 20) || key >= size || value >= size) continue; /* the last two: for special processors */
        if (name > size - key || !bytes_equal(at + key, object->name, name)) continue;
        char path[PATH_ROOM];
        uint64_t length = 0, directory = 0;
        for (; length < size - value && length < PATH_ROOM - 1 && at[value + length]; length++) {
            path[length] = at[value + length];
            if (path[length] == '/') directory = length;
        }
        path[length] = 0;
        if (take(closure, object, path, path, directory)) return true;
    }
    return false;
}

/* musl: what its own file says. */
static const char *system_path(struct closure *closure) {
    uint64_t size;
    if (closure->system) return closure->system;
    const char *data = map_file(closure, "/etc/ld-musl-x86_64.path", NULL, &size);
    closure->system = data ? closure_text(closure, data, size) : "/lib:/usr/local/lib:/usr/lib";
    unmap(data, data ? size : 0);
    return closure->system;
}

static const char *origin_of(const struct closure *closure, int index) { return index >= 0 ? closure->objects[index].origin : "/"; }

static bool find_glibc(struct closure *closure, struct object *object) {
    const struct object *by = object->loader >= 0 ? &closure->objects[object->loader] : NULL;
    if (!by || !by->runpath) {
        for (int i = object->loader; i >= 0; i = closure->objects[i].loader)
            if (!closure->objects[i].runpath && search(closure, object, closure->objects[i].rpath, origin_of(closure, i), "::")) return true;
        const struct object *program = &closure->objects[0];
        if (closure->count && !program->runpath && search(closure, object, program->rpath, program->origin, "::")) return true;
    }
    return search(closure, object, closure->library_path, origin_of(closure, 0), ":;") || (by && search(closure, object, by->runpath, by->origin, "::")) || search_cache(closure, object) ||
           search(closure, object, "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:/lib64:/usr/lib64:/lib:/usr/lib", "/", "::");
}

static bool find_musl(struct closure *closure, struct object *object) {
    if (search(closure, object, closure->library_path, origin_of(closure, 0), ":\n")) return true;
    for (int i = object->loader; i >= 0; i = closure->objects[i].loader) {
        const struct object *by = &closure->objects[i];
        if (search(closure, object, by->runpath ? by->runpath : by->rpath, by->origin, ":\n")) return true;
    }
    return search(closure, object, system_path(closure), "/", ":\n");
}

bool closure_is_linker(const struct closure *closure, const char *name) {
    static const char *const NAMES[] = {"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet."};
    for (unsigned i = 0; closure->linker == LINKER_MUSL && i < sizeof NAMES / sizeof *NAMES; i++)
        if (begins(name, text_size(name), NAMES[i])) return true;
    return false;
}

static void find(struct closure *closure, struct object *object) {
    if (closure_is_linker(closure, object->name)) return;
    if (text_has(object->name, '/')) {
        size_t directory = text_size(object->name);
        while (directory > 1 && object->name[directory - 1] != '/') directory--;
        take(closure, object, object->name, object->name, directory > 1 ? directory - 1 : 1);
    } else if (closure->linker == LINKER_MUSL) {
        find_musl(closure, object);
    } else {
        find_glibc(closure, object);
    }
}

void closure_program(struct closure *closure, const char *host, const char *origin) {
    struct object *object = &closure->objects[closure->count++];
    struct union_status status;
    object->name = object->host = host;
    object->origin = origin;
    object->loader = -1;
    const long fd = sys_openat(AT_FDCWD, host, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0 && sys_fstat((int)fd, &status) == 0 && status.size > 0) {
        const long at = SYS(mmap, 0, status.size, READ, PRIVATE, fd, 0);
        if (at >= 0) object->data = (const void *)at, object->size = (uint64_t)status.size;
    }
    sys_close(fd);
    if (object->data && is_library(object->data, object->size)) read_paths(closure, object);
}

int closure_want(struct closure *closure, const char *name, int loader, bool optional) {
    for (unsigned i = 0; i < closure->count; i++)
        if (is_text(name, text_size(name), closure->objects[i].name)) return (int)i;
    if (closure->count == OBJECTS) return -1;
    struct object *object = &closure->objects[closure->count++];
    object->name = name;
    object->loader = loader;
    object->optional = optional;
    find(closure, object);
    return (int)(object - closure->objects);
}

void closure_complete(struct closure *closure, unsigned from) {
    for (unsigned i = from; i < closure->count; i++) {
        struct object *object = &closure->objects[i];
        struct dynamic dynamic;
        if (!object->data || !is_library(object->data, object->size) || !dynamic_of(object->data, object->size, &dynamic)) continue;
        for (uint64_t k = 0; k < dynamic.count && dynamic.entries[k].d_tag != DT_NULL; k++) {
            if (dynamic.entries[k].d_tag != DT_NEEDED) continue;
            const char *name = string_at(closure, &dynamic, dynamic.entries[k].d_un.d_val);
            if (name) closure_want(closure, name, (int)i, object->optional);
        }
    }
}

/* ---- links */

static void link_all(const struct closure *closure, unsigned from, char *path) {
    char *end = path + text_size(path);
    for (unsigned i = from; i < closure->count; i++) {
        const struct object *object = &closure->objects[i];
        if (!object->host || text_has(object->name, '/') || (size_t)(end - path) + text_size(object->name) + 2 > PATH_ROOM) continue;
        put_text(put_text(end, "/"), object->name);
        SYS(symlink, object->host, path);
    }
    *end = 0;
}

void closure_link_more(const struct closure *closure, unsigned from, const char *path) {
    char room[PATH_ROOM];
    put_text(room, path);
    link_all(closure, from, room);
}

static void remove_links(const struct closure *closure, char *path) {
    char *end = path + text_size(path);
    for (unsigned i = 0; i < closure->count; i++) {
        const struct object *object = &closure->objects[i];
        if (!object->host || text_has(object->name, '/') || (size_t)(end - path) + text_size(object->name) + 2 > PATH_ROOM) continue;
        put_text(put_text(end, "/"), object->name);
        SYS(unlink, path);
    }
    *end = 0;
    SYS(rmdir, path);
}

long closure_link(const struct closure *closure, char *path) {
    char beside[PATH_ROOM];
    uint64_t hash = HASH_START;
    for (unsigned i = 0; i < closure->count; i++) {
        const struct object *object = &closure->objects[i];
        if (!object->host || text_has(object->name, '/')) continue;
        hash = hash_add(hash, object->name, text_size(object->name) + 1);
        hash = hash_add(hash, object->host, text_size(object->host) + 1);
    }
    if (text_size(engine.config->own) + 64 > PATH_ROOM) return -ENAMETOOLONG;
    char *end = put_text(put_text(path, engine.config->own), "/links");
    const long made = SYS(mkdir, path, 0700);
    if (made < 0 && made != -EEXIST) return made;
    *end++ = '/';
    end = put_hex(end, hash, 16);
    if (SYS(access, path, 0) == 0) return 0;
    put_decimal(put_text(put_text(beside, path), "."), (uint64_t)SYS(getpid, 0));
    long result = SYS(mkdir, beside, 0700);
    if (result < 0 && result != -EEXIST) return result;
    link_all(closure, 0, beside);
    result = SYS(rename, beside, path);
    if (result < 0) remove_links(closure, beside);
    return result == -EEXIST || result == -ENOTEMPTY ? 0 : result; /* somebody else was faster */
}
