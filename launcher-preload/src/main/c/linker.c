/* The engine as a library: the stage executes the dynamic linker that the program names, and has it load the library first, the program, and of libraries the container's. */
#include "closure.h"
#include "library/state.h"
#include "start.h"

/* What a dynamic linker can do is told by the options that it knows. */
struct abilities {
    enum linker kind;
    bool named, preloads; /* --argv0; --preload */
};

static bool finds(const char *text, uint64_t size, const char *word, size_t length) {
    for (uint64_t i = 0; i + length <= size; i++)
        if (text[i] == word[0] && bytes_equal(text + i, word, length)) return true;
    return false;
}

/* Reading all of it costs as much as the rest of the start, so what was found is kept: as a link that leads nowhere, which is made and read at once. */
static struct abilities abilities_of(const char *path) {
    struct abilities found = {LINKER_GLIBC, false, false};
    struct union_status status;
    char note[PATH_ROOM], text[8];
    const long fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0 || sys_fstat((int)fd, &status) < 0 || text_size(engine.config->own) + 80 > PATH_ROOM) stage_fail(STATUS_NOT_EXECUTABLE, "cannot read the program's dynamic linker", path, fd < 0 ? fd : -EINVAL);
    const uint64_t identity[] = {status.dev, status.ino, (uint64_t)status.size, (uint64_t)status.change.seconds, (uint64_t)status.change.nanoseconds};
    put_hex(put_text(put_text(note, engine.config->own), "/linker-"), hash_add(HASH_START, (const char *)identity, sizeof identity), 16);
    if (SYS(readlink, note, text, sizeof text) == 3) {
        SYS(close, fd);
        return (struct abilities){text[0] == 'm' ? LINKER_MUSL : LINKER_GLIBC, text[1] == 'n', text[2] == 'p'};
    }
    const long at = SYS(mmap, 0, status.size, 1, 2, fd, 0);
    SYS(close, fd);
    if (at < 0) stage_fail(STATUS_NOT_EXECUTABLE, "cannot read the program's dynamic linker", path, at);
    const char *text_at = (const char *)at;
    const uint64_t size = (uint64_t)status.size;
    const bool glibc = finds(text_at, size, "--inhibit-cache", sizeof "--inhibit-cache");
    found.kind = glibc ? LINKER_GLIBC : LINKER_MUSL;
    found.named = glibc ? finds(text_at, size, "--argv0", sizeof "--argv0") : finds(text_at, size, "argv", 4); /* musl's are compared as numbers */
    found.preloads = !glibc || finds(text_at, size, "--preload", sizeof "--preload");
    SYS(munmap, at, status.size);
    const char kept[] = {glibc ? 'g' : 'm', found.named ? 'n' : '-', found.preloads ? 'p' : '-', 0};
    SYS(symlink, kept, note);
    return found;
}

static char *variable(char **environment, const char *name) {
    for (; *environment; environment++)
        if (begins(*environment, text_size(*environment), name)) return *environment + text_size(name);
    return NULL;
}

/* The dynamic linker is not to see what the guest tells its own: the library gives it back. */
static void hide_variables(char **environment) {
    static const char *const NAMES[] = {"LD_LIBRARY_PATH=", "LD_PRELOAD=", "LD_AUDIT="};
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char *value = variable(environment, NAMES[i]);
        if (value) *(value - text_size(NAMES[i])) = HIDDEN;
    }
}

/* As the linker says it, and with its status. */
static void check_missing(const struct closure *closure, const char *program) {
    for (unsigned i = 1; i < closure->count; i++) {
        const struct object *object = &closure->objects[i];
        if (object->host || object->optional || closure_is_linker(closure, object->name) || (object->loader >= 0 && closure->objects[object->loader].optional)) continue;
        char text[3 * PATH_ROOM], *end = text;
        if (text_size(object->name) + text_size(program) > 2 * PATH_ROOM) continue;
        if (closure->linker == LINKER_MUSL) {
            end = put_text(put_text(put_text(end, "Error loading shared library "), object->name), ": No such file or directory (needed by ");
            end = put_text(put_text(end, object->loader > 0 ? closure->objects[object->loader].name : program), ")\n");
        } else {
            end = put_text(put_text(put_text(end, program), ": error while loading shared libraries: "), object->name);
            end = put_text(end, ": cannot open shared object file: No such file or directory\n");
        }
        SYS(write, 2, text, end - text);
        for (;;) SYS(exit_group, STATUS_NOT_FOUND);
    }
}

/* What the guest wants to be loaded first. */
static void add_preloads(struct closure *closure, const char *list) {
    while (list && *list) {
        size_t size = 0;
        while (list[size] && list[size] != ':' && list[size] != ' ') size++;
        const char *name = size ? closure_text(closure, list, size) : NULL;
        const int index = name ? closure_want(closure, name, 0, false) : -1;
        if (index > 0 && !closure->objects[index].host) {
            closure->objects[index].optional = true;
            char text[2 * PATH_ROOM];
            char *end = size < PATH_ROOM ? put_text(put_text(put_text(text, "ERROR: ld.so: object '"), name), "' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.\n") : text;
            SYS(write, 2, text, end - text);
        }
        list += size + (list[size] != 0);
    }
}

/* glibc opens these by itself, when it needs them. */
static void add_own(struct closure *closure) {
    static const char *const NAMES[] = {"libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2", "libresolv.so.2"};
    for (unsigned i = 0; i < sizeof NAMES / sizeof *NAMES; i++) closure_want(closure, NAMES[i], -1, true);
}

static char *put_checked(struct closure *closure, const char *text) {
    char *at = closure_text(closure, text, text_size(text));
    if (!at) stage_fail(STATUS_LICHEN, "cannot map memory", NULL, -ENOMEM);
    closure->used--; /* what comes next goes on from here */
    return at;
}

/* The library, and what the guest has told to load first, by paths. */
static const char *preloads(struct closure *closure, unsigned last, const char *links) {
    const char *begin = put_checked(closure, engine.config->preload);
    for (unsigned i = 1; i < last; i++) {
        const struct object *object = &closure->objects[i];
        if (!object->host) continue;
        put_checked(closure, ":");
        if (*object->name == '/') {
            put_checked(closure, object->host);
        } else {
            put_checked(closure, links);
            put_checked(closure, "/");
            put_checked(closure, object->name);
        }
    }
    closure->used++;
    return begin;
}

/* Those whose own search paths would lead to the host's files: the program's name in this list is empty. */
static const char *inhibited(struct closure *closure, const char *links) {
    const char *begin = put_checked(closure, ":");
    for (unsigned i = 1; i < closure->count; i++) {
        const struct object *object = &closure->objects[i];
        if (!object->rpath && !object->runpath) continue;
        put_checked(closure, ":");
        put_checked(closure, links);
        put_checked(closure, "/");
        put_checked(closure, object->name);
    }
    closure->used++;
    return begin;
}

static const char *state_for(struct closure *closure, const struct stage_program *program, const char *links, bool musl, const char *argv0) {
    static const char SEPARATOR[] = {ENGINE_SEPARATOR, 0};
    const char *begin = put_checked(closure, ENGINE_STATE);
    const char *const fields[STATE_FIELDS] = {engine.config->path, program->flags, musl ? "m" : "g", links, program->executable, program->host, program->name, argv0};
    for (int i = 0; i < STATE_FIELDS; i++) {
        put_checked(closure, fields[i]);
        if (i < STATE_FIELDS - 1) put_checked(closure, SEPARATOR);
    }
    closure->used++;
    return begin;
}

static bool is_awkward(const char *path) {
    for (; *path; path++)
        if (*path == ':' || *path == ';' || *path == ' ' || *path == '$') return true;
    return false;
}

_Noreturn void stage_preload(const struct stage_program *program, char **argv, char **environment) {
    enum { OPTIONS = 12 };
    static char links[PATH_ROOM], origin[PATH_ROOM];
    struct call *call = &((union slot *)ENGINE_SLOTS)->call;
    const struct abilities linker = abilities_of(program->interpreter);
    if (!linker.preloads) stage_fail(STATUS_NOT_EXECUTABLE, "cannot bring the engine into the program: its dynamic linker has no --preload; use --preload-engine images", program->interpreter, -EACCES);
    struct closure *closure = closure_make(call, linker.kind, variable(environment, "LD_LIBRARY_PATH="));
    if (!closure) stage_fail(STATUS_LICHEN, "cannot map memory", NULL, -ENOMEM);
    put_text(origin, program->executable);
    size_t end = text_size(origin);
    while (end > 1 && origin[end - 1] != '/') end--;
    origin[end > 1 ? end - 1 : end] = 0;
    closure_program(closure, program->host, origin);
    add_preloads(closure, variable(environment, "LD_PRELOAD="));
    const unsigned first = closure->count;
    closure_complete(closure, 0);
    check_missing(closure, argv[0] ? argv[0] : program->name);
    const unsigned needed = closure->count;
    if (linker.kind == LINKER_GLIBC) add_own(closure);
    closure_complete(closure, needed);
    const long linked = closure_link(closure, links);
    if (linked < 0) stage_fail(STATUS_LICHEN, "cannot make links to the program's libraries", links, linked);
    if (is_awkward(links) || is_awkward(engine.config->preload)) stage_fail(STATUS_LICHEN, "cannot bring the engine into the program: a path has a colon, a semicolon, a space or a dollar sign in it", is_awkward(links) ? links : engine.config->preload, -EINVAL);

    size_t count = 0, variables = 0;
    while (argv[count]) count++;
    while (environment[variables]) variables++;
    const char *name = count ? argv[0] : "";
    const char **options = (const char **)SYS(mmap, 0, (count + OPTIONS + 2) * sizeof *options, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
    const char **at = options;
    if ((long)options < 0) stage_fail(STATUS_LICHEN, "cannot map memory", NULL, (long)options);
    *at++ = program->interpreter;
    if (linker.kind == LINKER_GLIBC) {
        *at++ = "--inhibit-cache";
        *at++ = "--inhibit-rpath";
        *at++ = inhibited(closure, links);
    }
    *at++ = "--library-path";
    *at++ = links;
    *at++ = "--preload";
    *at++ = preloads(closure, first, links);
    if (linker.named) {
        *at++ = "--argv0";
        *at++ = name;
    }
    *at++ = program->host;
    for (size_t i = 1; i < count; i++) *at++ = argv[i];
    *at = NULL;
    hide_variables(environment);
    environment[variables - 1] = (char *)(uintptr_t)state_for(closure, program, links, linker.kind == LINKER_MUSL, name);
    const long result = SYS(execve, program->interpreter, options, environment);
    stage_fail(STATUS_NOT_EXECUTABLE, "cannot execute the program's dynamic linker", program->interpreter, result);
}
