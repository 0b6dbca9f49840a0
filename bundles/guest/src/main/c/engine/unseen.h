/* Code that no image stands for, for it is in no ELF file as the scanner knows them: what a compiler in the program makes, what a packed program unpacks. Its system calls are trapped by
 * the kernel's syscall user dispatch (Linux 5.11), as SIGSYS, from the moment on that such code appears; whoever never has any pays nothing.
 *
 * All calls are trapped that are made outside of one range of addresses, and there must be calls that are not, for what is rewritten makes many itself. So code without an image is
 * put where no library comes to lie, as far as the guest leaves the place to the kernel, and the range is all that is above (NET_BELOW). Where the guest insists, the range is the
 * engine's text alone (NET_EVERYWHERE): every call of the process is trapped then, which is slow, and right. */
#ifndef LICHEN_ENGINE_UNSEEN_H
#define LICHEN_ENGINE_UNSEEN_H

#include "engine.h"

enum net { NET_NONE, NET_BELOW, NET_EVERYWHERE };

/* Traps the calls of what lies there, in every thread. false: the kernel cannot. */
bool unseen_trap(uint64_t address, uint64_t size);
/* Memory has become executable that has no image. What cannot be trapped stays as it is. */
void unseen_appeared(struct call *call, uint64_t address, uint64_t size, bool writable);
/* Memory has another address now. */
void unseen_moved(uint64_t from, uint64_t to, uint64_t size);
/* mmap's arguments, for memory that is or may become such code: mapped where it is trapped if the guest has not said where; the result is mmap's. */
long unseen_map(const struct call *call);
/* Likewise, of a shared memory segment of that size, for shmat's. */
long unseen_attach(const struct call *call, uint64_t size);
/* Whether these arguments are for such memory. */
bool unseen_maybe(const struct call *call);

/* A thread or process is to be made by code that has no image. Answers the number of the call that the guest is to make then. */
long unseen_make_process(struct call *call);

/* A SIGSYS that a thread of this process has sent to another, for it to trap its calls too. */
bool unseen_is_notice(const int32_t info[32]);
void unseen_take_notice(void);

#endif
