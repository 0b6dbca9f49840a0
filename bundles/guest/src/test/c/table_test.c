/* The one table of system calls against the kernel's header: nothing that the header knows may be missing, and a number is what the header says it is. */
#include <stdio.h>
#include <string.h>

struct known {
    int number;
    const char *name;
};

static const struct known header[] = {
#define KNOWN(name, number) {number, #name},
#include "kernel_calls.inc"
};

static const struct known table[] = {
#define PASS
#define TRAP(name)
#define INNER(name)
#define ROOT(name)
#define UNION(name)
#define FAIL(error)
#define CALL(number, name, treatment) {number, #name},
#include "syscalls.def"
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct known *find(int number) {
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].number == number) return &table[i];
    return NULL;
}

int main(void) {
    int bad = 0;
    for (size_t i = 0; i < COUNT(header); i++) {
        const struct known *entry = find(header[i].number);
        if (entry && !strcmp(entry->name, header[i].name)) continue;
        bad++;
        printf("%s (%d): %s\n", header[i].name, header[i].number, entry ? entry->name : "not in syscalls.def: decide what becomes of it");
    }
    for (size_t i = 1; i < COUNT(table); i++)
        if (table[i].number <= table[i - 1].number) bad++, printf("%s is not in its place\n", table[i].name);
    if (COUNT(header) < 300) bad++, printf("the header has only %zu calls\n", COUNT(header));
    if (!bad) printf("table_test: %zu calls of the kernel's header are all in the table\n", COUNT(header));
    return bad != 0;
}
