/* Who a guest process is: ids, groups and capabilities as it sees them, changed by the kernel's rules (kernel/sys.c, security/commoncap.c) and by nothing real.
 *
 * The caller holds the state. libc sets the ids of all threads of a process one after the other, which comes out right with one state for all of them; programs that give their
 * threads different ids by bare system calls see the last one. A vfork child shares memory with its parent but not its ids: what it changes must be a copy (book.h keeps them
 * apart). Pure; runs anywhere. The state is large (over 4 KiB): not for small stacks. */
#ifndef LICHEN_ROOT_CREDENTIALS_H
#define LICHEN_ROOT_CREDENTIALS_H

#include "ids_rules.h"
#include "rights.h"

enum { ROOT_GROUPS = 1024 }; /* the kernel has 65536; more are refused like too many (EINVAL) */
#define ROOT_ALL_CAPABILITIES ((1ull << 41) - 1)

struct root_credentials {
    struct ids_set user, group;
    uint64_t permitted, effective, inheritable, bounding, ambient;
    uint32_t securebits, no_new_privs, group_count;
    uint32_t groups[ROOT_GROUPS];
};

/* A container's first process: all ids the same, and with uid 0 these capabilities. */
void root_first(struct root_credentials *credentials, uint32_t uid, uint32_t gid, const uint32_t *groups, uint32_t group_count, uint64_t capabilities);

struct root_who root_who(const struct root_credentials *credentials);      /* for everything but: */
struct root_who root_who_real(const struct root_credentials *credentials); /* access(2) without AT_EACCESS */

/* set*id: the result of the call, which for setfs*id is the old id. */
long root_set_ids(struct root_credentials *credentials, enum ids_operation operation, const uint32_t arguments[3]);
int root_set_groups(struct root_credentials *credentials, const uint32_t *groups, uint64_t count);
/* capset with its sets put together to 64 bits. */
int root_set_capabilities(struct root_credentials *credentials, uint64_t effective, uint64_t permitted, uint64_t inheritable);
/* prctl, as far as it is about credentials: its result. false: it is not. */
bool root_prctl(struct root_credentials *credentials, int option, const unsigned long arguments[4], long *result);

/* execve of a file that shows this node: setuid and setgid are honoured, for the ids are ours to give, unless the process has asked for no_new_privs or the file's mount is `nosuid`.
   true: the program is to start as a secure one (AT_SECURE). File capabilities are not honoured: what they stand for cannot be given. */
bool root_execute(struct root_credentials *credentials, const struct root_node *file, bool nosuid);

/* kill(2) and its like from one guest process to another, but for SIGCONT within a session. 0 or -EPERM. */
int root_may_signal(const struct root_credentials *from, const struct root_credentials *to);

/* The state as text of [0-9a-f,], for the way through execve and for book.h. */
enum { ROOT_TEXT = 18 * 17 + ROOT_GROUPS * 9 + 1 };
/* Length without the terminating NUL, or -ENOSPC. */
long root_credentials_write(const struct root_credentials *credentials, char *text, size_t room);
/* 0, or -EINVAL for anything that is not exactly what is written. */
int root_credentials_read(struct root_credentials *credentials, const char *text, size_t size);

#endif
