/* The ways into the engine and out of it. A signal may come at any instruction; what it means there is told by the region the instruction is in (signals.c, "regions"):
 *
 *   entry … take_test        nothing has happened but to r11, which a system call destroys anyway
 *   hold_… , … started       a slot is taken: r11 is its number, then where its call is, then r15 is: given back, and the call made again after the handler
 *   X                        everything else that is not named: the call is brought to its end before the signal is delivered
 *   window_… , exec_…        up to and including its `syscall`: the call is given up, and made again after the handler; behind it: X, or its result stands
 *   leave_…                  the result is known, the slot still taken
 *   wrap                     the signal wrapper itself: as at its handler's first instruction
 *
 * and in a trampoline of rewritten code (images/image.h): as in the code that it stands for.
 */
#include "kept.h"
.set mask_at, C_MASK /* the preprocessor does not look into strings */
#define NR_rt_sigprocmask 14
#define NR_rt_sigreturn 15
#define NR_execve 59
#define NR_sigaltstack 131
#define NR_prctl 157
#define PR_SET_SYSCALL_USER_DISPATCH 59
#define PR_SYS_DISPATCH_ON 1
#define SIG_SETMASK 2
#define SS_ONSTACK 1

.macro set_mask new, old /* destroys rax, rcx, rdx, rsi, rdi, r10, r11 */
    mov     $SIG_SETMASK, %edi
    \new
    \old
    mov     $8, %r10d
    mov     $NR_rt_sigprocmask, %eax
    syscall
.endm

.text

/* ---- SIGSYS: turned into "the guest has called entry", and left by sigreturn before any work is done. So a call runs under the guest's own mask, outside of any frame, and its
   stack is free. Its own sa_mask is everything. */
.globl on_sigsys
on_sigsys:
    mov     8(%rsi), %eax
    dec     %eax
    cmp     $1, %eax                /* SYS_SECCOMP, SYS_USER_DISPATCH? else somebody has sent it */
    ja      wrap_fault
    mov     UC_RIP(%rdx), %rax
    mov     %rax, UC_RCX(%rdx)      /* as the syscall instruction does */
    lea     entry(%rip), %rax
    mov     %rax, UC_RIP(%rdx)
    ret                             /* to the stub that is this action's restorer */

/* ---- entry: rax is the number, the arguments are in place, rcx is where to return. Uses none of the guest's stack. */
.globl entry, take_test, hold_number, hold_scaled, hold_call, hold_end, started
entry:
.set word, 0
.rept SLOT_WORDS
    mov     slot_pool + 8 * word(%rip), %r11
    not     %r11
    bsf     %r11, %r11
    jz      1f
    add     $(64 * word), %r11
    jmp     take
1:
.set word, word + 1
.endr
    pause
    jmp     entry
take:
    lock bts %r11, slot_pool(%rip)
take_test:
    jc      entry
hold_number:
    shl     $SLOT_SHIFT, %r11
hold_scaled:
    add     slot_calls(%rip), %r11
hold_call:
    mov     %rax, C_NUMBER(%r11)
    mov     %rdi, C_RDI(%r11)
    mov     %rsi, C_RSI(%r11)
    mov     %rdx, C_RDX(%r11)
    mov     %r10, C_R10(%r11)
    mov     %r8, C_R8(%r11)
    mov     %r9, C_R9(%r11)
    mov     %rcx, C_RETURN(%r11)
    mov     %rsp, C_RSP(%r11)
    mov     %rsp, C_REAL_RSP(%r11)
    mov     %rbx, C_RBX(%r11)
    mov     %rbp, C_RBP(%r11)
    mov     %r12, C_R12(%r11)
    mov     %r13, C_R13(%r11)
    mov     %r14, C_R14(%r11)
    mov     %r15, C_R15(%r11)
    movq    $0, C_WAITER(%r11)
    movq    $0, C_REWIND(%r11)
    movq    $0, C_MASKED(%r11)
    mov     %r11, %r15
hold_end:                           /* r15 is the call from here on */
    mov     %r15, %rax
    sub     slot_calls(%rip), %rax
    shr     $SLOT_SHIFT, %rax
    mov     %rax, C_SLOT(%r15)
    cld
    cmpl    $0, alternate_stack_used(%rip)
    je      asked
    /* On the alternate stack and about to leave it, so the kernel would think it free: no signals until we are back. */
    xor     %edi, %edi
    lea     C_STACK(%r15), %rsi
    mov     $NR_sigaltstack, %eax
    syscall
    testl   $SS_ONSTACK, C_STACK + 8(%r15)
    je      asked
    set_mask "lea every_signal(%rip), %rsi", "lea mask_at(%r15), %rdx"
    movq    $1, C_MASKED(%r15)
asked:
    lea     -64(%r15), %rsp
started:
    mov     %r15, %rdi
    call    dispatch
    mov     %rax, C_RESULT(%r15)

/* ---- the way out */
.globl leave_start, leave_registers, leave_slot, leave_give, leave_last, leave_end
leave_start:                        /* already here: who is interrupted behind the comparison would not see that somebody waits */
    cmpq    $0, C_WAITER(%r15)
    jne     switch_back
    mov     C_REAL_RSP(%r15), %rsp  /* a frame of a signal that is waiting goes where it would for the guest */
    cmpq    $0, C_MASKED(%r15)
    je      1f
    set_mask "lea mask_at(%r15), %rsi", "xor %edx, %edx"
1:  mov     %r15, %r11
leave_registers:
    mov     C_RESULT(%r11), %rax
    mov     C_RDI(%r11), %rdi
    mov     C_RSI(%r11), %rsi
    mov     C_RDX(%r11), %rdx
    mov     C_R10(%r11), %r10
    mov     C_R8(%r11), %r8
    mov     C_R9(%r11), %r9
    mov     C_RBX(%r11), %rbx
    mov     C_RBP(%r11), %rbp
    mov     C_R12(%r11), %r12
    mov     C_R13(%r11), %r13
    mov     C_R14(%r11), %r14
    mov     C_R15(%r11), %r15
    mov     C_RETURN(%r11), %rcx
    mov     C_RSP(%r11), %rsp
    mov     C_SLOT(%r11), %r11
leave_slot:
    test    %r11, %r11
    js      leave_last              /* the call is not in a slot */
leave_give:
    lock btr %r11, slot_pool(%rip)
leave_last:
    jmp     *%rcx
leave_end:

/* ---- resume(call, ucontext): goes on with an interrupted call until its end, as a coroutine. Every signal is blocked. */
.globl resume
resume:
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    mov     %rsp, C_WAITER(%rdi)
    mov     UC_RSP(%rsi), %rsp
    pushq   UC_RIP(%rsi)            /* below the interrupted stack: the engine has no red zone */
    pushq   UC_FLAGS(%rsi)
    popfq
    mov     UC_R8(%rsi), %r8
    mov     UC_R9(%rsi), %r9
    mov     UC_R10(%rsi), %r10
    mov     UC_R11(%rsi), %r11
    mov     UC_R12(%rsi), %r12
    mov     UC_R13(%rsi), %r13
    mov     UC_R14(%rsi), %r14
    mov     UC_R15(%rsi), %r15
    mov     UC_RDI(%rsi), %rdi
    mov     UC_RBP(%rsi), %rbp
    mov     UC_RBX(%rsi), %rbx
    mov     UC_RDX(%rsi), %rdx
    mov     UC_RCX(%rsi), %rcx
    mov     UC_RAX(%rsi), %rax
    mov     UC_RSI(%rsi), %rsi
    ret
switch_back:                        /* of a call that somebody waits for */
    mov     C_WAITER(%r15), %rsp
    movq    $0, C_WAITER(%r15)
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret

/* ---- window(call, number, a, b, c, d, e, f): the one system call that may block or change the signal mask, and the last step of a call that can be given up. Either it was made and
   its result is returned, or a signal came first and the result is -EREWIND. The stack is the guest's, so that the kernel puts a frame where it would have put it. */
.globl window, window_start, window_call, window_done, window_back, masked_start, masked_call, masked_done, masked_back
window:
    push_kept
    mov     %rdi, %r15
    mov     %rsi, %rax
    mov     %rdx, %rdi
    mov     %rcx, %rsi
    mov     %r8, %rdx
    mov     %r9, %r10
    mov     56(%rsp), %r8
    mov     64(%rsp), %r9
    mov     %rsp, C_ENGINE_RSP(%r15)
    cmpq    $0, C_MASKED(%r15)
    jne     masked
    mov     C_REAL_RSP(%r15), %rsp
window_start:
    cmpq    $0, C_WAITER(%r15)
    jne     window_given_up
window_call:
    syscall
window_done:
    mov     C_ENGINE_RSP(%r15), %rsp
window_back:
    pop_kept
    ret
window_given_up:
    mov     C_ENGINE_RSP(%r15), %rsp
.globl window_give_up
window_give_up:
    movq    $1, C_REWIND(%r15)
    mov     $-EREWIND, %rax
    jmp     window_back
masked:                             /* the guest's mask around the call alone */
    mov     %rax, C_WINDOW(%r15)
    mov     %rdi, C_WINDOW + 8(%r15)
    mov     %rsi, C_WINDOW + 16(%r15)
    mov     %rdx, C_WINDOW + 24(%r15)
    mov     %r10, C_WINDOW + 32(%r15)
    mov     %r8, C_WINDOW + 40(%r15)
    mov     %r9, C_WINDOW + 48(%r15)
    mov     C_REAL_RSP(%r15), %rsp
masked_start:
    cmpq    $0, C_WAITER(%r15)
    jne     window_given_up
    set_mask "lea mask_at(%r15), %rsi", "xor %edx, %edx"
    load_window
masked_call:
    syscall
masked_done:
    mov     %rax, %rbx
    set_mask "lea every_signal(%rip), %rsi", "xor %edx, %edx"
    mov     %rbx, %rax
masked_back:
    mov     C_ENGINE_RSP(%r15), %rsp
    jmp     window_back

/* ---- exec_window(call, path, argv, envp, slotted): as window, never to return. `call` is a copy that is in no slot, for a vfork child shares those with its parent and does not
   come back; the slot of the original is given back here. */
.globl exec_window, exec_hold, exec_start, exec_call, exec_done
exec_window:
    mov     %rdi, %r15
    mov     %rsi, %rbx
    mov     %rdx, %r12
    mov     %rcx, %r13
    mov     %r8, %r14
    mov     C_REAL_RSP(%r15), %rsp
exec_hold:
    cmpq    $0, C_WAITER(%r14)
    jne     exec_given_up
    mov     C_SLOT(%r14), %rax
    lock btr %rax, slot_pool(%rip)
exec_start:
    cmpq    $0, C_MASKED(%r15)
    je      1f
    set_mask "lea mask_at(%r15), %rsi", "xor %edx, %edx"
    movq    $0, C_MASKED(%r15)
1:  mov     %rbx, %rdi
    mov     %r12, %rsi
    mov     %r13, %rdx
    mov     $NR_execve, %eax
exec_call:
    syscall
exec_done:
    mov     %rax, C_RESULT(%r15)
    jmp     leave_start
exec_given_up:
    mov     %r14, %r15
    movq    $1, C_REWIND(%r15)
    jmp     switch_back

/* ---- the guest's memory: a fault in here is answered -EFAULT (signals.c). long copy(to, from, size), long copy_text(to, from, room): the size without its zero, -ENAMETOOLONG */
.globl guest_copy, guest_copy_text, guest_copy_end, guest_fault
guest_copy:
    mov     %rdx, %rcx
    rep movsb
    xor     %eax, %eax
    ret
guest_copy_text:
    xor     %eax, %eax
1:  cmp     %rdx, %rax
    jae     2f
    movzbl  (%rsi, %rax), %ecx
    mov     %cl, (%rdi, %rax)
    test    %ecx, %ecx
    jz      3f
    inc     %rax
    jmp     1b
2:  mov     $-36, %rax
3:  ret
guest_copy_end:
guest_fault:
    mov     $-14, %rax
    ret

/* ---- wrap: what the kernel calls for every handler of the guest. rsp is at the frame: { restorer, ucontext, siginfo }. The mask is what the guest has asked for, so the way past
   the engine needs no system call. */
.globl wrap, wrap_slow, wrap_saved, wrap_end, wrap_fault
wrap:
    mov     UC_RIP(%rdx), %rax
    mov     $ENGINE_TEXT >> 20, %ecx
    shr     $20, %rax
    cmp     %rcx, %rax
    je      wrap_slow
    mov     UC_RIP(%rdx), %rax
    and     $-4096, %rax
    movabs  $TRAMPOLINE_MAGIC, %rcx
.globl wrap_look, wrap_looked
wrap_look:                          /* code that cannot be read is none of ours (signals.c) */
    cmp     (%rax), %rcx
    je      wrap_slow
wrap_looked:
    mov     (%rsp), %rax            /* the stub, and with it the action */
    lea     stubs(%rip), %rcx
    sub     %rcx, %rax
    lea     actions(%rip), %rcx
    mov     (%rcx, %rax, 2), %rcx   /* stubs are half as large as actions, which begin with the handler */
    xor     %eax, %eax
    jmp     *%rcx
wrap_slow:
    mov     %rdx, %r14
wrap_saved:                         /* the ucontext is in r14 */
    set_mask "lea every_signal(%rip), %rsi", "xor %edx, %edx"
    mov     %r14, %rdi
    and     $-16, %rsp
    call    relocate                /* frames that lie in a slot go where they belong */
    mov     %rax, %r14
    lea     -8(%r14), %rsp
    and     $-16, %rsp
    sub     $16, %rsp
    mov     %r14, %rdi
    mov     %rsp, %rsi
    call    settle                  /* the call is over, the ucontext is the guest's; the handler's mask at rsp */
    mov     %rax, %r13
    set_mask "mov %rsp, %rsi", "xor %edx, %edx"
    lea     -8(%r14), %rsp
    lea     UC_SIZE(%r14), %rsi
    mov     (%rsi), %edi
    mov     %r14, %rdx
    xor     %eax, %eax
    jmp     *%r13
wrap_end:

/* SIGSEGV and SIGBUS, always: their sa_mask is everything. */
wrap_fault:
    push    %r14
    mov     %rdx, %r14
    mov     %rdx, %rdi
    sub     $8, %rsp
    and     $-16, %rsp
    call    on_fault
    lea     -16(%r14), %rsp
    test    %eax, %eax
    mov     %r14, %rdx
    pop     %r14
    jnz     wrap_slow
    ret

/* ---- processes and threads of the guest that have just begun, with rcx where to go on: what traps their calls (unseen.h) is theirs to ask for. It comes from a trampoline, or from:

   make_process: with rax the number and rcx nothing; the arguments are in place but for the stacks, on which there is MAKE_ROOM with where to go on, rdi and rsi */
.globl begun, make_process
make_process:
    syscall
    mov     (%rsp), %rcx
    mov     8(%rsp), %rdi
    mov     16(%rsp), %rsi
    lea     MAKE_ROOM(%rsp), %rsp
    test    %rax, %rax
    jz      begun
    jmp     *%rcx
begun:
    mov     net(%rip), %eax
    test    %eax, %eax
    jz      1f
    lea     -128(%rsp), %rsp        /* the red zone is the parent's, if this is a vfork child */
    push    %rcx
    push    %rdi
    push    %rsi
    push    %rdx
    push    %r10
    push    %r8
    shl     $4, %eax
    lea     net_ranges(%rip), %r11
    mov     (%r11, %rax), %rdx
    mov     8(%r11, %rax), %r10
    mov     $PR_SET_SYSCALL_USER_DISPATCH, %edi
    mov     $PR_SYS_DISPATCH_ON, %esi
    xor     %r8d, %r8d
    mov     $NR_prctl, %eax
    syscall
    pop     %r8
    pop     %r10
    pop     %rdx
    pop     %rsi
    pop     %rdi
    pop     %rcx
    lea     128(%rsp), %rsp
1:  xor     %eax, %eax
    jmp     *%rcx

/* ---- restorers: as many as there can be different actions. The bytes are those that unwinders look for. */
.balign 16
.globl stubs, stubs_end
stubs:
.rept 2048
    .byte   0x48, 0xc7, 0xc0, NR_rt_sigreturn, 0, 0, 0, 0x0f, 0x05
    .balign 16, 0xcc
.endr
stubs_end:

/* ---- the beginning of a process, and of the guest in it */
.globl _start, become_guest
_start:
    mov     %rsp, %rdi
    and     $-16, %rsp
    call    stage_main
    ud2
become_guest:                       /* (stack, entry) */
    mov     %rdi, %rsp
    mov     %rsi, %r11
    xor     %eax, %eax
    xor     %ebx, %ebx
    xor     %ecx, %ecx
    xor     %edx, %edx
    xor     %esi, %esi
    xor     %edi, %edi
    xor     %ebp, %ebp
    xor     %r8d, %r8d
    xor     %r9d, %r9d
    xor     %r10d, %r10d
    xor     %r12d, %r12d
    xor     %r13d, %r13d
    xor     %r14d, %r14d
    xor     %r15d, %r15d
    jmp     *%r11
.section .note.GNU-stack, "", @progbits
