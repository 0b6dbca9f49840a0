/* How long an instruction of x86-64 is, and the little else that the scanner has to know of it. Intel's manual, volume 2, chapters 2 and A; no APX. */
#ifndef LICHEN_IMAGE_DECODE_H
#define LICHEN_IMAGE_DECODE_H

#include <stdbool.h>
#include <stdint.h>

enum { INSTRUCTION_MOST = 15 };
/* The map that an opcode is of: one byte, after 0f, after 0f 38, after 0f 3a; and all that have a VEX, EVEX or XOP prefix. */
enum instruction_map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A, MAP_VECTOR };

struct instruction {
    uint8_t length;
    uint8_t map, opcode; /* the opcode of MAP_VECTOR is not told */
    uint8_t rex;         /* or 0 */
    uint8_t modrm;       /* 0 where has_modrm is false */
    bool has_modrm, rip_relative;
    bool branches;       /* to `distance` from its end on: a jump, a call or a loop */
    int32_t distance, immediate; /* of up to 32 bits, sign extended */
};

/* The instruction at `code`, of which `size` bytes can be read. false: it is none, or goes on behind them. */
bool instruction_decode(const uint8_t *code, uint64_t size, struct instruction *instruction);

/* Whether it does the same at another address, and goes on with what is behind it. */
bool instruction_is_movable(const struct instruction *instruction);
/* Whether it certainly leaves rax alone, and goes on with what is behind it. */
bool instruction_keeps_rax(const struct instruction *instruction);

#endif
