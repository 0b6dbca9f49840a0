/* What /proc tells of processes of the container. */
#include "engine.h"
#include "status.h"

enum { FOUND_LINE = 4096 };

/* "/proc/PID/NAME" or "/proc/PID/task/TID/NAME", canonical: the number of the (last) process, or -1. */
static long process_of(const struct union_place *place, const char *name) {
    const char *at = place->guest;
    size_t left = place->size;
    long pid = -1;
    if (place->bind < 0 || !engine.tree.binds[place->bind].magic) return -1;
    const size_t top = engine.tree.binds[place->bind].guest_size;
    at += top, left -= top;
    for (int part = 0; part < 2; part++) {
        if (left < 2 || *at != '/' || at[1] < '0' || at[1] > '9') return -1;
        for (pid = 0, at++, left--; left && *at >= '0' && *at <= '9'; at++, left--) {
            if (pid > 99999999) return -1;
            pid = pid * 10 + *at - '0';
        }
        if (left && is_text(at + 1, left - 1, name)) return pid;
        if (!begins(at, left, "/task/")) return -1;
        at += 5, left -= 5;
    }
    return -1;
}

static const char *find(const char *text, size_t size, const char *what) {
    const size_t length = text_size(what);
    for (size_t i = 0; i + length <= size; i++)
        if (text[i] == *what && bytes_equal(text + i, what, length) && (i == 0 || text[i - 1] == '\n')) return text + i;
    return NULL;
}

/* The path in the line of maps that is at the marker. */
static long marked(struct call *call, long pid, char *path) {
    static const char MARK[] = "7c9000000000-";
    char name[64], text[2 * FOUND_LINE];
    put_text(put_decimal(put_text(name, "/proc/"), (uint64_t)pid), "/maps");
    const long fd = sys_openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
    size_t have = 0;
    long result = fd < 0 ? fd : -ENOENT;
    while (fd >= 0) {
        const long got = SYS(read, fd, text + have, sizeof text - have);
        if (got <= 0) break;
        have += (size_t)got;
        const char *line = find(text, have, MARK);
        size_t end = 0;
        if (line) {
            const size_t from = (size_t)(line - text);
            for (end = from; end < have && text[end] != '\n';) end++;
            if (end < have) {
                size_t at = from;
                while (at < end && text[at] != '/') at++;
                size_t size = end - at;
                static const char DELETED[] = " (deleted)";
                const size_t tail = sizeof DELETED - 1, cut = size > tail && bytes_equal(text + end - tail, DELETED, tail) ? tail : 0;
                struct union_place *other = &scratch_of(call)->other;
                result = at < end ? union_detranslate(&engine.tree, other, text + at, size - cut) : -ENOENT;
                if (result < 0 && at < end) { /* a program outside of the tree, say in memory */
                    bytes_copy(path, text + at, size);
                    path[size] = 0;
                    result = (long)size;
                } else if (result == 0) {
                    bytes_copy(path, other->guest, other->size);
                    bytes_copy(path + other->size, DELETED, cut);
                    path[other->size + cut] = 0;
                    result = (long)(other->size + cut);
                }
                break;
            }
        }
        /* Whole lines that are not it are done with. */
        size_t keep = have;
        while (keep && text[keep - 1] != '\n') keep--;
        if (line) keep = (size_t)(line - text);
        if (keep == 0 && have == sizeof text) keep = have;
        bytes_move(text, text + keep, have - keep);
        have -= keep;
    }
    sys_close(fd);
    return result;
}

long executable_behind(struct call *call, const struct union_place *place, char *path) {
    const long pid = process_of(place, "exe");
    if (pid < 0) return 0;
    if (pid == SYS(getpid, 0)) {
        const size_t size = text_size(engine.executable);
        bytes_copy(path, engine.executable, size + 1);
        return (long)size;
    }
    const long size = marked(call, pid, path);
    return size == -ENOENT ? 0 : size; /* a process of the host's, or one between execve and its program */
}

/* The name of the directory that a link of a process is in, in what is left of "/proc/PID" or "/proc/PID/task/TID". */
static long process_with(const struct union_place *place, const char *directory) {
    struct union_place *at = (struct union_place *)(uintptr_t)place;
    const size_t size = place->size, name = place->name;
    if (name == 0 || !size) return -1;
    at->size = name - 1; /* without the link's own name */
    const long pid = process_of(at, directory);
    at->size = size;
    return pid;
}

bool may_leave(struct call *call, const struct union_place *place) {
    if (process_with(place, "ns") >= 0) return true;
    if (is_directory(&place->status)) return false;
    const long pid = process_with(place, "fd");
    return pid >= 0 && (pid == SYS(getpid, 0) || pid == SYS(gettid, 0) || marked(call, pid, scratch_of(call)->text) != -ENOENT);
}

long open_generated(struct call *call, const struct union_place *place, int flags) {
    enum { ROOM = 8192 };
    struct root_credentials credentials;
    char in[ROOM], *out = scratch_of(call)->text;
    const long pid = engine.full ? process_of(place, "status") : -1;
    if (pid < 0 || (flags & O_ACCMODE) != O_RDONLY) return -ENOENT;
    if (root_book_who(engine.config->book, (int)pid, &credentials, out) < 0) return -ENOENT;
    const long from = sys_openat(place->dir, place->path, O_RDONLY | O_CLOEXEC, 0);
    if (from < 0) return from;
    const long size = SYS(read, from, in, sizeof in);
    sys_close(from);
    if (size <= 0) return -ENOENT;
    const long shown = root_show_status(&credentials, in, (size_t)size, out, sizeof scratch_of(call)->text);
    const long to = shown < 0 ? shown : SYS(memfd_create, "status", flags & O_CLOEXEC ? 1 : 0);
    if (to < 0) return to;
    SYS(write, to, out, shown);
    SYS(lseek, to, 0, 0);
    return to;
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
