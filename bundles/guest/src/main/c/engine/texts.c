#include "texts.h"

#include <linux/futex.h>

#include "image.h"
#include "mappings.h"

enum { TEXTS = 4096 };
static struct text {
    uint64_t low, high; /* high 0: the entry is free */
    uint64_t trampolines;
    uint64_t pages;
} texts[TEXTS];
static struct text *texts_end = texts; /* behind the last that was ever taken */

/* ---- the lock: in the page that the kernel clears for a forked child, where nobody holds it. Before Linux 4.14 such a child waits once, in vain. */

#define LOCK ((uint32_t *)(ENGINE_POOL + 8 * SLOT_WORDS))

void texts_lock(void) {
    static const struct {
        int64_t seconds, nanoseconds;
    } most = {1, 0};
    uint32_t free = 0;
    if (__atomic_compare_exchange_n(LOCK, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
    while (__atomic_exchange_n(LOCK, 2, __ATOMIC_ACQUIRE) != 0)
        if (SYS(futex, LOCK, FUTEX_WAIT_PRIVATE, 2, &most) == -ETIMEDOUT) return;
}

void texts_unlock(void) {
    if (__atomic_exchange_n(LOCK, 0, __ATOMIC_RELEASE) == 2) SYS(futex, LOCK, FUTEX_WAKE_PRIVATE, 1);
}

/* ---- what is gone */

static bool is_mapped(uint64_t address) {
    uint8_t resident;
    return SYS(mincore, address & ~(uint64_t)(IMAGE_PAGE - 1), IMAGE_PAGE, &resident) != -ENOMEM;
}

/* Whether the guest's code still is what leads there. Code that cannot be read, say while its rights are taken away, may be. */
static bool leads_to(const struct trampoline_page *page, const struct trampoline *trampoline, uint64_t jump) {
    uint8_t code[5];
    const uint64_t size = trampoline->kind & TRAMPOLINE_JUMPS ? sizeof code : 2;
    int32_t distance;
    if (guest_read(code, jump, size) < 0) return is_mapped(jump);
    if (!(trampoline->kind & TRAMPOLINE_JUMPS)) return code[0] == 0x0f && (code[1] == 0x0b || code[1] == 0x05);
    bytes_copy(&distance, code + 1, sizeof distance);
    return code[0] == 0xe9 && jump + sizeof code + (uint64_t)(int64_t)distance == (uint64_t)page + trampoline->code;
}

static bool is_alive(const struct text *text) {
    const struct trampoline_page *page = (const struct trampoline_page *)text->trampolines;
    for (uint64_t k = 0; k < text->pages; k++, page++) {
        for (uint64_t i = 0; i < page->count; i++) {
            const struct trampoline *trampoline = trampoline_at(page, i);
            const uint64_t jump = (uint64_t)page + (uint64_t)(int64_t)trampoline->jump;
            if (jump >= text->low && jump < text->high && leads_to(page, trampoline, jump)) return true;
        }
    }
    return false;
}

/* The trampolines go with the last text that needs them; `kept` are about to be needed again. */
static void forget(struct text *gone, uint64_t kept) {
    gone->high = 0;
    if (gone->trampolines == kept) return;
    for (const struct text *text = texts; text < texts_end; text++)
        if (text->high && text->trampolines == gone->trampolines) return;
    SYS(munmap, gone->trampolines, gone->pages * IMAGE_PAGE);
}

void texts_collect(void) {
    for (struct text *text = texts; text < texts_end; text++)
        if (text->high && !is_alive(text)) forget(text, 0);
}

/* ---- */

static struct text *find_free(void) {
    for (struct text *text = texts; text < texts_end; text++)
        if (!text->high) return text;
    return texts_end < texts + TEXTS ? texts_end++ : NULL;
}

bool text_remember(uint64_t low, uint64_t high, uint64_t trampolines, uint32_t pages) {
    for (struct text *text = texts; text < texts_end; text++) {
        if (!text->high || text->high <= low || text->low >= high) continue;
        if (text->trampolines == trampolines && text->low == low && text->high == high) return true;
        if (!is_alive(text)) forget(text, trampolines);
    }
    struct text *text = find_free();
    if (!text) {
        texts_collect();
        text = find_free();
    }
    if (text) *text = (struct text){.low = low, .high = high, .trampolines = trampolines, .pages = pages};
    return text;
}

uint64_t mapping_raw(uint64_t behind) {
    uint64_t raw = 0;
    texts_lock();
    for (const struct text *text = texts; text < texts_end && !raw; text++)
        if (text->high && behind > text->low && behind <= text->high) raw = image_raw(text->trampolines, (uint32_t)text->pages, behind);
    texts_unlock();
    return raw;
}

bool text_holds(uint64_t low, uint64_t high) {
    bool holds = false;
    texts_lock();
    for (const struct text *text = texts; text < texts_end && !holds; text++) holds = text->high && low >= text->low && high <= text->high;
    texts_unlock();
    return holds;
}
