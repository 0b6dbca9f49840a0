/* The length decoder: hand-written encodings, and on random bytes that it looks at no byte too many. */
#include <time.h>

#include "base.h"
#include "check.h"
#include "decode.h"
#include "fuzz.h"

/* What is known of an instruction: length; where it goes on; what else. `rax`: it may change rax. */
static void describe(const struct instruction *instruction, char *text, size_t room) {
    static const char *const flows[] = {"", " branch", " jump", " call", " away", " end"};
    char target[32] = "", number[32] = "";
    const bool direct = instruction->flow == FLOW_BRANCH || instruction->flow == FLOW_JUMP || instruction->flow == FLOW_CALL;
    if (direct) snprintf(target, sizeof target, " %+lld", (long long)instruction->target);
    if (instruction->number >= 0) snprintf(number, sizeof number, " =%d", instruction->number);
    snprintf(text, room, "%d%s%s%s%s%s%s%s", instruction->length, flows[instruction->flow], target, number, instruction->rip_relative ? " rip" : "",
             instruction->keeps_rax || instruction->flow != FLOW_ON ? "" : " rax", instruction->padding ? " padding" : "", instruction->landing ? " landing" : "");
}

static size_t bytes_of(const char *hex, uint8_t *bytes) {
    size_t size = 0;
    for (; *hex; hex++)
        if (*hex != ' ') {
            const char digits[] = {hex[0], hex[1], '\0'};
            bytes[size++] = (uint8_t)strtoul(digits, NULL, 16);
            hex++;
        }
    return size;
}

static const struct {
    const char *bytes, *want; /* without what is wanted: no instruction */
} encodings[] = {
    /* numbers */
    {"b8 27 00 00 00", "5 =39 rax"},
    {"48 c7 c0 0f 00 00 00", "7 =15 rax"},
    {"31 c0", "2 =0 rax"},
    {"33 c0", "2 =0 rax"},
    {"48 31 c0", "3 =0 rax"},
    {"b8 ff ff ff ff", "5 rax"},
    {"66 b8 27 00", "4 rax"},
    {"48 b8 27 00 00 00 00 00 00 00", "10 rax"},
    {"41 b8 27 00 00 00", "6"},
    {"c7 c0 27 00 00 00", "6 rax"},
    {"49 c7 c0 27 00 00 00", "7"},
    {"45 31 c0", "3"},
    {"4d 31 c0", "3"},
    {"66 31 c0", "3 rax"},
    {"30 c0", "2 rax"},
    /* rax */
    {"48 89 f8", "3 rax"},
    {"48 89 c7", "3"},
    {"49 89 c0", "3"},
    {"48 8b 07", "3 rax"},
    {"48 89 07", "3"},
    {"8a 65 00", "3 rax"},
    {"b4 01", "2 rax"},
    {"b1 01", "2"},
    {"40 88 c4", "3 rax"}, /* spl: not rax, but it might have been ah */
    {"83 f8 05", "3"},
    {"83 c0 05", "3 rax"},
    {"85 c0", "2"},
    {"50", "1"},
    {"58", "1 rax"},
    {"41 58", "2"},
    {"5f", "1"},
    {"91", "1 rax"},
    {"49 90", "2 rax"},
    {"48 98", "2 rax"},
    {"48 99", "2"},
    {"f7 e1", "2 rax"},
    {"f7 c1 01 00 00 00", "6"},
    {"0f b6 c1", "3 rax"},
    {"0f b6 c8", "3"},
    {"0f 94 c0", "3 rax"},
    {"0f 44 c1", "3 rax"},
    {"0f 44 c8", "3"},
    {"0f a2", "2 rax"},
    {"f3 0f 2d c1", "4 rax"},
    {"66 48 0f 7e c0", "5 rax"},
    {"66 0f 6f 44 24 10", "6"},
    {"0f 11 44 24 20", "5"},
    {"48 8d 05 00 00 00 00", "7 rip rax"},
    {"48 8d 35 00 00 00 00", "7 rip"},
    {"67 8d 35 00 00 00 00", "7 rip"},
    /* addresses */
    {"8b 0c 25 00 00 00 00", "7"},
    {"8b 4c 24 08", "4"},
    {"8b 8c 24 08 00 00 00", "7"},
    {"8b 0c 2d 00 00 00 00", "7"},
    {"8b 4c 2d 00", "4"},
    {"8b 8b 00 00 00 00", "6"},
    {"64 48 8b 1c 25 28 00 00 00", "9"},
    {"a1 00 00 00 00 00 00 00 00", "9 rax"},
    {"67 a1 00 00 00 00", "6 rax"},
    {"48 a1 00 00 00 00 00 00 00 00", "10 rax"},
    /* immediates */
    {"81 c1 00 00 00 00", "6"},
    {"66 81 c1 00 00", "5"},
    {"66 48 81 c1 00 00 00 00", "8"},
    {"69 c9 00 00 00 00", "6"},
    {"6b c9 00", "3"},
    {"f6 c1 01", "3"},
    {"f6 d1", "2 rax"},
    {"66 f7 c1 01 00", "5"},
    {"c8 00 00 00", "4 rax"},
    {"68 00 00 00 00", "5"},
    {"66 68 00 00", "4"},
    {"6a 00", "2"},
    {"c1 e1 04", "3"},
    {"d1 e1", "2"},
    {"0f ba e1 03", "4 rax"},
    {"0f a4 c1 03", "4 rax"},
    {"66 0f 70 c1 1b", "5 rax"},
    {"0f c6 c1 00", "4"},
    {"0f 0f c1 9e", "4 rax"},
    {"66 0f 78 c1 01 02", "6 rax"},
    {"f2 0f 78 c1 01 02", "6 rax"},
    {"0f 78 c1", "3 rax"},
    {"f3 0f a6 c8", "4 rax"}, /* padlock */
    {"0f a7 c0", "3 rax"},
    /* ways */
    {"0f 05", "2 away"},
    {"48 0f 05", "3 away"},
    {"0f 34", "2 away"},
    {"cd 80", "2 away"},
    {"74 02", "2 branch +4"},
    {"eb fe", "2 jump +0"},
    {"2e 75 80", "3 branch -125"},
    {"e3 00", "2 branch +2"},
    {"e2 fd", "2 branch -1"},
    {"0f 84 00 01 00 00", "6 branch +262"},
    {"f2 0f 84 00 01 00 00", "7 branch +263"},
    {"e9 fb ff ff ff", "5 jump +0"},
    {"e8 00 00 00 80", "5 call -2147483643"},
    {"66 66 48 e8 00 00 00 00", "8 call +8"},
    {"c7 f8 00 01 00 00", "6 branch +262"},
    {"66 c7 f8 00 01", "5 branch +261"},
    {"c6 f8 01", "3 away"},
    {"ff d0", "2 away"},
    {"ff 15 00 00 00 00", "6 away rip"},
    {"ff e0", "2 end"},
    {"3e ff e0", "3 end"},
    {"ff 25 00 00 00 00", "6 end rip"},
    {"ff 30", "2"},
    {"c3", "1 end"},
    {"f3 c3", "2 end"},
    {"c2 08 00", "3 end"},
    {"f4", "1 end"},
    {"0f 0b", "2 end"},
    {"0f b9 c0", "3 end"},
    {"0f ff c0", "3 end"},
    {"cc", "1 rax padding"},
    {"90", "1 padding"},
    {"f3 90", "2 padding"},
    {"66 90", "2 padding"},
    {"66 2e 0f 1f 84 00 00 00 00 00", "10 padding"},
    {"66 66 2e 0f 1f 84 00 00 00 00 00", "11 padding"},
    {"0f 1f 40 00", "4 padding"},
    {"f3 0f 1e fa", "4 rax landing"},
    {"f3 48 0f 1e c8", "5 rax"},
    {"0f 01 d0", "3 rax"},
    {"0f 01 f9", "3 rax"},
    {"0f 20 00", "3 rax"}, /* of control registers: names no memory whatever it says */
    {"9b", "1"},
    {"d9 7c 24 0e", "4 rax"},
    /* 0f38, 0f3a */
    {"66 0f 38 00 c1", "5 rax"},
    {"f2 0f 38 f1 c1", "5 rax"},
    {"66 0f 3a 0f c1 08", "6 rax"},
    {"66 0f 3a 22 05 00 00 00 00 01", "10 rip rax"},
    /* VEX, EVEX, XOP */
    {"c5 f8 77", "3 rax"},
    {"c5 fd 6f 05 00 00 00 00", "8 rip rax"},
    {"c5 f9 70 c1 1b", "5 rax"},
    {"c5 f9 c5 c1 01", "5 rax"},
    {"c4 e2 7d 18 07", "5 rax"},
    {"c4 e3 7d 19 c1 01", "6 rax"},
    {"c4 e1 f9 6e c0", "5 rax"},
    {"c4 e3 fb f0 c0 05", "6 rax"},
    {"62 f1 7d 48 6f 47 01", "7 rax"},
    {"62 f1 7d 48 72 e1 05", "7 rax"},
    {"62 f3 75 48 25 c2 ff", "7 rax"},
    {"62 f2 7d 48 7a c0", "6 rax"},
    {"62 f5 7c 48 58 c1", "6 rax"},
    {"8f e9 78 01 c0", "5 rax"},
    {"8f e8 78 c0 c1 05", "6 rax"},
    {"8f ea 78 10 c1 01 02 03 04", "9 rax"},
    {"8f c0", "2 rax"},
    {"8f 40 08", "3 rax"},
    /* prefixes */
    {"48 66 89 c1", "4"},             /* a REX that another prefix follows counts for nothing */
    {"66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "15 padding"},
    {"f0 48 0f b1 0f", "5 rax"},
    {"48 48 89 c1", "4"},
    /* none */
    {"66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", NULL},
    {"2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e b8 00 00 00 00", NULL}, /* 16 bytes */
    {"06", NULL},
    {"27", NULL},
    {"60", NULL},
    {"82 c0 00", NULL},
    {"9a 00 00 00 00 00 00", NULL},
    {"ce", NULL},
    {"d4 0a", NULL},
    {"d5 00 89 c1", NULL}, /* REX2 */
    {"d6", NULL},
    {"ea 00 00 00 00 00 00", NULL},
    {"0f 04", NULL},
    {"0f 0a", NULL},
    {"0f 24 c0", NULL},
    {"0f 3b c0", NULL},
    {"8f c8", NULL},
    {"8f eb 78 01 c0", NULL},
    {"c6 c8 00", NULL},
    {"c7 d0 00 00 00 00", NULL},
    {"fe d0", NULL},
    {"ff f8", NULL},
    {"ff d8", NULL},
    {"8d c0", NULL},
    {"66 c5 f8 77", NULL},
    {"48 c5 f8 77", NULL},
    {"f0 62 f1 7d 48 6f 47 01", NULL},
    {"c4 e0 7d 18 07", NULL},
    {"c4 e4 7d 18 07", NULL},
    {"62 f0 7d 48 6f 07", NULL},
    {"62 f4 7c 08 89 c1", NULL}, /* APX: extended EVEX */
    {"62 f9 7d 48 6f 07", NULL},
    {"62 f1 79 48 6f 07", NULL},
};

static void encoding_by_hand(void) {
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        uint8_t bytes[32];
        char have[128];
        struct instruction instruction;
        const size_t size = bytes_of(encodings[i].bytes, bytes);
        const bool any = decode(bytes, bytes + size, &instruction);
        describe(&instruction, have, sizeof have);
        if (any && encodings[i].want && !strcmp(have, encodings[i].want)) continue;
        if (!any && !encodings[i].want) continue;
        printf("%s: have '%s', want '%s'\n", encodings[i].bytes, any ? have : "none", encodings[i].want ? encodings[i].want : "none");
        exit(1);
    }
}

static void instruction_movable_or_not(void) {
    static const struct {
        const char *bytes;
        bool movable;
    } table[] = {{"b8 27 00 00 00", true}, {"48 8d 35 00 00 00 00", false}, {"0f 05", false}, {"74 02", false}, {"c3", false}, {"f3 0f 1e fa", false}, {"cc", false}, {"90", true},
                 {"50", true}, {"c7 f8 00 01 00 00", false}, {"64 48 8b 1c 25 28 00 00 00", true}, {"c5 fd 6f 05 00 00 00 00", false}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t bytes[32];
        struct instruction instruction;
        CHECK(decode(bytes, bytes + bytes_of(table[i].bytes, bytes), &instruction));
        CHECK(instruction_movable(&instruction) == table[i].movable);
    }
}

/* In memory that ends with the bytes, so that the sanitizer sees any look behind them. */
static bool decode_exactly(const uint8_t *bytes, size_t size, struct instruction *instruction) {
    uint8_t *copy = must_alloc(size ? size : 1);
    memcpy(copy, bytes, size);
    const bool any = decode(copy, copy + size, instruction);
    free(copy);
    return any;
}

static void check_random(const uint8_t *bytes, size_t size) {
    struct instruction instruction, again;
    if (!decode_exactly(bytes, size, &instruction)) return;
    CHECK(instruction.length >= 1 && instruction.length <= INSTRUCTION_MOST && instruction.length <= size);
    CHECK(decode_exactly(bytes, instruction.length, &again));
    CHECK(again.length == instruction.length && again.opcode == instruction.opcode && again.target == instruction.target && again.number == instruction.number);
    for (size_t less = 0; less < instruction.length; less++) CHECK(!decode_exactly(bytes, less, &again));
}

static void random_bytes_are_not_overrun(void) {
    static const uint8_t often[] = {0x0f, 0x66, 0x67, 0xf2, 0xf3, 0x48, 0x4f, 0xc4, 0xc5, 0x62, 0x8f, 0xc7, 0xf7, 0x38, 0x3a, 0x05, 0x04, 0x24, 0xe8};
    struct fuzz fuzz = fuzz_begin();
    unsigned long rounds = 0;
    do {
        for (int i = 0; i < 100000; i++, rounds++) {
            uint8_t bytes[24];
            const size_t size = fuzz_next(&fuzz) % sizeof bytes;
            for (size_t k = 0; k < size; k++) {
                const uint64_t random = fuzz_next(&fuzz);
                bytes[k] = k < 4 && random >> 62 == 0 ? often[(random >> 8) % sizeof often] : (uint8_t)random;
            }
            check_random(bytes, size);
        }
    } while (time(NULL) < fuzz.end);
    printf("%lu rounds\n", rounds);
}

int main(void) {
    RUN(encoding_by_hand);
    RUN(instruction_movable_or_not);
    RUN(random_bytes_are_not_overrun);
    return 0;
}
