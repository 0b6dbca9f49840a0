/* The engine as a library: functions of libc that would act on the host's files are answered by it. It is made for any libc: of libc it uses what is listed in symbols.allowed, and
 * finds the rest by itself (libc.c).
 *
 * Wrappers have names of their own here, and those of libc for others to find (EXPORTED), so headers of libc can say what they like. */
#ifndef LICHEN_PRELOAD_LIBRARY_H
#define LICHEN_PRELOAD_LIBRARY_H

#include "engine.h"

#define EXPORTED(name) __asm__(name) __attribute__((visibility("default"), used))
/* A second name of a wrapper. */
#define ALSO(name, of) __asm__(".globl " #name "\n.set " #name ", " #of)

struct library {
    uint8_t state;   /* enum { UNKNOWN, HERE, ABSENT } */
    bool musl;
    const char *links;   /* directory of links to libraries */
    const char *program; /* the path that the program was loaded by */
    char **argv;
};
extern struct library library;

/* ---- enter.c */

/* In the page of the pool, which the kernel clears for a forked child: there nobody holds a lock. */
static inline uint32_t *settled(void) { return (uint32_t *)(ENGINE_POOL + 8 * SLOT_WORDS); }
static inline uint32_t *piped_lock(void) { return settled() + 1; }

/* A system call as the guest would make it: >= 0 or -errno. Blocks signals, takes a slot. */
long engine_call(long number, long a, long b, long c, long d, long e, long f);
#define CALL(name, ...) CALL_SIX(__NR_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_SIX(number, a, b, c, d, e, f, ...) engine_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* The same for a function of libc's that is a point of cancellation: the thread may be ended in it, so nothing may be held that would be lost. Not in a child that shares its parent's memory. */
long engine_cancellable(long number, long a, long b, long c, long d, long e, long f);
#define CALL_CANCELLABLE(name, ...) CALL_CANCELLABLE_SIX(__NR_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL_CANCELLABLE_SIX(number, a, b, c, d, e, f, ...) engine_cancellable(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
/* Something else that needs a slot. `data` is in call->rdi. */
long engine_do(long (*what)(struct call *call), void *data);
static inline void *data_of(const struct call *call) { return (void *)(uintptr_t)call->rdi; }

/* What libc's functions answer: -1 and errno instead of -errno. */
long told(long result);
void set_errno(int error);
int get_errno(void);

/* ---- libc.c */

void *malloc(size_t size);
void free(void *memory);
void *realloc(void *memory, size_t size);
/* A function of the libc that is here, behind ours; NULL: it has none. Asks each time; LIBC only if libraries were loaded meanwhile. */
void *libc_find(const char *name);
extern unsigned libc_loaded; /* how often libraries were, and 1 */
#define LIBC(type, name)                                                                      \
    ({                                                                                        \
        static type *found_;                                                                  \
        static unsigned missed_;                                                              \
        const unsigned loaded_ = __atomic_load_n(&libc_loaded, __ATOMIC_ACQUIRE);             \
        type *now_ = __atomic_load_n(&found_, __ATOMIC_ACQUIRE);                              \
        if (!now_ && __atomic_load_n(&missed_, __ATOMIC_RELAXED) != loaded_) {                \
            now_ = (type *)libc_find(#name);                                                  \
            if (now_) __atomic_store_n(&found_, now_, __ATOMIC_RELEASE);                      \
            else __atomic_store_n(&missed_, loaded_, __ATOMIC_RELAXED);                       \
        }                                                                                     \
        now_;                                                                                 \
    })
char *text_copy(const char *text); /* by malloc */
extern char **environ;
const char *environment(const char *name);

/* ---- start.c */

/* Whether the engine is here, which is found out at the first call. */
bool library_ready(void);

/* ---- between wrappers */

/* The guest path of what was loaded from a path of the host's; kept for good. */
const char *library_name(const char *host);

#endif
