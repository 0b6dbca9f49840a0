/* What is known about directories: the hash of a guest path, and the layers that make up the directory there. Without locks, in memory shared by all processes.
 *
 * Rule of invalidation: an entry holds only for the generation in which the walk that made it began. Whatever can make an entry false (renaming, removing or copying up a
 * directory) runs between cache_begin() and cache_end(); meanwhile nobody reads or writes entries, and afterwards there is another generation. Who is killed in between leaves
 * the cache off for as long as its memory lives: slower, but never wrong. Things that appear make nothing false, for only what exists is remembered.
 */
#include "inner.h"

enum { CHANGING = 0xffff }; /* in `state`: how many are between begin and end; the rest is the generation */

uint64_t cache_generation(const struct union_config *u) {
    if (!u->cache) return 0;
    uint64_t state = __atomic_load_n(&u->cache->state, __ATOMIC_SEQ_CST);
    return state & CHANGING ? 0 : (state >> 16) + 1;
}

static struct union_slot *slot_of(const struct union_config *u, uint64_t key) { return &u->cache->slots[(key ^ key >> 31) & (u->cache_slots - 1)]; }

static uint64_t key_of(uint64_t generation, uint64_t hash) { return hash ^ generation * 0x9e3779b97f4a7c15u; }

/* Three words cannot be written at once: the first is such that words of different writers do not fit together. */
static uint64_t check_of(uint64_t key, const struct union_mask *mask) { return key ^ mask->bits[0] ^ (mask->bits[1] << 32 | mask->bits[1] >> 32); }

bool cache_get(const struct union_config *u, uint64_t generation, uint64_t hash, struct union_mask *mask) {
    if (!generation) return false;
    uint64_t key = key_of(generation, hash);
    const struct union_slot *slot = slot_of(u, key);
    struct union_mask have = {{__atomic_load_n(&slot->mask.bits[0], __ATOMIC_RELAXED), __atomic_load_n(&slot->mask.bits[1], __ATOMIC_RELAXED)}};
    if (__atomic_load_n(&slot->check, __ATOMIC_RELAXED) != check_of(key, &have) || mask_empty(&have)) return false;
    *mask = have;
    return true;
}

void cache_put(const struct union_config *u, uint64_t generation, uint64_t hash, const struct union_mask *mask) {
    if (!generation) return;
    uint64_t key = key_of(generation, hash);
    struct union_slot *slot = slot_of(u, key);
    __atomic_store_n(&slot->mask.bits[0], mask->bits[0], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->mask.bits[1], mask->bits[1], __ATOMIC_RELAXED);
    __atomic_store_n(&slot->check, check_of(key, mask), __ATOMIC_RELAXED);
}

void cache_begin(const struct union_config *u) {
    if (u->cache) __atomic_add_fetch(&u->cache->state, 1, __ATOMIC_SEQ_CST);
}

void cache_end(const struct union_config *u) {
    if (u->cache) __atomic_add_fetch(&u->cache->state, CHANGING, __ATOMIC_SEQ_CST);
}

void union_change_begin(const struct union_config *u) { cache_begin(u); }
void union_change_end(const struct union_config *u) { cache_end(u); }
