/* For assembly: what is kept over a piece of it, in this order. */
#ifndef LICHEN_ENGINE_KEPT_H
#define LICHEN_ENGINE_KEPT_H

#include "layout.h"

.macro push_kept
    push    %rbx
    push    %r12
    push    %r13
    push    %r14
    push    %rbp
    push    %r15
.endm

.macro pop_kept
    pop     %r15
    pop     %rbp
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbx
.endm

/* The six arguments of a window's call, and its number, as they lie in C_WINDOW of the call in r15. */
.macro load_window
    mov     C_WINDOW(%r15), %rax
    mov     C_WINDOW + 8(%r15), %rdi
    mov     C_WINDOW + 16(%r15), %rsi
    mov     C_WINDOW + 24(%r15), %rdx
    mov     C_WINDOW + 32(%r15), %r10
    mov     C_WINDOW + 40(%r15), %r8
    mov     C_WINDOW + 48(%r15), %r9
.endm

#endif
