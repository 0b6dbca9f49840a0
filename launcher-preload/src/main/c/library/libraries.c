/* dlopen: libraries of the container, and what they need, found as its dynamic linker would, and opened by links to them. */
#include <dlfcn.h>

#include "closure.h"
#include "library.h"

typedef void *dlopen_function(const char *name, int flags);
typedef void *dlmopen_function(long space, const char *name, int flags);
typedef int dlclose_function(void *handle);

static const char NOWHERE[] = "/proc/self/no/";

struct opening {
    struct closure *closure;
    const char *name, *program; /* the program's path on the host */
};

static long search(struct call *call) {
    struct opening *opening = data_of(call);
    struct closure *closure = closure_make(call, library.musl ? LINKER_MUSL : LINKER_GLIBC, environment("LD_LIBRARY_PATH"));
    char origin[PATH_ROOM];
    opening->closure = closure;
    if (!closure) return -ENOMEM;
    put_text(origin, engine.executable);
    size_t end = text_size(origin);
    while (end > 1 && origin[end - 1] != '/') end--;
    const char *at = closure_text(closure, origin, end > 1 ? end - 1 : end);
    closure_program(closure, opening->program, at ? at : "/");
    const int wanted = closure_want(closure, opening->name, 0, false);
    closure_complete(closure, 1);
    closure_link_more(closure, 1, library.links);
    return wanted > 0 && closure->objects[wanted].host ? wanted : -ENOENT;
}

static const char *path_of(const struct object *object, char path[PATH_ROOM]) {
    if (text_has(object->name, '/')) return object->host;
    if (text_size(library.links) + text_size(object->name) + 2 > PATH_ROOM) return object->host;
    put_text(put_text(put_text(path, library.links), "/"), object->name);
    return path;
}

/* What it needs is opened before it, the last first, so that nothing is left for the linker to search. One that is here already is found by its name. */
static void *open_found(const struct opening *opening, long wanted, int flags, long space, bool spaced) {
    enum { HELD = 256 };
    const struct closure *closure = opening->closure;
    char path[PATH_ROOM];
    void *held[HELD];
    unsigned count = 0;
    dlopen_function *const open = LIBC(dlopen_function, dlopen);
    for (unsigned i = closure->count; !spaced && i-- > 1 && count < HELD;) {
        const struct object *object = &closure->objects[i];
        if ((long)i == wanted || !object->host) continue;
        void *handle = open(object->name, RTLD_LAZY | RTLD_NOLOAD);
        if (!handle) handle = open(path_of(object, path), RTLD_LAZY);
        if (handle) held[count++] = handle;
    }
    const char *at = path_of(&closure->objects[wanted], path);
    void *handle = spaced ? LIBC(dlmopen_function, dlmopen)(space, at, flags) : open(at, flags);
    while (count) LIBC(dlclose_function, dlclose)(held[--count]);
    return handle || spaced ? handle : open(at, flags); /* again, for dlerror to tell of it */
}

static void *open_library(const char *name, int flags, long space, bool spaced) {
    struct opening opening = {.name = name, .program = library.program};
    dlopen_function *const open = LIBC(dlopen_function, dlopen);
    if (!name || !*name || !library_ready()) return spaced ? LIBC(dlmopen_function, dlmopen)(space, name, flags) : open(name, flags);
    if (!spaced && !text_has(name, '/')) { /* one that is here is found by its name */
        void *handle = open(name, flags | RTLD_NOLOAD);
        if (handle || flags & RTLD_NOLOAD) return handle;
    }
    const long wanted = engine_do(search, &opening);
    void *handle;
    if (wanted < 0) { /* so that there is something for dlerror to tell of: nothing is in that directory */
        char path[PATH_ROOM];
        put_text(put_text(path, NOWHERE), text_size(name) + sizeof NOWHERE < PATH_ROOM ? name : "");
        handle = open(path, flags);
    } else {
        handle = open_found(&opening, wanted, flags, space, spaced);
    }
    if (opening.closure) closure_free(opening.closure);
    return handle;
}

static void *opened(void *handle) {
    if (handle) __atomic_fetch_add(&libc_loaded, 1, __ATOMIC_RELEASE);
    return handle;
}

void *lib_dlopen(const char *name, int flags) EXPORTED("dlopen");
void *lib_dlopen(const char *name, int flags) { return opened(open_library(name, flags, 0, false)); }
void *lib_dlmopen(long space, const char *name, int flags) EXPORTED("dlmopen");
void *lib_dlmopen(long space, const char *name, int flags) { return opened(open_library(name, flags, space, true)); }

/* What is not found is told by the name that was asked for. */
typedef char *dlerror_function(void);
char *lib_dlerror(void) EXPORTED("dlerror");
char *lib_dlerror(void) {
    char *text = LIBC(dlerror_function, dlerror)();
    const size_t skip = sizeof NOWHERE - 1;
    for (char *at = text; at && *at; at++)
        if (begins(at, text_size(at), NOWHERE)) bytes_move(at, at + skip, text_size(at + skip) + 1);
    return text;
}

/* ---- where a library is: links, and the host's paths, become the guest's */

struct naming {
    const char *host;
    char *guest; /* PATH_ROOM */
};
static long name_of(struct call *call) {
    const struct naming *naming = data_of(call);
    struct union_place *place = &scratch_of(call)->place;
    char *path = scratch_of(call)->path;
    const size_t links = text_size(library.links);
    size_t size = text_size(naming->host);
    if (size >= PATH_ROOM) return -ENAMETOOLONG;
    bytes_copy(path, naming->host, size + 1);
    if (begins(path, size, library.links) && path[links] == '/') {
        const long target = SYS(readlink, naming->host, path, PATH_ROOM - 1);
        if (target < 0) return target;
        size = (size_t)target;
    }
    const long result = union_detranslate(&engine.tree, place, path, size);
    if (result < 0) return result;
    bytes_copy(naming->guest, place->guest, place->size);
    naming->guest[place->size] = 0;
    return 0;
}

/* Names are kept for good, each once. */
const char *library_name(const char *host) {
    static struct kept {
        struct kept *next;
        size_t host; /* where it begins in `names` */
        char names[]; /* the guest's, and the host's */
    } *all;
    char guest[PATH_ROOM];
    struct naming naming = {host, guest};
    for (struct kept *at = __atomic_load_n(&all, __ATOMIC_ACQUIRE); at; at = at->next)
        if (is_text(host, text_size(host), at->names + at->host)) return at->names;
    if (engine_do(name_of, &naming) < 0) return host;
    struct kept *one = malloc(sizeof *one + text_size(guest) + text_size(host) + 2);
    if (!one) return host;
    put_text(one->names, guest);
    one->host = text_size(guest) + 1;
    put_text(one->names + one->host, host);
    one->next = __atomic_load_n(&all, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&all, &one->next, one, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {}
    return one->names;
}

typedef int dladdr_function(const void *address, Dl_info *info);
int lib_dladdr(const void *address, Dl_info *info) EXPORTED("dladdr");
int lib_dladdr(const void *address, Dl_info *info) {
    const int result = LIBC(dladdr_function, dladdr)(address, info);
    if (result && info->dli_fname && *info->dli_fname == '/') info->dli_fname = library_name(info->dli_fname);
    return result;
}
typedef int dladdr1_function(const void *address, Dl_info *info, void **extra, int flags);
int lib_dladdr1(const void *address, Dl_info *info, void **extra, int flags) EXPORTED("dladdr1");
int lib_dladdr1(const void *address, Dl_info *info, void **extra, int flags) {
    const int result = LIBC(dladdr1_function, dladdr1)(address, info, extra, flags);
    if (result && info->dli_fname && *info->dli_fname == '/') info->dli_fname = library_name(info->dli_fname);
    return result;
}
