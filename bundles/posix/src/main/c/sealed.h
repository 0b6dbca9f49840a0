/* Copies of programs that nobody can change.
 *
 * A guest that is isolated from its host by namespaces alone can get hold of the program that has started it, through /proc/PID/exe, and that program's file belongs to the same
 * user: so it is executed from a sealed copy in memory. All shims of a user share one copy of each program: <run>/x/<what file it is> is a link to the descriptor of a shim
 * that has it open.
 */
#ifndef LICHEN_SEALED_H
#define LICHEN_SEALED_H

#include "base.h"

/* A read-only descriptor of a sealed copy, shared or new, or -1 where the kernel cannot. `run` is the run directory, or NULL: then the copy is our own. */
int sealed_open(const char *program, const char *run);

#endif
