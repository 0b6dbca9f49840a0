#include "start.h"

#include "begin.h"
#include "exec.h"
#include "loader.h"
#include "signals.h"

extern const char stage_end[];
extern const uint64_t engine_end;
const uint64_t engine_end = (uint64_t)stage_end; /* for maps.c */

enum { FIELDS = 6 };
enum { CONFIG, FLAGS, PROGRAM, INTERPRETER, EXECUTABLE, NAME };

_Noreturn void stage_fail(int status, const char *what, const char *which, long error) {
    char text[PATH_ROOM + 128], *end = put_text(text, "lichen: ");
    end = put_text(end, what);
    if (which) {
        end = put_text(end, " (");
        const size_t size = text_size(which);
        bytes_copy(end, which, size < PATH_ROOM ? size : PATH_ROOM);
        end = put_text(end + (size < PATH_ROOM ? size : PATH_ROOM), ")");
    }
    end = put_text(end, ": ");
    switch (error) {
        case -ENOENT: end = put_text(end, "no such file or directory"); break;
        case -EACCES: end = put_text(end, "permission denied"); break;
        case -EOPNOTSUPP: end = put_text(end, "its code cannot be rewritten, and would act on the host's files, for this kernel has no syscall user dispatch, 5.11 has (it has relocations in it, or can be written)"); break;
        case -ENOEXEC: end = put_text(end, "it is no program that can run here (not a 64 bit ELF file of x86-64, nor a script)"); break;
        default: end = put_decimal(put_text(end, "error "), (uint64_t)-error);
    }
    *end++ = '\n';
    SYS(write, 2, text, end - text);
    for (;;) SYS(exit_group, status);
}

/* ---- the first program: found by name, and executed as by a guest */

static const char *variable(char **environment, const char *name) {
    const size_t size = text_size(name);
    for (; *environment; environment++)
        if (begins(*environment, text_size(*environment), name) && (*environment)[size] == '=') return *environment + size + 1;
    return NULL;
}

/* As execvp: what cannot be executed is passed over, and told only if there is nothing else. */
static long find_command(struct call *call, struct program *program, const char *name, const char *path) {
    struct scratch *scratch = scratch_of(call);
    long best = -ENOENT;
    if (text_has(name, '/')) {
        if (text_size(name) >= PATH_ROOM) return -ENAMETOOLONG;
        bytes_copy(scratch->path, name, text_size(name) + 1);
        return program_find(call, program, AT_FDCWD, scratch->path, 0);
    }
    if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    while (*path) {
        size_t size = 0;
        while (path[size] && path[size] != ':') size++;
        if (size + text_size(name) + 2 < PATH_ROOM) {
            bytes_copy(scratch->path, path, size);
            char *end = scratch->path + size;
            if (size) *end++ = '/';
            put_text(end, name);
            const long result = program_find(call, program, AT_FDCWD, scratch->path, 0);
            if (result != -ENOENT && result != -ENOTDIR && result != -EACCES) return result;
            if (result == -EACCES) best = result;
        }
        path += size + (path[size] == ':');
    }
    return best;
}

static _Noreturn void run_first(bool nested, char **argv, char **environment, size_t variables) {
    static struct program program;
    static char state[STATE_ROOM];
    struct call *call = &((union slot *)ENGINE_SLOTS)->call;
    size_t count = 0;
    long result = nested ? 0 : stage_first();
    if (result < 0) stage_fail(STATUS_LICHEN, "cannot install the system call filter", NULL, result);
    result = argv[0] ? find_command(call, &program, argv[0], variable(environment, "PATH")) : -ENOENT;
    if (result < 0) stage_fail(result == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "cannot run the command", argv[0], result);
    program_state(&program, state);
    environment[variables] = state; /* in the place of the string that has brought us here */
    while (argv[count]) count++;
    char **arguments = argv;
    if (program.prefix_count) { /* instead of argv[0] */
        const long room = SYS(mmap, 0, (program.prefix_count + count) * sizeof *argv, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
        if (room < 0) stage_fail(STATUS_LICHEN, "cannot map memory", NULL, room);
        arguments = (char **)room;
        for (unsigned i = 0; i < program.prefix_count; i++) arguments[i] = (char *)(uintptr_t)program_prefix(&program, i);
        bytes_copy(arguments + program.prefix_count, argv + 1, count * sizeof *argv); /* with the NULL */
    }
    result = SYS(execve, engine.config->stage, arguments, environment);
    stage_fail(STATUS_LICHEN, "cannot run the launcher's program", engine.config->stage, result);
}

/* ---- becoming a program */

static void split(char *state, char *fields[FIELDS]) {
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = state;
        while (*state && *state != ENGINE_SEPARATOR) state++;
        if (*state) *state++ = 0;
    }
}

/* Later than anything that could fail in a way that the guest could still be told of. */
static uint64_t load(char *fields[FIELDS], struct image *program, uint64_t *base) {
    enum { PRIVATE = 2, FIXED = 0x10, PAGE = 4096, ROOT_SIZE = 1 };
    static struct image interpreter;
    long fd = sys_openat(AT_FDCWD, fields[PROGRAM], O_RDONLY | O_CLOEXEC, 0);
    long result = fd < 0 ? fd : image_load((int)fd, program);
    if (result < 0) stage_fail(STATUS_NOT_EXECUTABLE, "cannot load the program", fields[NAME], result);
    SYS(mmap, ENGINE_MARKER, PAGE, 1, PRIVATE | FIXED, fd, 0);
    SYS(close, fd);
    *base = 0;
    if (!fields[INTERPRETER][0]) return program->entry;
    fd = sys_openat(AT_FDCWD, fields[INTERPRETER], O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    result = fd < 0 ? fd : image_load((int)fd, &interpreter);
    if (result < 0) stage_fail(STATUS_NOT_EXECUTABLE, "cannot load the program's interpreter", fields[INTERPRETER], result);
    SYS(close, fd);
    *base = interpreter.bias;
    return interpreter.entry;
}

/* What the vector says of where things are. */
static void mend_places(uint64_t *vector, const struct image *program, uint64_t base) {
    for (; vector[0] != AT_NULL; vector += 2) {
        switch (vector[0]) {
            case AT_PHDR: vector[1] = program->headers; break;
            case AT_PHNUM: vector[1] = program->header_count; break;
            case AT_BASE: vector[1] = base; break;
            case AT_ENTRY: vector[1] = program->entry; break;
            default: break;
        }
    }
}

/* What /proc tells of the process's memory: the program's own code and data, its environment without our string, its auxiliary vector. Where the kernel does not let us, the
   string is to be seen in /proc/PID/environ. */
static void tell_kernel(const struct image *program, const uint64_t *stack, uint64_t argument, uint64_t environment, uint64_t end, const uint64_t *vector, size_t vector_size) {
    enum { SET_MM = 35, MAP = 14 };
    struct {
        uint64_t code_begin, code_end, data_begin, data_end, brk_begin, brk, stack, arguments, arguments_end, environment, environment_end;
        const uint64_t *vector;
        uint32_t vector_size, executable;
    } map = {program->code_begin, program->code_end, program->data_begin, program->data_end, 0, 0, (uint64_t)stack, argument, environment, environment, end, vector, (uint32_t)vector_size, ~0u};
    map.brk_begin = map.brk = (uint64_t)SYS(brk, 0);
    SYS(prctl, SET_MM, MAP, &map, sizeof map);
}

_Noreturn void become_guest(uint64_t *stack, uint64_t entry);

_Noreturn void stage_main(uint64_t *stack) {
    enum { SET_NAME = 15, PROT_STACK = 0x01000007 /* read, write, execute, and all that grows below */ };
    static struct image program;
    static struct caller caller;
    char **argv = (char **)(stack + 1), **environment = argv + stack[0] + 1, *fields[FIELDS];
    size_t variables = 0, vector_size = 0;
    while (environment[variables]) variables++;
    const size_t prefix = sizeof ENGINE_STATE - 1;
    char *state = variables ? environment[variables - 1] : NULL;
    if (!state || !begins(state, text_size(state), ENGINE_STATE)) stage_fail(STATUS_LICHEN, "lichen-stage is a part of Lichen, and not to be started by hand", NULL, -EINVAL);
    split(state + prefix, fields);
    long result = slots_make();
    if (result < 0) stage_fail(STATUS_LICHEN, "cannot map memory", NULL, result);
    result = engine_open(fields[CONFIG]);
    if (result < 0) stage_fail(STATUS_LICHEN, "cannot read the container's configuration", fields[CONFIG], result);
    if (text_has(fields[FLAGS], 'f')) run_first(text_has(fields[FLAGS], 'n'), argv, environment, variables - 1);
    if (engine.config->preload) stage_preload(&(struct stage_program){fields[FLAGS], fields[PROGRAM], fields[INTERPRETER], fields[EXECUTABLE], fields[NAME]}, argv, environment);
    bytes_copy(engine.executable, fields[EXECUTABLE], text_size(fields[EXECUTABLE]) + 1);
    uint64_t base;
    result = signals_start();
    if (result < 0) stage_fail(STATUS_LICHEN, "cannot handle signals", NULL, result);
    const uint64_t entry = load(fields, &program, &base);
    if (text_has(fields[FLAGS], 'c')) SYS(close, descriptor_in(fields[PROGRAM]));
    /* Without our string: what is behind the environment moves down. */
    environment[--variables] = NULL;
    uint64_t *vector = (uint64_t *)(environment + variables + 1);
    do {
        vector[vector_size] = vector[vector_size + 1];
    } while (++vector_size % 2 || vector[vector_size - 2] != AT_NULL);
    find_caller(&((union slot *)ENGINE_SLOTS)->call, &caller);
    mend_places(vector, &program, base);
    vector_mend(vector, fields[NAME], caller.emulated ? caller.credentials : NULL, text_has(fields[FLAGS], 's'));
    const uint64_t first = variables ? (uint64_t)environment[0] : (uint64_t)state, arguments = stack[0] ? (uint64_t)argv[0] : first;
    tell_kernel(&program, stack, arguments, first, (uint64_t)state, vector, vector_size * sizeof *vector);
    SYS(prctl, SET_NAME, last_name(fields[NAME]));
    if (program.executable_stack) SYS(mprotect, (uint64_t)stack & ~4095ull, 4096, PROT_STACK);
    if (text_has(fields[FLAGS], 't')) be_traced();
    become_guest(stack, entry);
}
