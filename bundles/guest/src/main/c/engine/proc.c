/* What /proc tells of processes of the container. */
#include "engine.h"
#include "status.h"

/* A process number at the beginning of a text, or -1; the rest is what follows. */
static long take_number(const char **at, size_t *left) {
    long number = -1;
    for (; *left && **at >= '0' && **at <= '9'; ++*at, --*left) {
        if (number > 99999999) return -1;
        number = (number < 0 ? 0 : number) * 10 + **at - '0';
    }
    return number;
}

/* Steps behind "/proc/" in a canonical guest path. */
static bool is_proc(const struct union_place *place, size_t size, const char **at, size_t *left) {
    if (place->bind < 0 || !engine.tree.binds[place->bind].magic) return false;
    const size_t top = engine.tree.binds[place->bind].guest_size;
    if (size < top + 2 || place->guest[top] != '/') return false;
    *at = place->guest + top + 1, *left = size - top - 1;
    return true;
}

long process_at(const struct union_place *place) {
    const char *at;
    size_t left;
    return is_proc(place, place->size, &at, &left) ? take_number(&at, &left) : -1;
}

/* guest[0, size) is "/proc/PID/NAME" or "/proc/PID/task/TID/NAME": the number of the (last) process, or -1. */
static long process_of(const struct union_place *place, size_t size, const char *name) {
    static const char TASK[] = "/task/";
    const char *at;
    size_t left;
    if (!is_proc(place, size, &at, &left)) return -1;
    for (int part = 0; part < 2; part++) {
        const long pid = take_number(&at, &left);
        if (pid < 0 || !left) return -1;
        if (is_text(at + 1, left - 1, name)) return pid;
        if (!begins(at, left, TASK)) return -1;
        at += sizeof TASK - 1, left -= sizeof TASK - 1;
    }
    return -1;
}

static const char MEMORY[] = "/memfd:", DELETED[] = " (deleted)";

/* "/memfd:/proc/PID/NAME (deleted)" is what open_generated() has made: the size of the name, which goes to the beginning, or 0. */
static size_t name_of_copy(char *text, size_t size) {
    const size_t head = sizeof MEMORY - 1, tail = sizeof DELETED - 1;
    if (!begins(text, size, MEMORY) || size < head + tail || !bytes_equal(text + size - tail, DELETED, tail) || !begins(text + head, size - head, "/proc/")) return 0;
    bytes_move(text, text + head, size - head - tail);
    return size - head - tail;
}

bool is_generated_copy(const struct union_status *status, int fd, char *path) {
    char name[UNION_FD_NAME];
    if (!is_file(status) || status->nlink) return false;
    union_name_of_fd(fd, name);
    const long size = SYS(readlink, name, path, PATH_ROOM - 1);
    const size_t copy = size > 0 ? name_of_copy(path, (size_t)size) : 0;
    path[copy] = 0;
    return copy && SYS(faccessat, AT_FDCWD, path, 0) == 0; /* unless the process has ended */
}

size_t told_by_proc(struct call *call, char *text, size_t size) {
    struct union_place *other = &scratch_of(call)->other;
    const size_t copy = name_of_copy(text, size);
    if (copy) return copy;
    const size_t tail = sizeof DELETED - 1, cut = size > tail && bytes_equal(text + size - tail, DELETED, tail) ? tail : 0;
    if (union_detranslate(&engine.tree, other, text, size - cut) < 0 || other->size + cut + 2 > PATH_ROOM) return size;
    if (other->size == 0) other->guest[other->size++] = '/';
    bytes_copy(text, other->guest, other->size);
    bytes_copy(text + other->size, DELETED, cut);
    return other->size + cut;
}

/* The path in a line of maps, to `path`: its size, or -ENOENT. */
static long path_in(const char *line, size_t size, char *path) {
    size_t at = 0;
    while (at < size && line[at] != '/') at++;
    if (at == size || size - at >= PATH_ROOM) return -ENOENT;
    bytes_copy(path, line + at, size - at);
    return (long)(size - at);
}

/* What the marker of a process is a page of, as the guest knows it. -ENOENT: it has none, so it is none of the container's, or not yet. */
static long marked(struct call *call, long pid, char *path) {
    static const char MARK[] = "7c9000000000-"; /* ENGINE_MARKER */
    char name[64], text[2 * PATH_ROOM];
    size_t have = 0;
    long result = -ENOENT;
    put_text(put_decimal(put_text(name, "/proc/"), (uint64_t)pid), "/maps");
    const long fd = sys_openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return fd;
    for (bool found = false; !found;) {
        const long got = SYS(read, fd, text + have, sizeof text - have);
        if (got <= 0) break;
        have += (size_t)got;
        size_t line = 0;
        for (size_t end = 0; end < have && !found; end++) {
            if (text[end] != '\n') continue;
            found = begins(text + line, end - line, MARK);
            if (found) result = path_in(text + line, end - line, path);
            line = end + 1;
        }
        if (line == 0 && have == sizeof text) line = have; /* no line of the kernel's is that long */
        bytes_move(text, text + line, have - line);
        have -= line;
    }
    sys_close(fd);
    if (result < 0) return result;
    const size_t size = told_by_proc(call, path, (size_t)result);
    path[size] = 0;
    return (long)size;
}

long executable_behind(struct call *call, const struct union_place *place, char *path) {
    const long pid = process_of(place, place->size, "exe");
    if (pid < 0) return 0;
    if (pid == SYS(getpid, 0)) {
        const size_t size = text_size(engine.executable);
        bytes_copy(path, engine.executable, size + 1);
        return (long)size;
    }
    const long size = marked(call, pid, path);
    return size == -ENOENT ? 0 : size; /* a process of the host's, or one between execve and its program */
}

/* As process_of(), for the directory that a link is in. */
static long process_with(const struct union_place *place, const char *directory) { return place->name ? process_of(place, place->name - 1, directory) : -1; }

bool may_leave(struct call *call, const struct union_place *place) {
    if (process_with(place, "ns") >= 0) return true;
    if (is_directory(&place->status)) return false;
    const long pid = process_with(place, "fd");
    return pid >= 0 && (pid == SYS(getpid, 0) || pid == SYS(gettid, 0) || marked(call, pid, scratch_of(call)->text) != -ENOENT);
}

/* Who the guest takes itself for, in `status`. */
static long show_status(struct call *call, long pid, long from, long to) {
    enum { ROOM = 8192 };
    struct root_credentials credentials;
    char in[ROOM], *out = scratch_of(call)->text;
    if (root_book_who(engine.config->book, (int)pid, &credentials, out) < 0) return -ENOENT;
    const long size = SYS(read, from, in, sizeof in);
    if (size <= 0) return -ENOENT;
    const long shown = root_show_status(&credentials, in, (size_t)size, out, sizeof scratch_of(call)->text);
    return shown < 0 ? shown : SYS(write, to, out, shown);
}

enum generated { NOT_GENERATED, STATUS, MAPS, SMAPS };

static enum generated kind_of(const struct union_place *place, long *pid) {
    static const struct {
        const char *name;
        enum generated kind;
    } files[] = {{"maps", MAPS}, {"smaps", SMAPS}, {"status", STATUS}};
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        if ((files[i].kind != STATUS || engine.full) && (*pid = process_of(place, place->size, files[i].name)) >= 0) return files[i].kind;
    return NOT_GENERATED;
}

bool is_generated(const char *name) {
    const size_t size = text_size(name);
    return is_text(name, size, "maps") || is_text(name, size, "smaps");
}

long mapped_behind(struct call *call, const struct union_place *place, char *path) {
    const long pid = process_with(place, "map_files");
    uint64_t low = 0;
    if (pid < 0) return 0;
    for (const char *at = place->guest + place->name; (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'); at++) low = low << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    const long size = maps_path(call, pid, low, path);
    return size < 0 ? 0 : size;
}

long open_generated(struct call *call, const struct union_place *place, int flags) {
    long pid;
    const enum generated kind = kind_of(place, &pid);
    if (kind == NOT_GENERATED || (flags & O_ACCMODE) != O_RDONLY) return -ENOENT;
    const long from = sys_openat(place->dir, place->path, O_RDONLY | O_CLOEXEC, 0);
    if (from < 0) return from;
    const long to = SYS(memfd_create, place->guest, flags & O_CLOEXEC ? 1 : 0);
    long result = to;
    if (to >= 0) result = kind == STATUS ? show_status(call, pid, from, to) : maps_show(call, from, to, kind == SMAPS);
    sys_close(from);
    if (result >= 0) result = SYS(lseek, to, 0, 0);
    if (result >= 0) return to;
    sys_close(to);
    return result;
}

/* ---- ptrace */

static int traced_later; /* the process that has asked to be traced and has not executed anything since */

/* Whether it waits, uninterruptibly, for a vfork child. */
static bool is_held_up(long pid) {
    char name[64], text[256];
    put_text(put_decimal(put_text(name, "/proc/"), (uint64_t)pid), "/stat");
    const long fd = sys_openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    const long size = fd < 0 ? fd : SYS(read, fd, text, sizeof text);
    sys_close(fd);
    for (long i = size - 3; i > 0; i--)
        if (text[i] == ')' && text[i + 1] == ' ') return text[i + 2] == 'D';
    return false;
}

/* A traced process stops at each signal, SIGSYS too, and a parent that waits for its vfork child cannot let it go on. So such a child is traced from its program on, which is where
   debuggers begin anyway. */
long call_ptrace(struct call *call) {
    if (call->rdi != 0 || !is_held_up(SYS(getppid, 0))) return WINDOW(call, ptrace, call->rdi, call->rsi, call->rdx, call->r10);
    traced_later = (int)SYS(getpid, 0);
    return 0;
}

bool is_traced_later(void) { return traced_later && traced_later == SYS(getpid, 0); }

void be_traced(void) {
    enum { TRAP_SIGNAL = 5 };
    if (SYS(ptrace, 0) == 0) SYS(tgkill, SYS(getpid, 0), SYS(gettid, 0), TRAP_SIGNAL);
}
