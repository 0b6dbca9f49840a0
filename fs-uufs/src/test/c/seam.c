/* System calls of the library, with the test in between. */
#include "tree.h"

void (*seam_before)(long number);

long sys_call(long number, long a, long b, long c, long d, long e, long f);

long sys_call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    if (seam_before) seam_before(number);
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}
