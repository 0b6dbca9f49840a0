/* Trees for the tests of the union: a place of their own, an unprivileged user namespace, random layers, and hashes by which a change is seen. */
#ifndef LICHEN_TREE_H
#define LICHEN_TREE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "check.h"
#include "union.h"

/* The seam of syscalls.h: called before each system call of the library; may never return. */
extern void (*seam_before)(long number);

/* A new directory below $LICHEN_TEST_DIR or /tmp, which the unprivileged user of the tests owns; removed at exit of this process. */
const char *tree_new(void);
/* Gives up root (for uid and gid 12345) and enters a user and mount namespace as its root. false, with the reason printed: it cannot be had. */
bool tree_unshare(void);
/* Prints why a test does not run; with LICHEN_MUST_WORK=1 that is a failure. */
void tree_skip(const char *test, const char *reason);
bool tree_has_user_attributes(const char *directory);

/* printf into one of a few static buffers */
const char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tree_write(const char *path, const void *data, size_t size);
void tree_remove(const char *path);
/* All that a tree is but the access times of links, as a number: the change times tell of what was changed and put back. */
uint64_t tree_hash(const char *path);

struct random {
    uint64_t state;
};
uint64_t random_next(struct random *random);
unsigned random_below(struct random *random, unsigned limit);

/* The names that random trees and operations have. */
extern const char *const tree_names[];
enum { TREE_NAMES = 8 };
/* A random layer; the same seed gives the same layer in either encoding. */
void tree_fill(const char *directory, uint64_t seed, enum union_encoding encoding);

/* A configuration over host directories, lowers uppermost first; never freed. */
struct union_config *tree_union(const char *upper, const char *work, enum union_encoding upper_encoding, const char *const *lowers, unsigned count, enum union_encoding lower_encoding);

#endif
