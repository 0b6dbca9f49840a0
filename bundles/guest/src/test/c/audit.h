/* What the scanner says of an ELF file, against objdump. */
#ifndef LICHEN_TEST_AUDIT_H
#define LICHEN_TEST_AUDIT_H

#include "scan.h"

struct audit {
    unsigned long files, bare;         /* looked at; of them without the bytes of any system call in their code, which nothing can be said about */
    unsigned long sites, instructions; /* of the scanner; of objdump */
    unsigned long numbers, windows, several, paddings, entered, behind, neither;
    unsigned long missed, false_sites, lengths, wrong; /* differences: sites; lengths of instructions; numbers, windows, paddings */
    unsigned long data; /* differences of sites outside of what the unwinder's table tells of, where it is to be trusted: told, but for a reader to judge */
};

/* Adds what is found to the audit and tells each difference on stdout, the first few of a kind for each file. False if the file is no ELF file of x86-64, or objdump has nothing to
   say of it. */
bool audit_file(struct audit *audit, const char *path);

#endif
