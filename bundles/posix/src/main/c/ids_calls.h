/* The system calls of identity `basic`: CALL(operation, number on x86_64, number on i386, its 16 bit form on i386 or -1).
   Numbers are our own, so that a build does not depend on the headers of the machine; a test compares them. */
#ifndef LICHEN_IDS_CALLS_H
#define LICHEN_IDS_CALLS_H

/* Answered by the supervisor, which keeps the state. */
#define IDS_SUPERVISED(CALL)       \
    CALL(SETUID, 105, 213, 23)     \
    CALL(SETGID, 106, 214, 46)     \
    CALL(SETREUID, 113, 203, 70)   \
    CALL(SETREGID, 114, 204, 71)   \
    CALL(SETRESUID, 117, 208, 164) \
    CALL(SETRESGID, 119, 210, 170) \
    CALL(SETFSUID, 122, 215, 138)  \
    CALL(SETFSGID, 123, 216, 139)  \
    CALL(SETGROUPS, 116, 206, 81)  \
    CALL(GETGROUPS, 115, 205, 80)  \
    CALL(GETUID, 102, 199, 24)     \
    CALL(GETEUID, 107, 201, 49)    \
    CALL(GETGID, 104, 200, 47)     \
    CALL(GETEGID, 108, 202, 50)    \
    CALL(GETRESUID, 118, 209, 165) \
    CALL(GETRESGID, 120, 211, 171)

/* Answered by the supervisor only for one value of one argument: CALL(operation, x86_64, i386, argument, value). The limit that holds our state is neither seen nor set, for
   some programs (pam_limits) set all limits to what they once were; and a program that keeps its capabilities may go on to change ids. */
#define IDS_CONDITIONAL(CALL)         \
    CALL(PRLIMIT, 302, 340, 1, 10)    \
    CALL(GETRLIMIT, 97, 191, 0, 10)   \
    CALL(SETRLIMIT, 160, 75, 0, 10)   \
    CALL(OLDGETRLIMIT, -1, 76, 0, 10) \
    CALL(KEEPCAPS, 157, 172, 0, 8)

/* Answered by the filter: done, without doing anything. */
#define IDS_IGNORED(CALL)       \
    CALL(CHOWN, 92, 212, 182)   \
    CALL(LCHOWN, 94, 198, 16)   \
    CALL(FCHOWN, 93, 207, 95)   \
    CALL(FCHOWNAT, 260, 298, -1)

/* Ignored for devices only, done for everything else; the mode is in argument 1 and 2. */
enum { IDS_MKNOD_X86_64 = 133, IDS_MKNOD_I386 = 14, IDS_MKNODAT_X86_64 = 259, IDS_MKNODAT_I386 = 297 };

#endif
