/* System calls without a libc: >= 0 or -errno. The one place that knows how an architecture makes them, and the seam where tests step in between.
 *
 * Hosted tests define SYS_HOSTED and bring their own sys_call, which can fail or end the process at any of them. */
#ifndef LICHEN_SYSCALLS_H
#define LICHEN_SYSCALLS_H

#include <asm/unistd.h>

#if defined SYS_HOSTED
long sys_call(long number, long a, long b, long c, long d, long e, long f);
#elif defined __x86_64__
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}
#else
#error "system calls of this architecture are not known"
#endif

#define SYS(name, ...) SYS_SIX(__NR_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_SIX(number, a, b, c, d, e, f, ...) sys_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
