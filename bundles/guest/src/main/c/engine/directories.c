/* Reading directories of a union. One that lies in a single layer is read as it is, and whiteouts are taken out. A merged one is listed anew at each call, in the order of the names' hashes,
 * and the position is the hash of the last name that was told, or the end: kept by the kernel, in the descriptor, as it keeps any position. So nothing is remembered here; what is there all
 * the time is told once, as POSIX wants; and seekdir and rewinddir are the kernel's. */
#include "engine.h"

enum { ROOM_FIRST = 1 << 18, ROOM_MOST = 1 << 30, HEAD = offsetof(struct sys_entry, name), OLD_NAME = HEAD - 1, SEEK_SET_ = 0, SEEK_CUR_ = 1 };

/* Behind all names: who has been told the last one is not to wait for another list to learn that it was. */
#define POSITION_END ((1l << 43) + 3)
#define NO_LIMIT UINT64_MAX

/* In 43 bits, for file systems differ in how far one may seek. `.` and `..` come first. */
static uint64_t position_of(const char *name) {
    if (is_text(".", 1, name)) return 1;
    if (is_text("..", 2, name)) return 2;
    return (hash_add(HASH_START, name, text_size(name)) * 0x9e3779b97f4a7c15u >> 21) + 3;
}

static struct sys_entry *entry_at(const struct union_list *list, size_t at) { return (struct sys_entry *)(void *)(list->memory + at); }

/* As getdents: a byte of the name's earlier, with the type at the end. */
static void make_old(struct sys_entry *entry) {
    const uint8_t type = entry->type;
    char *record = (char *)entry;
    bytes_move(record + OLD_NAME, record + HEAD, text_size(entry->name) + 1);
    record[entry->size - 1] = (char)type;
}

/* The entries that come next: the least positions that are greater, as many as there is room for; those of one position together. A heap of what was found is kept, the greatest on top,
   so that a large directory is gone through once for each call. */
struct choice {
    struct chosen {
        uint64_t position;
        uint32_t at, size;
    } *heap;
    size_t count, bytes;
    uint64_t limit; /* the least that there was no room for */
};

static void sift_up(struct choice *choice, size_t at) {
    for (size_t above; at && choice->heap[above = (at - 1) / 2].position < choice->heap[at].position; at = above) {
        const struct chosen moved = choice->heap[at];
        choice->heap[at] = choice->heap[above];
        choice->heap[above] = moved;
    }
}

static void drop_greatest(struct choice *choice) {
    choice->bytes -= choice->heap[0].size;
    choice->heap[0] = choice->heap[--choice->count];
    for (size_t at = 0, below; (below = 2 * at + 1) < choice->count; at = below) {
        if (below + 1 < choice->count && choice->heap[below + 1].position > choice->heap[below].position) below++;
        if (choice->heap[below].position <= choice->heap[at].position) break;
        const struct chosen moved = choice->heap[at];
        choice->heap[at] = choice->heap[below];
        choice->heap[below] = moved;
    }
}

static void choose(struct choice *choice, const struct union_list *list, uint64_t behind, size_t room) {
    for (size_t at = 0; at < list->used; at += entry_at(list, at)->size) {
        const struct sys_entry *entry = entry_at(list, at);
        const uint64_t position = position_of(entry->name);
        if (position <= behind || position >= choice->limit) continue;
        choice->heap[choice->count] = (struct chosen){position, (uint32_t)at, entry->size};
        choice->bytes += entry->size;
        sift_up(choice, choice->count++);
        while (choice->bytes > room && choice->count) {
            choice->limit = choice->heap[0].position;
            while (choice->count && choice->heap[0].position == choice->limit) drop_greatest(choice);
        }
    }
}

/* Writes them in order: the greatest last, so from the end. */
static long tell(struct choice *choice, const struct union_list *list, int fd, uint64_t buffer, bool old) {
    if (!choice->count) return 0;
    const uint64_t last = choice->limit == NO_LIMIT ? (uint64_t)POSITION_END : choice->heap[0].position, size = choice->bytes;
    while (choice->count) {
        const struct chosen chosen = choice->heap[0];
        struct sys_entry *entry = entry_at(list, chosen.at);
        drop_greatest(choice);
        entry->next = (int64_t)chosen.position;
        const uint64_t bytes = entry->size;
        if (old) make_old(entry);
        if (guest_write(buffer + choice->bytes, entry, bytes) < 0) return -EFAULT;
    }
    const long result = SYS(lseek, fd, last, SEEK_SET_);
    return result < 0 ? result : (long)size;
}

static long list_in(struct call *call, char *memory, size_t size, int fd, long position, uint64_t buffer, size_t room, bool old) {
    struct union_list list = {.memory = memory, .size = size / 2};
    struct choice choice = {.heap = (struct chosen *)(void *)(memory + size / 2), .limit = NO_LIMIT};
    const long result = union_list(&engine.tree, &scratch_of(call)->place, fd, &list);
    if (result < 0) return result;
    choose(&choice, &list, (uint64_t)position, room);
    if (!choice.count && choice.limit != NO_LIMIT) return -EINVAL; /* not even one fits */
    return tell(&choice, &list, fd, buffer, old);
}

static long list(struct call *call, int fd, uint64_t buffer, size_t room, bool old) {
    enum { NO_RESERVE = 0x4000 };
    const long position = SYS(lseek, fd, 0, SEEK_CUR_);
    if (position < 0) return position;
    if (position == POSITION_END) return 0;
    for (size_t size = ROOM_FIRST; size <= ROOM_MOST; size *= 4) {
        const long memory = SYS(mmap, 0, size, SYS_PROT_RW, SYS_MAP_SCRATCH | NO_RESERVE, -1, 0);
        if (memory < 0) return memory;
        const long result = list_in(call, (char *)memory, size, fd, position, buffer, room, old);
        SYS(munmap, memory, size);
        if (result != -ENOSPC) return result;
    }
    return -ENOMEM;
}

/* In memory of our own, for what the guest gives could go in the middle of it. */
static long filter(struct call *call, int fd, uint64_t buffer, size_t room, bool old) {
    struct scratch *scratch = scratch_of(call);
    const size_t most = room < sizeof scratch->text ? room : sizeof scratch->text;
    for (;;) {
        long result = SYS(getdents64, fd, scratch->text, most);
        if (result <= 0) return result;
        result = union_filter(&engine.tree, &scratch->place, fd, scratch->text, (size_t)result);
        if (result < 0) return result;
        if (result == 0) continue;
        for (long at = 0, next; old && at < result; at = next) {
            struct sys_entry *entry = (struct sys_entry *)(void *)(scratch->text + at);
            next = at + entry->size;
            make_old(entry);
        }
        return guest_write(buffer, scratch->text, (uint64_t)result) < 0 ? -EFAULT : result;
    }
}

static long read_directory(struct call *call, bool old) {
    const int fd = (int)call->rdi;
    const size_t room = (uint32_t)call->rdx < 0x7fffffff ? (uint32_t)call->rdx : 0x7fffffff;
    const long merged = union_merged(&engine.tree, &scratch_of(call)->place, fd);
    if (merged == -ENOTDIR) return SYS(getdents64, fd, call->rsi, room); /* the kernel tells what it is instead */
    if (merged < 0) return merged;
    return merged ? list(call, fd, call->rsi, room, old) : filter(call, fd, call->rsi, room, old);
}

long call_getdents64(struct call *call) { return read_directory(call, false); }
long call_getdents(struct call *call) { return read_directory(call, true); }
