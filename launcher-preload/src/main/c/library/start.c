/* The beginning of a program, as far as its dynamic linker has not seen to it. */
#include "begin.h"
#include "libc.h"
#include "state.h"

struct library library;

enum { UNKNOWN, HERE, ABSENT };

/* The arguments stand before the environment, and their number before them. */
static char **arguments_before(char **envp) {
    char **at = envp - 1;
    for (uint64_t count = 0; (uint64_t)at[-1] != count; count++) at--;
    return at;
}

/* argv[0] is put where the linker's last own argument, the program, was, so that /proc tells the guest's arguments alone. Answers where they begin. */
static uint64_t mend_arguments(char **argv, char **envp, char *name) {
    enum { LEAST = 128 }; /* bytes of arguments that the linker has at any rate */
    char *next = argv[0] && argv[1] ? argv[1] : *envp;
    const size_t size = text_size(name) + 1;
    if (!argv[0]) return (uint64_t)next;
    const bool told = is_text(name, size - 1, argv[0]); /* then it stands there once more, and there is room */
    if (!told && size > LEAST) {
        argv[0] = name;
        return (uint64_t)next;
    }
    argv[0] = next - size;
    bytes_copy(argv[0], name, size);
    return (uint64_t)argv[0];
}

static void mend_names(char *name) {
    char **full = libc_variable("program_invocation_name"), **brief = libc_variable("program_invocation_short_name");
    if (full) *full = name;
    if (brief) *brief = (char *)(uintptr_t)last_name(name);
}

/* The number in a text that stands behind so many blanks. */
static uint64_t number_behind(const char *text, int blanks) {
    uint64_t number = 0;
    for (; *text && blanks; text++) blanks -= *text == ' ';
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

/* As the stage of other launchers tells it. Where the heap begins only the kernel knows. */
static void tell_kernel(uint64_t arguments, uint64_t environment_begin, uint64_t end, uint64_t stack, const uint64_t *vector) {
    enum { SET_MM = 35, MAP = 14, BREAK = 45 };
    struct {
        uint64_t program[4], brk_begin, brk, stack, arguments, arguments_end, environment, environment_end;
        const uint64_t *vector;
        uint32_t vector_size, executable;
    } map = {{0}, 0, (uint64_t)SYS(brk, 0), stack, arguments, environment_begin, environment_begin, end, vector, 0, ~0u};
    char text[1024], *at = text;
    const long fd = sys_openat(AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC, 0);
    const long size = fd < 0 ? fd : SYS(read, fd, text, sizeof text - 1);
    sys_close(fd);
    if (size <= 0) return;
    text[size] = 0;
    for (char *to = text; *to; to++)
        if (*to == ')') at = to; /* the name in front could have any character */
    map.brk_begin = number_behind(at, BREAK);
    while (vector[map.vector_size] != AT_NULL) map.vector_size += 2;
    map.vector_size = (map.vector_size + 2) * (uint32_t)sizeof *vector;
    libc_program(map.program);
    SYS(prctl, SET_MM, MAP, &map, sizeof map);
}

static void show_variables(char **envp) {
    for (; *envp; envp++)
        if (**envp == HIDDEN) **envp = 'L';
}

static bool split(char *state, char *fields[STATE_FIELDS]) {
    for (int i = 0; i < STATE_FIELDS; i++) {
        fields[i] = state;
        if (i == STATE_FIELDS - 1) break;
        while (*state && *state != ENGINE_SEPARATOR) state++;
        if (!*state) return false;
        *state++ = 0;
    }
    return true;
}

static struct caller caller;

static long who(struct call *call) {
    find_caller(call, &caller);
    return 0;
}

static void begin(char **envp, char *state) {
    enum { SET_NAME = 15, PAGE = 4096, PRIVATE = 2, FIXED = 0x10 };
    char *fields[STATE_FIELDS];
    size_t variables = 0;
    while (envp[variables]) variables++;
    char *copy = (char *)SYS(mmap, 0, (text_size(state) / PAGE + 1) * PAGE, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0);
    if ((long)copy < 0) return;
    bytes_copy(copy, state, text_size(state) + 1);
    if (!split(copy + sizeof ENGINE_STATE - 1, fields) || slots_make() < 0 || engine_open(fields[STATE_CONFIG]) < 0) return;
    bytes_copy(engine.executable, fields[STATE_EXECUTABLE], text_size(fields[STATE_EXECUTABLE]) + 1);
    library.musl = *fields[STATE_LIBC] == 'm';
    library.links = fields[STATE_LINKS];
    library.program = fields[STATE_HOST];
    library.argv = arguments_before(envp);
    libc_begin();
    library.state = HERE;
    engine_do(who, NULL);
    show_variables(envp);
    const uint64_t first = (uint64_t)envp[0], last = (uint64_t)state;
    const uint64_t arguments = mend_arguments(library.argv, envp, fields[STATE_ARGV0]);
    envp[variables - 1] = NULL;
    uint64_t *const vector = (uint64_t *)(envp + variables + 1);
    vector_mend(vector, fields[STATE_NAME], caller.emulated ? caller.credentials : NULL, text_has(fields[STATE_FLAGS], 's'));
    tell_kernel(arguments, first, last, (uint64_t)(library.argv - 1), vector);
    if (library.argv[0]) mend_names(library.argv[0]);
    SYS(prctl, SET_NAME, last_name(fields[STATE_NAME]));
    const long fd = sys_openat(AT_FDCWD, fields[STATE_HOST], O_RDONLY | O_CLOEXEC, 0);
    SYS(mmap, ENGINE_MARKER, PAGE, 1, PRIVATE | FIXED, fd, 0);
    sys_close(fd);
    if (text_has(fields[STATE_FLAGS], 'c')) SYS(close, descriptor_in(fields[STATE_HOST]));
    if (text_has(fields[STATE_FLAGS], 't')) be_traced();
}

/* The library's constructor may come after those of others that call wrappers. */
bool library_ready(void) {
    const uint8_t state = __atomic_load_n(&library.state, __ATOMIC_ACQUIRE);
    if (state != UNKNOWN) return state == HERE;
    size_t variables = 0;
    char **envp = environ;
    if (!envp) return false;
    while (envp[variables]) variables++;
    char *string = variables ? envp[variables - 1] : NULL;
    library.state = ABSENT;
    if (string && begins(string, text_size(string), ENGINE_STATE)) begin(envp, string);
    return library.state == HERE;
}

__attribute__((constructor)) static void construct(void) { library_ready(); }
