#include "decode.h"

#include "little.h"

/* What follows an opcode.  . nothing  m ModRM  r ModRM that names registers only  b imm8  w imm16  z imm16 or imm32  v the same, or imm64 with REX.W  e imm16 and imm8
   a an address  B, Z ModRM and b, z  t, T ModRM, and b, z of its first two members  j rel8  J rel32  8 a ModRM or XOP  - no instruction (or handled before) */
static const char PRIMARY[] = "mmmmbz--mmmmbz--"
                              "mmmmbz--mmmmbz--"
                              "mmmmbz--mmmmbz--"
                              "mmmmbz--mmmmbz--"
                              "----------------"
                              "................"
                              "---m----zZbB...."
                              "jjjjjjjjjjjjjjjj"
                              "BZ-Bmmmmmmmmmmm8"
                              "..........-....."
                              "aaaa....bz......"
                              "bbbbbbbbvvvvvvvv"
                              "BBw.--BZe.w..b-."
                              "mmmm---.mmmmmmmm"
                              "jjjjbbbbJJ-j...."
                              "-.--..tT......mm";
static const char TWO_BYTES[] = "mmmm-.....-.-m.B"
                                "mmmmmmmmmmmmmmmm"
                                "rrrr----mmmmmmmm"
                                "......-.--------"
                                "mmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmm"
                                "BBBBmmm.mm--mmmm"
                                "JJJJJJJJJJJJJJJJ"
                                "mmmmmmmmmmmmmmmm"
                                "...mBmmm...mBmmm"
                                "mmmmmmmmmmBmmmmm"
                                "mmBmBBBm........"
                                "mmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmm"
                                "mmmmmmmmmmmmmmmm";

/* What an opcode changes of the general registers.  . none  g, G the one that ModRM's reg names (G: a byte of it)  m, M the one that its r/m names, if any  o the one in the opcode
   O a byte of that  c, C as m, M but for cmp, the last of the group  ! rax, or it is not worth knowing */
static const char PRIMARY_CHANGES[] = "MmGg!!!!MmGg!!!!"
                                      "MmGg!!!!MmGg!!!!"
                                      "MmGg!!!!MmGg!!!!"
                                      "MmGg!!!!....!!!!"
                                      "!!!!!!!!!!!!!!!!"
                                      "........oooooooo"
                                      "!!!g!!!!.g.g!!!!"
                                      "!!!!!!!!!!!!!!!!"
                                      "Cc!c..!!MmGg!g!!"
                                      ".!!!!!!!!.!.!!!!"
                                      "!!!!!!!!..!!!!!!"
                                      "OOOOOOOOoooooooo"
                                      "Mm!!!!Mm!!!!!!!!"
                                      "MmMm!!!!!!!!!!!!"
                                      "!!!!!!!!!!!!!!!!"
                                      "!!!!!.!!......!!";
static const char TWO_BYTES_CHANGES[] = "!!!!!!!!!!!!!.!!"
                                        "........!!!!!!.."
                                        "!!!!!!!!....!!.."
                                        "!!!!!!!!!!!!!!!!"
                                        "gggggggggggggggg"
                                        "!..............."
                                        "................"
                                        "!.......!!!!..!."
                                        "!!!!!!!!!!!!!!!!"
                                        "MMMMMMMMMMMMMMMM"
                                        "!!!.!!!!!!!!!!!g"
                                        "!!!!!!gg!!!!gggg"
                                        "!!.!!!.!oooooooo"
                                        "!.....!!!......."
                                        "......!........."
                                        "!......!.......!";

struct state {
    const uint8_t *at, *end; /* what is still to be read */
    bool operand16, address32, other; /* prefixes: 66, 67, any that VEX does not allow */
    uint8_t repeat;                   /* f2, f3 or 0 */
    uint8_t rex;                      /* 0: none */
};

static bool have(const struct state *state, unsigned count) { return (uint64_t)(state->end - state->at) >= count; }

static bool skip(struct state *state, unsigned count) {
    if (!have(state, count)) return false;
    state->at += count;
    return true;
}

static void prefixes(struct state *state) {
    for (; have(state, 1); state->at++) {
        const uint8_t byte = *state->at;
        if ((byte & 0xf0) == 0x40) {
            state->rex = byte;
            continue;
        }
        switch (byte) {
        case 0x66: state->operand16 = state->other = true; break;
        case 0x67: state->address32 = true; break;
        case 0xf2:
        case 0xf3: state->repeat = byte; /* fall through */
        case 0xf0: state->other = true; break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65: break;
        default: return;
        }
        state->rex = 0; /* counts directly before the opcode only */
    }
}

static unsigned size_z(const struct state *state) { return state->operand16 && !(state->rex & 8) ? 2 : 4; }

static bool take_modrm(struct state *state, struct instruction *instruction) {
    if (!have(state, 1)) return false;
    const uint8_t byte = *state->at++, mode = byte >> 6, rm = byte & 7;
    unsigned displacement = mode == 1 ? 1 : mode == 2 ? 4 : 0;
    instruction->modrm = true;
    instruction->modrm_byte = byte;
    if (mode == 3) return true;
    if (rm == 4) {
        if (!have(state, 1)) return false;
        if ((*state->at++ & 7) == 5 && mode == 0) displacement = 4;
    } else if (rm == 5 && mode == 0) {
        instruction->rip_relative = true;
        displacement = 4;
    }
    return skip(state, displacement);
}

/* Which opcodes of the 0f map take an imm8 when they are encoded by VEX or EVEX, too. */
static bool vector_immediate(uint8_t opcode) { return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6); }

/* At the map of VEX, EVEX or XOP, with `more` bytes of prefix behind it. */
static bool take_vector(struct state *state, struct instruction *instruction, unsigned map, unsigned more) {
    if (state->other || state->rex || !skip(state, more) || !have(state, 1)) return false;
    instruction->map = MAP_VECTOR;
    instruction->opcode = *state->at++;
    if (map == 1 && instruction->opcode == 0x77 && more < 3) return true; /* vzeroupper */
    if (!take_modrm(state, instruction)) return false;
    if (map == 3 || map == 8 || (map == 1 && vector_immediate(instruction->opcode))) return skip(state, 1);
    return map != 10 || skip(state, 4);
}

static bool take_vex(struct state *state, struct instruction *instruction, uint8_t first) {
    if (first == 0xc5) return take_vector(state, instruction, 1, 1);
    if (!have(state, 2)) return false;
    if (first == 0xc4) {
        const unsigned map = *state->at & 31;
        return map >= 1 && map <= 3 && take_vector(state, instruction, map, 2);
    }
    const unsigned map = *state->at & 15; /* 4: APX; its bit 3 and the next byte's bit 2 are a fifth bit of registers there */
    return ((map >= 1 && map <= 3) || map == 5 || map == 6) && (state->at[1] & 4) && take_vector(state, instruction, map, 3);
}

static int64_t take_relative(struct state *state, unsigned size) {
    int64_t value = size == 1 ? (int8_t)*state->at : size == 2 ? (int16_t)little16(state->at) : (int32_t)little32(state->at);
    state->at += size;
    return value;
}

/* The operands as the opcode's letter says. */
static bool take_operands(struct state *state, struct instruction *instruction, char letter) {
    switch (letter) {
    case '.': return true;
    case 'm': return take_modrm(state, instruction);
    case 'r':
        instruction->modrm = true;
        if (have(state, 1)) instruction->modrm_byte = *state->at | 0xc0;
        return skip(state, 1);
    case 'b': return skip(state, 1);
    case 'w': return skip(state, 2);
    case 'e': return skip(state, 3);
    case 'z': return skip(state, size_z(state));
    case 'v': return skip(state, state->rex & 8 ? 8 : size_z(state));
    case 'a': return skip(state, state->address32 ? 4 : 8);
    case 'B': return take_modrm(state, instruction) && skip(state, 1);
    case 'Z': return take_modrm(state, instruction) && skip(state, size_z(state));
    case 't': return take_modrm(state, instruction) && ((instruction->modrm_byte >> 3 & 7) > 1 || skip(state, 1));
    case 'T': return take_modrm(state, instruction) && ((instruction->modrm_byte >> 3 & 7) > 1 || skip(state, size_z(state)));
    case 'j':
        if (!have(state, 1)) return false;
        instruction->target = take_relative(state, 1);
        return true;
    case 'J':
        if (!have(state, 4)) return false;
        instruction->target = take_relative(state, 4);
        return true;
    default: return false;
    }
}

/* Groups with members that are no instructions or go elsewhere. */
static bool primary_group(const struct state *state, struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode, member = instruction->modrm_byte >> 3 & 7;
    if (opcode == 0xff) {
        if (member == 7 || ((member == 3 || member == 5) && instruction->modrm_byte >= 0xc0)) return false;
        if (member == 2 || member == 3) instruction->flow = FLOW_AWAY;
        if (member == 4 || member == 5) instruction->flow = FLOW_END;
    } else if (opcode == 0xfe) {
        return member < 2;
    } else if (opcode == 0xc6 || opcode == 0xc7) {
        if (member == 0) return true;
        if (instruction->modrm_byte != 0xf8) return false;
        instruction->flow = FLOW_AWAY; /* xabort */
        if (opcode == 0xc7) {
            instruction->flow = FLOW_BRANCH; /* xbegin */
            const unsigned size = size_z(state);
            struct state operand = {.at = state->at - size};
            instruction->target = take_relative(&operand, size);
        }
    } else if (opcode == 0x8d) {
        return instruction->modrm_byte < 0xc0;
    }
    return true;
}

static uint8_t primary_flow(uint8_t opcode) {
    if (opcode >= 0x70 && opcode <= 0x7f) return FLOW_BRANCH;
    switch (opcode) {
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3: return FLOW_BRANCH;
    case 0xe8: return FLOW_CALL;
    case 0xe9:
    case 0xeb: return FLOW_JUMP;
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf:
    case 0xf4: return FLOW_END;
    case 0xcd:
    case 0xf1: return FLOW_AWAY;
    default: return FLOW_ON;
    }
}

static uint8_t two_byte_flow(uint8_t opcode) {
    if (opcode >= 0x80 && opcode <= 0x8f) return FLOW_BRANCH;
    switch (opcode) {
    case 0x05:
    case 0x34: return FLOW_AWAY;
    case 0x07:
    case 0x0b:
    case 0x35:
    case 0xaa:
    case 0xb9:
    case 0xff: return FLOW_END; /* sysret, ud2, sysexit, rsm, ud1, ud0 */
    default: return FLOW_ON;
    }
}

/* 4 to 7 name ah to bh, or without that spl to dil: so 4 is taken for a part of rax. */
static bool is_rax(unsigned number, unsigned extension, bool byte) { return (number == 0 || (byte && number == 4)) && !extension; }

static bool keeps_rax(const struct state *state, const struct instruction *instruction, char letter) {
    const unsigned reg = instruction->modrm_byte >> 3 & 7, rm = instruction->modrm_byte & 7, extend_reg = state->rex & 4, extend_rm = state->rex & 1;
    switch (letter) {
    case '.': return true;
    case 'g': return !is_rax(reg, extend_reg, false);
    case 'G': return !is_rax(reg, extend_reg, true);
    case 'c':
    case 'C':
        if (reg == 7) return true; /* fall through */
    case 'm':
    case 'M': return instruction->modrm_byte < 0xc0 || !is_rax(rm, extend_rm, letter == 'M' || letter == 'C');
    case 'o': return !is_rax(instruction->opcode & 7, extend_rm, false);
    case 'O': return !is_rax(instruction->opcode & 7, extend_rm, true);
    default: return false;
    }
}

/* From `first` to where the state is the instruction goes. */
static void judge_primary(const struct state *state, struct instruction *instruction, const uint8_t *first) {
    const uint8_t opcode = instruction->opcode;
    const unsigned length = (unsigned)(state->at - first);
    instruction->keeps_rax = keeps_rax(state, instruction, PRIMARY_CHANGES[opcode]);
    if (opcode == 0x90 && state->rex & 1) instruction->keeps_rax = false; /* xchg with r8 */
    instruction->padding = (opcode == 0x90 && instruction->keeps_rax) || opcode == 0xcc;
    if ((opcode == 0xf6 || opcode == 0xf7) && (instruction->modrm_byte >> 3 & 7) < 2) instruction->keeps_rax = true;
    if (opcode == 0xff && (instruction->modrm_byte >> 3 & 7) == 6) instruction->keeps_rax = true;
    if (length == 5 && opcode == 0xb8 && *first == 0xb8) instruction->number = (int32_t)little32(first + 1);
    if (length == 7 && opcode == 0xc7 && *first == 0x48 && instruction->modrm_byte == 0xc0) instruction->number = (int32_t)little32(first + 3);
    if ((opcode == 0x31 || opcode == 0x33) && instruction->modrm_byte == 0xc0 && !(state->rex & 5) && !state->operand16) instruction->number = 0;
    if (instruction->number < 0) instruction->number = -1;
}

static void judge_two_bytes(const struct state *state, struct instruction *instruction) {
    const uint8_t opcode = instruction->opcode;
    instruction->keeps_rax = keeps_rax(state, instruction, TWO_BYTES_CHANGES[opcode]);
    if (opcode == 0x1f) instruction->padding = true;
    if (opcode == 0x1e && state->repeat == 0xf3) {
        instruction->keeps_rax = false; /* rdssp; and endbr, which is no place to look across */
        instruction->landing = instruction->modrm_byte == 0xfa || instruction->modrm_byte == 0xfb;
    }
}

static bool take(struct state *state, struct instruction *instruction, const uint8_t *first) {
    prefixes(state);
    if (!have(state, 1)) return false;
    uint8_t opcode = *state->at++;
    if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62) return take_vex(state, instruction, opcode);
    if (opcode == 0x8f && have(state, 1) && (*state->at & 31) >= 8) return (*state->at & 31) <= 10 && take_vector(state, instruction, *state->at & 31, 2);
    if (opcode == 0x8f && have(state, 1) && (*state->at >> 3 & 7) != 0) return false;
    if (opcode != 0x0f) {
        instruction->opcode = opcode;
        instruction->flow = primary_flow(opcode);
        if (!take_operands(state, instruction, PRIMARY[opcode] == '8' ? 'm' : PRIMARY[opcode]) || !primary_group(state, instruction)) return false;
        judge_primary(state, instruction, first);
        return true;
    }
    if (!have(state, 1)) return false;
    opcode = *state->at++;
    if (opcode == 0x38 || opcode == 0x3a) {
        if (!have(state, 1)) return false;
        instruction->map = opcode == 0x38 ? MAP_0F38 : MAP_0F3A;
        instruction->opcode = *state->at++;
        return take_modrm(state, instruction) && (opcode == 0x38 || skip(state, 1));
    }
    instruction->map = opcode == 0x0f ? MAP_3DNOW : MAP_0F;
    instruction->opcode = opcode;
    instruction->flow = two_byte_flow(opcode);
    if (!take_operands(state, instruction, TWO_BYTES[opcode])) return false;
    if (opcode == 0x78 && (state->operand16 || state->repeat == 0xf2) && !skip(state, 2)) return false; /* extrq, insertq */
    judge_two_bytes(state, instruction);
    return true;
}

bool decode(const uint8_t *at, const uint8_t *end, struct instruction *instruction) {
    struct state state = {.at = at, .end = end - at > INSTRUCTION_MOST ? at + INSTRUCTION_MOST : end};
    *instruction = (struct instruction){.number = -1};
    if (at >= end || !take(&state, instruction, at)) return false;
    instruction->length = (uint8_t)(state.at - at);
    if (instruction->flow == FLOW_BRANCH || instruction->flow == FLOW_JUMP || instruction->flow == FLOW_CALL) instruction->target += instruction->length;
    return true;
}
