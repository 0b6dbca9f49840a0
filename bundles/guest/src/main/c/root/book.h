/* Which process of the container has which credentials.
 *
 * The kernel's own ids never change, so they cannot tell the guest's processes apart; memory cannot either, for a vfork child shares its parent's. A process is marked instead with
 * the number of a credential set, in its soft RLIMIT_LOCKS, which Linux has ignored since 2.4 and hands on over fork, vfork and execve: whoever knows a pid finds who it is (`ps`,
 * kill, SO_PEERCRED, SCM_CREDENTIALS, /proc/PID/status). The identity `basic` has the same trick with a mark of its own (posix/ids.h). The guest must be shown a RLIMIT_LOCKS
 * without limit. Where its hard limit is too low to be marked, a process is known to itself alone: by the text that the launcher passes through execve.
 *
 * The sets are a file, beside the side table: a hash table of slots that hold one set as text and never change. A kill while one is written leaves a slot that nobody is marked with.
 *
 * In a guest's thread, also in a vfork child. `text` is a buffer of the caller's, of ROOT_TEXT bytes. */
#ifndef LICHEN_ROOT_BOOK_H
#define LICHEN_ROOT_BOOK_H

#include "credentials.h"

enum { ROOT_BOOK_SLOTS = 4096, ROOT_BOOK_SLOT = 16384 };

/* The number of a set, which is added if it is not there. -EAGAIN, as set*id may fail, when there are too many different ones. */
long root_book_add(const char *path, const struct root_credentials *credentials, char *text);
int root_book_get(const char *path, long number, struct root_credentials *credentials, char *text);

/* Marks a process, 0 is the caller itself. 0 or -errno. */
int root_book_mark(int pid, long number);
/* The number that a process is marked with; -ESRCH also for one that is not marked, so not of a container. */
long root_book_marked(int pid);
/* Who a process is: for its node in /proc the effective ids, for a socket's peer too, as it is now and not as it was when it connected. A guest that sends SCM_CREDENTIALS must be
   given the host's ids on the way out, and the reader the sender's from here. */
int root_book_who(const char *path, int pid, struct root_credentials *credentials, char *text);

#endif
