/* Where the tests of root emulation run: a temporary directory, as a user without privileges. Started as root, the kernel can be asked as well how it decides. */
#ifndef LICHEN_ROOT_WORLD_H
#define LICHEN_ROOT_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "check.h"
#include "owners.h"

enum { WORLD_USER = 60123 };

/* Makes a directory and enters it; whoever is not called by root owns it already, else it is given to WORLD_USER. Removed at exit. */
void world_make(void);
/* Becomes WORLD_USER for good, if this is root. */
void world_drop(void);
/* Prints why a test is left out. What this machine could have and lacks is a failure when LICHEN_MUST_WORK is set: `could`. */
void world_skip(const char *test, bool could, const char *why);

/* The next system calls: after `calls` of them the process is killed (fail 0) or the next one fails with -fail, once. -1: neither. */
extern _Thread_local long world_calls;
extern _Thread_local int world_fail;

/* Does this kernel refuse links to files of others (fs.protected_hardlinks)? */
bool world_protects_hardlinks(void);
uint64_t world_number(const char *variable, uint64_t normally);
/* xorshift64*; the same numbers for the same seed. */
uint32_t world_random(uint64_t *state, uint32_t below);

struct root_place world_place(bool attributes, const struct root_table *table);
struct root_host world_host(const char *name);

#endif
