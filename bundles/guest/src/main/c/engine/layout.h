/* Numbers that entry.S and C share. */
#ifndef LICHEN_ENGINE_LAYOUT_H
#define LICHEN_ENGINE_LAYOUT_H

/* The address space that the engine takes. A guest's ELF files, libraries and heap go elsewhere by the kernel's own choice; 0x7d… is in no sanitizer's shadow. The text is alone in
   its first MiB: system calls from there are the engine's own and pass the filter. */
#define ENGINE_TEXT 0x7d0000000000
#define ENGINE_TEXT_SIZE 0x100000
#define ENGINE_POOL 0x7cfffff00000   /* within reach of the text: which slots are taken */
#define ENGINE_SLOTS 0x7c0000000000  /* see struct slot */
#define ENGINE_CONFIG 0x7c8000000000 /* see config.h */
#define ENGINE_MARKER 0x7c9000000000 /* one page of the guest's program: how /proc/PID/maps tells others of the container what is being run */
#define ENGINE_CACHE 0x7ca000000000

/* At the beginning of each page of trampolines (images/image.h), which is how the signal wrapper knows one. */
#define TRAMPOLINE_MAGIC 0x1ecda7b05c4e2f61

#define SLOT_SHIFT 17
#define SLOT_WORDS 8
#define SLOT_COUNT (64 * SLOT_WORDS)
#define SLOT_SIZE (1 << SLOT_SHIFT)

/* struct call, at the end of a slot */
#define CALL_SIZE 320
#define C_NUMBER 0
#define C_RESULT 8
#define C_RDI 16
#define C_RSI 24
#define C_RDX 32
#define C_R10 40
#define C_R8 48
#define C_R9 56
#define C_RETURN 64
#define C_RSP 72
#define C_RBX 80
#define C_RBP 88
#define C_R12 96
#define C_R13 104
#define C_R14 112
#define C_R15 120
#define C_SLOT 128
#define C_WAITER 136
#define C_ENGINE_RSP 144
#define C_REWIND 152
#define C_MASKED 160
#define C_MASK 168
#define C_STACK 176
#define C_WINDOW 200
#define C_REAL_RSP 256

/* What is kept on the stack of a process to be made by code without an image (unseen.c): larger than a red zone */
#define MAKE_ROOM 256

/* The kernel's ucontext of x86-64. */
#define UC_R8 40
#define UC_R9 48
#define UC_R10 56
#define UC_R11 64
#define UC_R12 72
#define UC_R13 80
#define UC_R14 88
#define UC_R15 96
#define UC_RDI 104
#define UC_RSI 112
#define UC_RBP 120
#define UC_RBX 128
#define UC_RDX 136
#define UC_RAX 144
#define UC_RCX 152
#define UC_RSP 160
#define UC_RIP 168
#define UC_FLAGS 176
#define UC_SIZE 304 /* siginfo follows */

/* Answered inside the engine only: a signal came before the call was made. */
#define EREWIND 4093

#endif
