/* The process that the engine is in. What is here is written once, before the guest's program starts. */
#ifndef LICHEN_ENGINE_H
#define LICHEN_ENGINE_H

#include "call.h"
#include "config.h"
#include "emulation.h"
#include "sys.h"
#include "text.h"

struct engine {
    struct union_config tree;
    const struct engine_config *config;
    bool full; /* root is emulated */
    struct root_table table;
    struct root_place place, volume, own; /* how owners are kept in the tree, in directories of the host that are bound over it, and in bound files of the container's own */
    char executable[PATH_ROOM]; /* guest path of the program */
};
extern struct engine engine;

/* Maps the configuration and what it names. 0 or -errno. */
long engine_open(const char *config);

/* live.c: what of it can change. */
/* From now on rules keep places from this program. */
void live_open(void);
static inline const struct live_rules *live_rules(void) { return __atomic_load_n(&engine.config->live.rules, __ATOMIC_ACQUIRE); }
/* Gives the container's variables to an environment that a program is executed with, an array of pointers with room for so many: how many there are then. Uses scratch->text. */
size_t live_environment(struct call *call, uint64_t *environment, size_t count, size_t room);
size_t live_variables(void);

/* Copies a path argument. `room` is PATH_ROOM bytes. */
static inline long path_argument(char *room, uint64_t from) { return guest_text(room, from, PATH_ROOM); }

/* As union_resolve() for a guest's path, but links of /proc that the kernel would follow to the engine lead to the guest's program. Uses scratch->text. */
long resolve_path(struct call *call, struct union_place *place, int dir, const char *path, unsigned flags);

/* proc.c */
/* Where `exe` of a process of the container leads, if place->guest is such a link: the size of the guest path in `path`; 0: it is none; or -errno. */
long executable_behind(struct call *call, const struct union_place *place, char *path);
/* A host path that /proc tells, perhaps with " (deleted)" behind it, becomes the guest's, in place, if it is in the tree: its size. Uses scratch->other. */
size_t told_by_proc(struct call *call, char *text, size_t size);
/* The process whose files these are, for a place in /proc; or -1. */
long process_at(const struct union_place *place);
/* Whether a link of /proc that leads out of the tree may be followed: descriptors that a process of the container has, unless they are directories, and what is no file at all. */
bool may_leave(struct call *call, const struct union_place *place);
/* A file of /proc that has to tell the guest something else than the kernel does: a descriptor; -ENOENT: it is none. */
long open_generated(struct call *call, const struct union_place *place, int flags);
/* Whether that could be, by its last name. */
bool is_generated(const char *name);
/* Whether a descriptor, which was looked at, is of such a copy in memory; then `path` (PATH_ROOM) is the guest path of what it is a copy of. */
bool is_generated_copy(const struct union_status *status, int fd, char *path);
/* Where a link in map_files leads, if it is one: to `path`, as the kernel would tell it without images; or 0. */
long mapped_behind(struct call *call, const struct union_place *place, char *path);
/* maps.c */
/* The text of /proc/PID/maps or smaps (`blocks`), read from `from`, to the end of `to`, as it would be without an engine. 0 or -errno. */
long maps_show(struct call *call, long from, long to, bool blocks);
/* The path of the file that was mapped there by the guest of a process, as told by the kernel, to `path`, which has PATH_ROOM bytes: its size, or -errno. */
long maps_path(struct call *call, long pid, uint64_t low, char *path);
/* A vfork child has asked its parent to trace it, and is about to execute; and the stop that the tracer waits for, in the program. */
bool is_traced_later(void);
void be_traced(void);

#endif
