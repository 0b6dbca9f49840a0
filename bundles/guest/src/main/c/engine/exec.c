#include "exec.h"

#include <elf.h>

#include "nest.h"

enum { PHDRS_MOST = 128, FIRST_COPY = 200, F_GETFD_CALL = 1, F_DUPFD_CALL = 0 };

/* ---- finding the program */

/* Opens what a path leads to, if it may be executed. */
static long open_executable(struct call *call, const struct caller *caller, struct union_place *place, struct root_node *node) {
    if (!is_file(&place->status)) return -EACCES;
    long result;
    if (caller->emulated) {
        result = node_of(place, node);
        if (result == 0) result = may_search(caller, call, place, false);
        if (result == 0) result = root_may(&caller->who, node, ROOT_EXECUTE);
    } else {
        result = SYS(faccessat, place->dir, place->path, 1 /* X_OK */);
    }
    if (result < 0) return result;
    result = sys_openat(place->dir, place->path, O_RDONLY | O_CLOEXEC | (place->magic ? 0 : O_NOFOLLOW), 0);
    const struct root_file file = file_of(place);
    if (result == -EACCES && caller->emulated && root_mend(owners_at(place), &file) == 0) result = sys_openat(place->dir, place->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    return result;
}

static uint32_t add_string(struct program *program, const char *text, size_t size) {
    char *to = program->strings + program->strings_used;
    bytes_copy(to, text, size);
    to[size] = 0;
    program->strings_used += size + 1;
    return (uint32_t)(to - (char *)program);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* fs/binfmt_script.c: the interpreter and at most one argument; `head` ends in zeros. The interpreter goes to `path`. */
static long read_script(struct program *program, char head[HEAD_SIZE], size_t size, uint32_t script, char *path) {
    size_t end = 2, from = 2, to;
    while (end < size && head[end] != '\n' && head[end]) end++;
    const bool whole = end < size || size < HEAD_SIZE;
    while (end > 2 && is_blank(head[end - 1])) end--;
    while (from < end && is_blank(head[from])) from++;
    for (to = from; to < end && !is_blank(head[to]);) to++;
    if (from == to || (!whole && to == end)) return -ENOEXEC;
    const uint32_t interpreter = add_string(program, head + from, to - from);
    bytes_copy(path, (const char *)program + interpreter, to - from + 1);
    while (to < end && is_blank(head[to])) to++;
    const uint32_t argument = to < end ? add_string(program, head + to, end - to) : 0;
    const unsigned more = argument ? 3 : 2, keep = program->prefix_count ? program->prefix_count - 1 : 0;
    if (keep + more > PREFIX_MOST) return -ELOOP;
    for (unsigned i = keep; i-- > 0;) program->prefix[i + more] = program->prefix[i + 1];
    program->prefix[0] = interpreter;
    if (argument) program->prefix[1] = argument;
    program->prefix[more - 1] = script;
    program->prefix_count = keep + more;
    return 0;
}

/* There is no dynamic linker to bring the engine into it. execve has no error that tells so. */
static long refuse_static(const char *name) {
    char text[PATH_ROOM + 160];
    char *end = put_text(put_text(put_text(text, "lichen: cannot execute "), name), ": it is a static program, which the preload engine 'symbols' cannot run (use --preload-engine images)\n");
    SYS(write, 2, text, end - text);
    return -EACCES;
}

/* Whether the loader will be able to load it; an interpreter that is missing is told here, where it can still be an error of execve. */
static long check_elf(struct call *call, struct program *program, int fd, const Elf64_Ehdr *header) {
    struct scratch *scratch = scratch_of(call);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 || (header->e_type != ET_EXEC && header->e_type != ET_DYN)) return -ENOEXEC;
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 || header->e_phnum > PHDRS_MOST) return -ENOEXEC;
    Elf64_Phdr *all = (Elf64_Phdr *)scratch->text;
    const size_t size = header->e_phnum * sizeof *all;
    if (SYS(pread64, fd, all, size, header->e_phoff) != (long)size) return -ENOEXEC;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (all[i].p_type == PT_LOAD && header->e_type == ET_EXEC && all[i].p_vaddr - ENGINE_TEXT < ENGINE_TEXT_SIZE) program->stage = true;
        if (all[i].p_type != PT_INTERP) continue;
        if (all[i].p_filesz < 2 || all[i].p_filesz > PATH_ROOM) return -ENOEXEC;
        const size_t length = all[i].p_filesz;
        if (SYS(pread64, fd, scratch->path, length, all[i].p_offset) != (long)length || scratch->path[length - 1]) return -ENOEXEC;
        long result = union_resolve(&engine.tree, &scratch->other, AT_FDCWD, scratch->path, 0);
        if (result < 0) return result;
        const size_t path = text_size(scratch->other.path);
        if (scratch->other.dir != AT_FDCWD || path >= PATH_ROOM) result = -ENAMETOOLONG;
        else bytes_copy(program->interpreter, scratch->other.path, path + 1);
        union_release(&scratch->other);
        if (result < 0) return result;
        return is_file(&scratch->other.status) ? 0 : -EACCES;
    }
    return engine.config->preload && !program->stage ? refuse_static(program->name) : 0;
}

/* How the loader will find it: by path, or by a descriptor. */
static long note_place(struct program *program, const struct union_place *place, int fd) {
    program->copy = -1;
    if (place->dir == AT_FDCWD && !place->magic && text_size(place->path) < PATH_ROOM) {
        bytes_copy(program->host, place->path, text_size(place->path) + 1);
        bytes_copy(program->executable, place->guest, place->size);
        program->executable[place->size] = 0;
        return 0;
    }
    char name[UNION_FD_NAME];
    union_name_of_fd(fd, name);
    const long size = SYS(readlink, name, program->executable, PATH_ROOM - 1);
    program->executable[size < 0 ? 0 : size] = 0;
    program->copy = (int)SYS(fcntl, fd, F_DUPFD_CALL, FIRST_COPY);
    if (program->copy == -EINVAL) program->copy = (int)SYS(fcntl, fd, F_DUPFD_CALL, 0);
    if (program->copy < 0) return program->copy;
    put_decimal(put_text(program->host, "/proc/self/fd/"), (uint64_t)program->copy);
    return 0;
}

/* A descriptor that no path leads to any more, or never did. */
static void stand_for_fd(struct union_place *place, int fd, char *name) {
    union_name_of_fd(fd, name);
    place->dir = AT_FDCWD;
    place->path = name;
    place->magic = true;
    place->bind = -1, place->layer = 0, place->size = 0;
}

static long find_place(struct call *call, struct union_place *place, int dir, const char *path, int flags, char *fd_name) {
    if (*path || !(flags & AT_EMPTY_PATH)) return resolve_path(call, place, dir, path, flags & AT_SYMLINK_NOFOLLOW ? UNION_NOFOLLOW : 0U);
    long result = union_behind(&engine.tree, place, dir);
    if (result != -ENOENT && result != -EXDEV) return result;
    result = sys_fstat(dir, &place->status);
    stand_for_fd(place, dir, fd_name);
    return result;
}

long program_find(struct call *call, struct program *program, int dir, const char *path, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct union_place *place = &scratch->place;
    struct caller caller;
    struct root_node node;
    char head[HEAD_SIZE + 1], fd_name[UNION_FD_NAME];
    find_caller(call, &caller);
    program->interpreter[0] = 0;
    program->opened = program->stage = false;
    program->prefix_count = 0, program->strings_used = 0, program->secure = program->changes = false, program->copy = -1;
    char *end = program->name;
    if (*path != '/' && dir != AT_FDCWD) {
        end = put_decimal(put_text(end, "/dev/fd/"), (uint64_t)(unsigned)dir);
        if (*path) *end++ = '/';
    }
    bytes_copy(end, path, text_size(path) + 1 < PATH_ROOM - 24 ? text_size(path) + 1 : PATH_ROOM - 24);
    uint32_t script = offsetof(struct program, name);
    for (int depth = 0;; depth++) {
        long result = find_place(call, place, dir, path, flags, fd_name);
        if (result < 0) return result;
        const long fd = is_link(&place->status) ? -ELOOP : open_executable(call, &caller, place, &node);
        if (fd < 0) {
            union_release(place);
            return fd;
        }
        program->opened = true;
        bytes_zero(head, sizeof head);
        const long size = SYS(pread64, fd, head, HEAD_SIZE, 0);
        result = size < 0 ? size : note_place(program, place, (int)fd);
        union_release(place);
        if (result == 0 && size >= 2 && head[0] == '#' && head[1] == '!') {
            if (program->copy >= 0) SYS(close, program->copy);
            result = depth == SCRIPTS_MOST ? -ELOOP : read_script(program, head, (size_t)size, script, scratch->path);
            SYS(close, fd);
            if (result < 0) return result;
            dir = AT_FDCWD, path = scratch->path, flags = 0;
            script = program->prefix[0];
            continue;
        }
        if (result == 0) result = size >= (long)sizeof(Elf64_Ehdr) && bytes_equal(head, ELFMAG, SELFMAG) ? check_elf(call, program, (int)fd, (Elf64_Ehdr *)head) : -ENOEXEC;
        SYS(close, fd);
        if (result < 0 && program->copy >= 0) SYS(close, program->copy);
        if (result == 0 && caller.emulated) {
            program->credentials = *caller.credentials;
            program->secure = root_execute(&program->credentials, &node, false);
            program->changes = !bytes_equal(&program->credentials, caller.credentials, sizeof program->credentials);
        }
        return result;
    }
}

static char *put_field(char *to, const char *text) {
    to = put_text(to, text);
    *to++ = ENGINE_SEPARATOR;
    return to;
}

long program_state(const struct program *program, char *state) {
    char *end = put_field(put_text(state, ENGINE_STATE), engine.config->path);
    if (program->copy >= 0) *end++ = 'c';
    if (program->secure) *end++ = 's';
    if (is_traced_later()) *end++ = 't';
    *end++ = ENGINE_SEPARATOR;
    end = put_text(put_field(put_field(put_field(end, program->host), program->interpreter), program->executable), program->name);
    return end - state;
}

/* ---- room that outlives the slot: one for each thread, told by its TLS. A vfork child has its parent's, which waits for it. */

struct room {
    struct call call;
    struct program program;
    char state[STATE_ROOM];
    _Alignas(8) uint64_t pointers[];
};

enum { ROOMS = 256, ROOM_STEP = 65536 };
static struct {
    uint64_t thread, address, size;
} rooms[ROOMS];

static long room_map(uint64_t size) { return SYS(mmap, 0, size, SYS_PROT_RW, SYS_MAP_SCRATCH, -1, 0); }

static long room_of_thread(uint64_t pointers, struct room **room) {
    enum { GET_FS = 0x1003 };
    const uint64_t size = (sizeof **room + pointers * sizeof(uint64_t) + ROOM_STEP - 1) / ROOM_STEP * ROOM_STEP;
    uint64_t thread = 0;
    SYS(arch_prctl, GET_FS, &thread);
    thread |= 1;
    for (int i = 0; i < ROOMS; i++) {
        uint64_t none = 0;
        if (__atomic_load_n(&rooms[i].thread, __ATOMIC_ACQUIRE) != thread &&
            !__atomic_compare_exchange_n(&rooms[i].thread, &none, thread, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        if (rooms[i].size < size) {
            const long address = rooms[i].size ? SYS(mremap, rooms[i].address, rooms[i].size, size, 1 /* MREMAP_MAYMOVE */) : room_map(size);
            if (address < 0) return address;
            rooms[i].address = (uint64_t)address;
            rooms[i].size = size;
        }
        *room = (struct room *)rooms[i].address;
        return 0;
    }
    return -EAGAIN; /* more threads than that have never called execve */
}

/* How many pointers an array of the guest's has before its NULL. */
static long count(uint64_t array) {
    uint64_t pointer;
    for (long i = 0;; i++) {
        if (!array) return 0;
        if (guest_read(&pointer, array + (uint64_t)i * sizeof pointer, sizeof pointer) < 0) return -EFAULT;
        if (!pointer) return i;
        if (i == 0x7fffff) return -E2BIG;
    }
}

void exec_window(struct call *call, const char *path, const uint64_t *argv, const uint64_t *envp, struct call *slotted);

static long run(struct call *call, struct room *room, uint64_t argv, long arguments, uint64_t envp, long variables, size_t more) {
    const struct program *program = &room->program;
    uint64_t *to = room->pointers, *new_argv = (uint64_t *)(uintptr_t)argv;
    if (program->prefix_count) {
        new_argv = to;
        for (unsigned i = 0; i < program->prefix_count; i++) *to++ = (uint64_t)program_prefix(program, i);
        for (long i = 1; i < arguments; i++, to++)
            if (guest_read(to, argv + (uint64_t)i * 8, 8) < 0) return -EFAULT;
        *to++ = 0;
    }
    uint64_t *const new_envp = to;
    if (guest_read(to, envp, (uint64_t)variables * 8) < 0 && variables) return -EFAULT;
    to += program->stage ? (size_t)variables : live_environment(call, to, (size_t)variables, (size_t)variables + more);
    if (program->stage) { /* its own last string is the one that counts, changed */
        const long result = variables ? guest_text(room->state, *--to, STATE_ROOM) : -EPERM, nested = result < 0 ? result : nest_state(call, room->state, STATE_ROOM);
        if (nested < 0) return nested;
    } else {
        program_state(program, room->state);
    }
    *to++ = (uint64_t)room->state;
    *to = 0;
    if (program->changes) {
        const long error = become(call, &program->credentials);
        if (error < 0) return error;
    }
    room->call = *call;
    room->call.slot = -1;
    room->call.waiter = 0;
    exec_window(&room->call, engine.config->stage, new_argv, new_envp, call);
    return 0; /* never */
}

static long exec(struct call *call, int dir, uint64_t path, uint64_t argv, uint64_t envp, int flags) {
    struct scratch *scratch = scratch_of(call);
    struct room *room;
    long result = path_argument(scratch->path, path);
    if (result < 0) return result;
    if (!*scratch->path && !(flags & AT_EMPTY_PATH)) return -ENOENT;
    result = room_of_thread(0, &room);
    if (result < 0) return result;
    const long found = program_find(call, &room->program, dir, scratch->path, flags);
    if (found < 0 && !room->program.opened) return found;
    /* In the kernel's order: the file is opened, then the arguments are read, then it is looked at. */
    const long arguments = count(argv), variables = arguments < 0 ? arguments : count(envp);
    result = found < 0 && variables >= 0 ? found : variables;
    const size_t more = live_variables();
    if (result >= 0) result = room_of_thread((uint64_t)arguments + (uint64_t)variables + more + PREFIX_MOST + 4, &room);
    if (result >= 0) result = run(call, room, argv, arguments, envp, variables, more);
    if (found == 0 && room->program.copy >= 0) SYS(close, room->program.copy);
    return result;
}

long call_execve(struct call *call) { return exec(call, AT_FDCWD, call->rdi, call->rsi, call->rdx, 0); }
long call_execveat(struct call *call) {
    if (call->r8 & ~(uint64_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    return exec(call, (int)call->rdi, call->rsi, call->rdx, call->r10, (int)call->r8);
}
