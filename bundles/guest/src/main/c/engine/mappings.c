#include "mappings.h"

#include <linux/ipc.h>
#include <asm/shmbuf.h>
#include <linux/sched.h>

#include "cache.h"
#include "signals.h"
#include "start.h"
#include "table.h"
#include "texts.h"
#include "unseen.h"

enum { PROTECT_WRITE = 2, PROTECT_EXECUTE = 4, READ_EXECUTE = 5, PRIVATE = 2, FIXED = 0x10, ANONYMOUS = 0x20, KIND = 0x0f, FIXED_NEW = 0x100000, NO_RESERVE = 0x4000 };

extern const char entry[], begun[];

/* ---- trampolines: just below the file, where nothing is as a rule, for the kernel goes downwards too; and all processes share one copy. Else somewhere near, and what jumps to them and
   back is mended, in copies of this process alone. */

struct placing {
    int image;
    const struct image_header *header;
    uint64_t bias;        /* from an address that the file is linked for to the one that it has */
    uint64_t trampolines; /* where they are; 0: nowhere yet */
    int64_t moved;        /* by how much that is not where they belong */
};

static uint64_t size_of(const struct placing *placing) { return placing->header->trampoline_pages * (uint64_t)IMAGE_PAGE; }

/* Of another kind than its neighbours, so that the kernel does not make one mapping of them (maps.c). */
static long map_trampolines(const struct placing *placing, uint64_t address, int protection) {
    const long result = SYS(mmap, address, size_of(placing), protection, PRIVATE | FIXED_NEW | NO_RESERVE, placing->image, IMAGE_PAGE);
    if (result < 0 || result == (long)address) return result;
    SYS(munmap, result, size_of(placing)); /* before Linux 4.17 */
    return -EEXIST;
}

/* Those of the same file are there from before, when it was unmapped. */
static bool is_there(const struct placing *placing, uint64_t address) {
    uint64_t found[2];
    return guest_read(found, address, sizeof found) == 0 && found[0] == TRAMPOLINE_MAGIC && found[1] == image_identity(&placing->header->key);
}

static bool place_elsewhere(struct placing *placing, uint64_t wanted) {
    enum { STEP = 1 << 20, STEPS = 1000 };
    for (int64_t i = 1; i <= 2 * STEPS; i++) {
        const int64_t by = (i & 1 ? -(i + 1) / 2 : i / 2) * STEP;
        if (map_trampolines(placing, wanted + (uint64_t)by, SYS_PROT_RW) < 0) continue;
        placing->trampolines = wanted + (uint64_t)by;
        placing->moved = by;
        image_move_trampolines((struct trampoline_page *)placing->trampolines, placing->header->trampoline_pages, by);
        return SYS(mprotect, placing->trampolines, size_of(placing), READ_EXECUTE) == 0;
    }
    return false;
}

static bool place(struct placing *placing) {
    const uint64_t wanted = placing->bias + placing->header->trampolines;
    const long result = map_trampolines(placing, wanted, READ_EXECUTE);
    placing->trampolines = wanted;
    if (result >= 0 || (result == -EEXIST && is_there(placing, wanted))) return true;
    if (result != -EEXIST) return false;
    texts_collect(); /* mostly what is in the way belongs to text that is gone */
    return map_trampolines(placing, wanted, READ_EXECUTE) >= 0 || place_elsewhere(placing, wanted);
}

static bool map_part(const struct placing *placing, uint64_t address, uint64_t size, int protection, uint64_t offset) {
    const int first = placing->moved ? SYS_PROT_RW : protection;
    if (SYS(mmap, address, size, first, PRIVATE | FIXED, placing->image, offset) < 0) return false;
    if (!placing->moved) return true;
    image_move_jumps((const struct trampoline_page *)placing->trampolines, placing->header->trampoline_pages, placing->moved, address, address + size);
    return SYS(mprotect, address, size, protection) == 0;
}

static long rewrite(struct placing *placing, uint64_t address, uint64_t offset, uint64_t size, int protection) {
    const struct image_header *header = placing->header;
    const uint64_t end = offset + image_pages(size);
    if (!header->possible) return -EOPNOTSUPP;
    for (unsigned i = 0; i < header->part_count; i++) {
        const struct image_part *part = &header->parts[i];
        const uint64_t from = part->offset > offset ? part->offset : offset, to = part->offset + part->size < end ? part->offset + part->size : end;
        if (from >= to) continue;
        placing->bias = address - offset - (uint64_t)part->delta;
        if (!placing->trampolines && !place(placing)) return -ENOMEM;
        const uint64_t at = address + (from - offset);
        if (!map_part(placing, at, to - from, protection, part->at + (from - part->offset))) return -ENOMEM;
        if (!text_remember(at, at + (to - from), placing->trampolines, header->trampoline_pages)) return -ENOMEM;
    }
    return 0;
}

long mapping_rewrite(int fd, uint64_t address, uint64_t offset, uint64_t size, int protection) {
    const struct image_engine target = {.entry = (uint64_t)entry, .begun = (uint64_t)begun, .raw = raw_numbers, .numbers = TABLE_SIZE, .filtered = stage_filtered};
    struct image_header header;
    struct placing placing = {.header = &header};
    if (!engine.config->images || (stage_filtered && protection & PROTECT_WRITE)) return 0;
    const long image = image_open(engine.config->images, fd, &target, &header);
    if (image == -ENOEXEC) return stage_filtered ? 0 : image;
    placing.image = (int)image;
    texts_lock();
    long result = image < 0 ? image : rewrite(&placing, address, offset, size, protection);
    texts_unlock();
    sys_close(image);
    if (stage_filtered) return 0;
    if (result == 0 && header.doubtful) unseen_trap(address, size);
    return result == 0 || unseen_trap(address, size) ? 0 : result;
}

/* ---- calls */

long call_mmap(struct call *call) {
    const uint64_t protection = call->rdx, flags = call->r10;
    const bool placed = unseen_maybe(call), file = !(flags & ANONYMOUS) && (flags & KIND) == PRIVATE;
    if (!(protection & PROTECT_EXECUTE) && !placed) return WINDOW(call, mmap, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    const long result = placed ? unseen_map(call) : SYS(mmap, call->rdi, call->rsi, call->rdx, call->r10, call->r8, call->r9);
    if (result < 0 || !(protection & PROTECT_EXECUTE)) return result;
    const long refused = file ? mapping_rewrite((int)call->r8, (uint64_t)result, call->r9, call->rsi, (int)protection) : -ENOEXEC;
    if (refused == -ENOEXEC) unseen_appeared(call, (uint64_t)result, call->rsi, protection & PROTECT_WRITE); /* no program, but somebody wants to execute it */
    if (refused == 0 || refused == -ENOEXEC) return result;
    SYS(munmap, result, call->rsi);
    return refused;
}

/* A stack on which code is to be executed is passed over: what compilers put there are jumps. */
static long protected(struct call *call, long result) {
    enum { GROWS_DOWN = 0x01000000 };
    if (result == 0 && !stage_filtered && call->rdx & PROTECT_EXECUTE && !(call->rdx & GROWS_DOWN) && !text_holds(call->rdi, call->rdi + call->rsi))
        unseen_appeared(call, call->rdi, call->rsi, call->rdx & PROTECT_WRITE);
    return result;
}
long call_mprotect(struct call *call) { return protected(call, SYS(mprotect, call->rdi, call->rsi, call->rdx)); }
long call_pkey_mprotect(struct call *call) { return protected(call, SYS(pkey_mprotect, call->rdi, call->rsi, call->rdx, call->r10)); }

long call_mremap(struct call *call) {
    const long result = SYS(mremap, call->rdi, call->rsi, call->rdx, call->r10, call->r8);
    if (result >= 0) unseen_moved(call->rdi, (uint64_t)result, call->rdx);
    return result;
}

/* A segment of shared memory is no file of the guest's, so no ELF file either. */
long call_shmat(struct call *call) {
    enum { READ_ONLY = 010000, EXECUTABLE = 0100000, STATUS = 2 };
    struct shmid64_ds segment;
    if (stage_filtered || !(call->rdx & EXECUTABLE) || SYS(shmctl, call->rdi, STATUS, &segment) < 0) return SYS(shmat, call->rdi, call->rsi, call->rdx);
    const long result = unseen_attach(call, segment.shm_segsz);
    if (result >= 0) unseen_appeared(call, (uint64_t)result, segment.shm_segsz, !(call->rdx & READ_ONLY));
    return result;
}

/* The child goes on from where the call is made, on a stack of its own, so that is in the guest's code, not here: the call ends with the guest about to make it. */
static long make_process(struct call *call) {
    const uint64_t raw = mapping_raw(call->back);
    if (!raw) return unseen_make_process(call);
    call->back = raw;
    return (long)call->number;
}
long call_fork(struct call *call) { return make_process(call); }
long call_vfork(struct call *call) { return make_process(call); }

/* New namespaces would show another tree than the engine sees. */
long call_clone(struct call *call) {
    enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET };
    return call->rdi & NAMESPACES ? -EPERM : make_process(call);
}
