/* The way from a wrapper to a slot's stack and back. A wrapper has blocked every signal, so nothing comes in between; in a window the guest's mask is in force, on the guest's stack. */
#include "kept.h"
#define NR_rt_sigprocmask 14
#define NR_execve 59
#define NR_clone 56
#define NR_exit 60
#define SIG_SETMASK 2
#define CLONE_VM_VFORK_CHILD (0x100 | 0x4000 | 17)
#define C_BY_LIBC (C_REAL_RSP + 8 + 3 * 8)
.set mask_at, C_MASK /* the preprocessor does not look into strings */

.macro set_mask new /* destroys rax, rcx, rdx, rsi, rdi, r10, r11 */
    mov     $SIG_SETMASK, %edi
    \new
    xor     %edx, %edx
    mov     $8, %r10d
    mov     $NR_rt_sigprocmask, %eax
    syscall
.endm

.text
.hidden slot_run, window, window_by_libc, exec_window, slot_release, every_signal

/* What slot_run has pushed lies on the guest's stack, where a window is: a thread that is ended in one is unwound to the wrapper from there. */
.macro cfi_kept
    .cfi_def_cfa rsp, 56
    .cfi_offset rbx, -16
    .cfi_offset r12, -24
    .cfi_offset r13, -32
    .cfi_offset r14, -40
    .cfi_offset rbp, -48
    .cfi_offset r15, -56
.endm

/* struct answer { long result, kept; } slot_run(call, answer): calls answer(call) on the slot's stack. kept: 1: the slot is still the caller's; 0: exec_window has given it back, and
   the mask is the guest's. */
.globl slot_run
slot_run:
    push_kept
    mov     %rdi, %r15
    mov     %rsp, C_REAL_RSP(%rdi)
    lea     -64(%rdi), %rsp
    call    *%rsi
    mov     C_REAL_RSP(%r15), %rsp
    mov     $1, %edx
slot_leave:
    pop_kept
    ret

/* window(call, number, a, b, c, d, e, f) */
.globl window
window:
    push_kept
    mov     %rdi, %r15
    mov     %rsi, C_WINDOW(%r15)
    mov     %rdx, C_WINDOW + 8(%r15)
    mov     %rcx, C_WINDOW + 16(%r15)
    mov     %r8, C_WINDOW + 24(%r15)
    mov     %r9, C_WINDOW + 32(%r15)
    mov     56(%rsp), %rax
    mov     %rax, C_WINDOW + 40(%r15)
    mov     64(%rsp), %rax
    mov     %rax, C_WINDOW + 48(%r15)
    mov     %rsp, C_ENGINE_RSP(%r15)
    mov     C_REAL_RSP(%r15), %rsp
    .cfi_startproc
    cfi_kept
    set_mask "lea mask_at(%r15), %rsi"
    cmpq    $0, C_BY_LIBC(%r15)
    jne     1f
    load_window
    syscall
    jmp     2f
1:  sub     $8, %rsp                /* slot_run has pushed six registers onto a stack that was aligned */
    .cfi_adjust_cfa_offset 8
    mov     %r15, %rdi
    call    window_by_libc
    add     $8, %rsp
    .cfi_adjust_cfa_offset -8
2:  mov     %rax, %rbx
    set_mask "lea every_signal(%rip), %rsi"
    .cfi_endproc
    mov     %rbx, %rax
    mov     C_ENGINE_RSP(%r15), %rsp
    pop_kept
    ret

/* exec_window(call, path, argv, envp, slotted): never returns to its caller, but, when execve fails, from slot_run. `call` is a copy that is in no slot, for a vfork child shares those
   with its parent and does not come back. */
.globl exec_window
exec_window:
    mov     %rdi, %r15
    mov     %rsi, %rbx
    mov     %rdx, %r12
    mov     %rcx, %r13
    mov     C_REAL_RSP(%r15), %rsp
    mov     C_SLOT(%r8), %rdi
    sub     $8, %rsp                /* slot_run has pushed six registers onto a stack that was aligned */
    call    slot_release
    add     $8, %rsp
    set_mask "lea mask_at(%r15), %rsi"
    mov     %rbx, %rdi
    mov     %r12, %rsi
    mov     %r13, %rdx
    mov     $NR_execve, %eax
    syscall
    xor     %edx, %edx
    jmp     slot_leave
/* clone_vfork(child, stack, data): the child's number, once it has executed or ended; or -errno. */
.hidden clone_vfork
.globl clone_vfork
clone_vfork:
    mov     %rdi, %r8
    mov     %rdx, %r9
    mov     $CLONE_VM_VFORK_CHILD, %edi
    xor     %edx, %edx
    xor     %r10d, %r10d
    mov     $NR_clone, %eax
    syscall
    test    %rax, %rax
    jnz     1f
    xor     %ebp, %ebp
    mov     %r9, %rdi
    call    *%r8
    mov     %eax, %edi
    mov     $NR_exit, %eax
    syscall
1:  ret
.section .note.GNU-stack, "", @progbits
