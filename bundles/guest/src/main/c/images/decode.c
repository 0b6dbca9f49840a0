#include "decode.h"

/* What follows an opcode: . nothing, m ModRM, b w z immediates of 8, 16 and 32 bits (16 with an operand size prefix), B Z the same after ModRM, r R distances of 8 and 32 bits, v an
   immediate as large as the operand, a an address, e two immediates, g G ModRM and an immediate if its second field is below 2, p a prefix, - not an opcode. */
static const char ONE[] =
    "mmmmbz--mmmmbz--"  "mmmmbz--mmmmbz--"  "mmmmbzp-mmmmbzp-"  "mmmmbzp-mmmmbzp-"
    "pppppppppppppppp"  "................"  "---mppppzZbB...."  "rrrrrrrrrrrrrrrr"
    "BZ-Bmmmmmmmmmmmm"  "..........-....."  "aaaa....bz......"  "bbbbbbbbvvvvvvvv"
    "BBw.--BZe.w..b-."  "mmmm---.mmmmmmmm"  "rrrrbbbbRR-r...."  "p.pp..gG......mm";
static const char AFTER_0F[] =
    "mmmm-.....-.-m.B"  "mmmmmmmmmmmmmmmm"  "mmmm----mmmmmmmm"  "......-.--------"
    "mmmmmmmmmmmmmmmm"  "mmmmmmmmmmmmmmmm"  "mmmmmmmmmmmmmmmm"  "BBBBmmm.mm--mmmm"
    "RRRRRRRRRRRRRRRR"  "mmmmmmmmmmmmmmmm"  "...mBmmm...mBmmm"  "mmmmmmmmmmBmmmmm"
    "mmBmBBBm........"  "mmmmmmmmmmmmmmmm"  "mmmmmmmmmmmmmmmm"  "mmmmmmmmmmmmmmmm";

struct reader {
    const uint8_t *code;
    uint64_t size;
    unsigned at;
    bool over;
};

static uint8_t next(struct reader *reader) {
    if (reader->at >= reader->size || reader->at >= INSTRUCTION_MOST) {
        reader->over = true;
        return 0;
    }
    return reader->code[reader->at++];
}

static int32_t number(struct reader *reader, unsigned size) {
    uint32_t value = 0;
    for (unsigned i = 0; i < size; i++) value |= i < 4 ? (uint32_t)next(reader) << 8 * i : 0U * next(reader);
    if (size == 1) return (int8_t)value;
    return size == 2 ? (int16_t)value : (int32_t)value;
}

static void read_modrm(struct reader *reader, struct instruction *instruction) {
    const uint8_t modrm = next(reader), mode = modrm >> 6, rm = modrm & 7;
    instruction->has_modrm = true;
    instruction->modrm = modrm;
    if (mode == 3) return;
    const uint8_t base = rm == 4 ? next(reader) & 7 : rm;
    instruction->rip_relative = mode == 0 && rm == 5;
    if (mode == 1) number(reader, 1);
    else if (mode == 2 || (mode == 0 && base == 5)) number(reader, 4);
}

/* The two-byte opcodes that have an immediate also where they are those of vectors. */
static bool has_immediate(uint8_t opcode) { return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6); }

static bool read_vector(struct reader *reader, uint8_t prefix, struct instruction *instruction) {
    const uint8_t first = next(reader);
    uint8_t map = prefix == 0xc5 ? 1 : first & (prefix == 0x62 ? 7 : 31);
    if (prefix != 0xc5) next(reader);
    if (prefix == 0x62) next(reader);
    const uint8_t opcode = next(reader);
    const bool xop = prefix == 0x8f;
    if (xop ? map > 10 : map == 0 || map == 4 || map > 6) return false;
    instruction->map = MAP_VECTOR;
    if (map == 1 && opcode == 0x77 && prefix != 0x62) return true; /* vzeroupper */
    read_modrm(reader, instruction);
    if (map == 3 || map == 8 || (map == 1 && has_immediate(opcode))) number(reader, 1);
    if (map == 10) number(reader, 4);
    return true;
}

static bool read_rest(struct reader *reader, char what, bool short_operand, bool short_address, struct instruction *instruction) {
    const unsigned z = short_operand && !(instruction->rex & 8) ? 2 : 4;
    switch (what) {
        case '.': return true;
        case 'm': read_modrm(reader, instruction); return true;
        case 'b': instruction->immediate = number(reader, 1); return true;
        case 'w': instruction->immediate = number(reader, 2); return true;
        case 'z': instruction->immediate = number(reader, z); return true;
        case 'B': read_modrm(reader, instruction), instruction->immediate = number(reader, 1); return true;
        case 'Z': read_modrm(reader, instruction), instruction->immediate = number(reader, z); return true;
        case 'v': instruction->immediate = number(reader, instruction->rex & 8 ? 8 : z); return true;
        case 'a': number(reader, short_address ? 4 : 8); return true;
        case 'e': number(reader, 2), number(reader, 1); return true;
        case 'g':
        case 'G':
            read_modrm(reader, instruction);
            if ((instruction->modrm >> 3 & 7) < 2) instruction->immediate = number(reader, what == 'g' ? 1 : z);
            return true;
        case 'r':
        case 'R':
            instruction->branches = true;
            instruction->distance = number(reader, what == 'r' ? 1 : 4);
            return true;
        default: return false;
    }
}

bool instruction_decode(const uint8_t *code, uint64_t size, struct instruction *instruction) {
    struct reader reader = {.code = code, .size = size};
    bool short_operand = false, short_address = false, good;
    *instruction = (struct instruction){0};
    uint8_t opcode = next(&reader);
    for (; ONE[opcode] == 'p' && opcode >> 4 != 4; opcode = next(&reader)) {
        if (reader.over) return false;
        short_operand |= opcode == 0x66;
        short_address |= opcode == 0x67;
    }
    if (opcode >> 4 == 4) {
        instruction->rex = opcode;
        opcode = next(&reader);
    }
    instruction->opcode = opcode;
    if (opcode == 0x0f) {
        instruction->map = MAP_0F;
        instruction->opcode = next(&reader);
        if (instruction->opcode == 0x38 || instruction->opcode == 0x3a) {
            instruction->map = instruction->opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
            instruction->opcode = next(&reader);
            good = read_rest(&reader, instruction->map == MAP_0F38 ? 'm' : 'B', short_operand, short_address, instruction);
        } else {
            good = read_rest(&reader, AFTER_0F[instruction->opcode], short_operand, short_address, instruction);
        }
    } else if (opcode == 0x62 || opcode == 0xc4 || opcode == 0xc5 || (opcode == 0x8f && reader.at < size && (code[reader.at] & 31) >= 8)) {
        good = read_vector(&reader, opcode, instruction);
    } else {
        good = read_rest(&reader, ONE[opcode], short_operand, short_address, instruction);
        if (opcode == 0xc7 && instruction->modrm == 0xf8) instruction->branches = true, instruction->distance = instruction->immediate; /* xbegin */
    }
    instruction->length = (uint8_t)reader.at;
    return good && !reader.over;
}

static bool goes_elsewhere(const struct instruction *instruction) {
    if (instruction->branches) return true;
    const uint8_t opcode = instruction->opcode, field = instruction->modrm >> 3 & 7;
    if (instruction->map == MAP_0F) return opcode == 0x01 || opcode == 0x05 || opcode == 0x07 || opcode == 0x0b || opcode == 0x34 || opcode == 0x35 || opcode == 0xb9 || opcode == 0xff || opcode == 0xaa;
    if (instruction->map != MAP_ONE) return false;
    if (opcode == 0xff) return field >= 2 && field <= 5;
    return opcode == 0xc2 || opcode == 0xc3 || (opcode >= 0xca && opcode <= 0xcf) || opcode == 0xf1 || opcode == 0xf4;
}

bool instruction_is_movable(const struct instruction *instruction) { return !instruction->rip_relative && !goes_elsewhere(instruction); }

bool instruction_keeps_rax(const struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode, kind = opcode & 7, mode = instruction->modrm >> 6;
    if (instruction->map != MAP_ONE || goes_elsewhere(instruction)) return false;
    const bool to_reg = (instruction->modrm >> 3 & 7) || instruction->rex & 4, to_rm = mode != 3 || instruction->modrm & 7 || instruction->rex & 1;
    if (opcode < 0x40 && kind < 4) return opcode >= 0x38 || (kind & 1 && (kind & 2 ? to_reg : to_rm)); /* cmp, or arithmetic; of bytes might be of ah */
    if (opcode >= 0x50 && opcode < 0x58) return true;                                    /* push */
    if (opcode > 0xb8 && opcode < 0xc0) return true;
    if (opcode == 0xb8) return instruction->rex & 1;
    switch (opcode) {
        case 0x63:
        case 0x8b:
        case 0x8d: return to_reg;
        case 0x80:
        case 0x88:
        case 0xc6: return mode != 3;
        case 0x81:
        case 0x83:
        case 0x89:
        case 0xc7: return to_rm;
        case 0x84:
        case 0x85:
        case 0x90: return !(instruction->rex & 1) || opcode != 0x90;
        default: return false;
    }
}
