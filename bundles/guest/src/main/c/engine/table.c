#include "table.h"

#include <linux/errno.h>

#define TRAP(name) long call_##name(struct call *call);
#define INNER(name) TRAP(name)
#define ROOT(name) TRAP(name)
#define UNION(name) TRAP(name)
#define FAIL(error)
#define PASS
#define CALL(number, name, treatment) treatment
#include "syscalls.def"
#undef TRAP
#undef INNER
#undef ROOT
#undef UNION
#undef FAIL
#undef PASS
#undef CALL

#define TRAP(name) {call_##name, TRAPPED, 0}
#define INNER(name) {call_##name, ANSWERED_INSIDE, 0}
#define ROOT(name) {call_##name, TRAPPED_FOR_ROOT, 0}
#define UNION(name) {call_##name, TRAPPED_FOR_UNION, 0}
#define FAIL(error) {0, FAILED, error}
#define PASS {0, PASSED, 0}
#define CALL(number, name, treatment) [number] = treatment,
const struct entry table[TABLE_SIZE] = {
#include "syscalls.def"
};
#undef TRAP
#undef INNER
#undef ROOT
#undef UNION
#undef FAIL
#undef PASS
#undef CALL

#define TRAP(name) 0
#define INNER(name) 0
#define ROOT(name) 0
#define UNION(name) 0
#define FAIL(error) 0
#define PASS 1
#define CALL(number, name, treatment) [number] = treatment,
const uint8_t raw_numbers[TABLE_SIZE] = {
#include "syscalls.def"
};
