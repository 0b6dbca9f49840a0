/* How long an instruction of x86-64 is, and the little that finding and moving system calls needs to know of it. Pure; no libc; runs anywhere. */
#ifndef LICHEN_IMAGES_DECODE_H
#define LICHEN_IMAGES_DECODE_H

#include <stdbool.h>
#include <stdint.h>

enum { INSTRUCTION_MOST = 15 };

enum opcode_map { MAP_PRIMARY, MAP_0F, MAP_0F38, MAP_0F3A, MAP_3DNOW, MAP_VECTOR /* VEX, EVEX and XOP */ };

enum flow {
    FLOW_ON,     /* to the next instruction */
    FLOW_BRANCH, /* there or to the next: jcc, loop, jrcxz, xbegin */
    FLOW_JUMP,   /* there */
    FLOW_CALL,   /* there, and then most likely to the next */
    FLOW_AWAY,   /* somewhere, and then most likely to the next: indirect calls, int, syscall */
    FLOW_END,    /* never to the next: ret, indirect jumps, hlt, ud2 */
};

struct instruction {
    uint8_t length; /* 1 to 15 */
    uint8_t map;    /* enum opcode_map */
    uint8_t opcode;
    uint8_t flow;       /* enum flow */
    bool modrm;         /* it has one, and this is it: */
    uint8_t modrm_byte; /* 0 if there is none */
    bool rip_relative;  /* it has an operand in memory whose address counts from the next instruction */
    bool keeps_rax;     /* it is known to leave all of rax as it was */
    bool padding;       /* does nothing, or is int3 */
    bool landing;       /* endbr64: where indirect branches go */
    int32_t number;     /* that it puts into rax, if it does nothing else, and that is not negative; or -1 */
    int64_t target;     /* of FLOW_BRANCH, FLOW_JUMP and FLOW_CALL, counted from this instruction's first byte */
};

/* False if there is no instruction, or it does not end before `end`. Nothing at or behind `end` is read. What has no meaning before APX (REX2, extended EVEX) is no instruction. */
bool decode(const uint8_t *at, const uint8_t *end, struct instruction *instruction);

/* Means the same anywhere: neither goes elsewhere nor looks at where it is. */
static inline bool instruction_movable(const struct instruction *instruction) {
    return instruction->flow == FLOW_ON && !instruction->rip_relative && !instruction->landing && !(instruction->map == MAP_PRIMARY && instruction->opcode == 0xcc);
}

static inline bool instruction_is_syscall(const struct instruction *instruction) { return instruction->map == MAP_0F && instruction->opcode == 0x05; }

#endif
