/* Which files of the container a program's libraries are: found as the guest's own dynamic linker would find them, but in the union. That linker is then given a directory with links to
   them, and searches nothing itself. Freestanding; in the stage, and in the library for dlopen. */
#ifndef LICHEN_PRELOAD_CLOSURE_H
#define LICHEN_PRELOAD_CLOSURE_H

#include "engine.h"

enum linker { LINKER_GLIBC, LINKER_MUSL };

struct object {
    const char *name;           /* as it is asked for */
    const char *host;           /* its path on the host; NULL: there is none */
    const char *origin;         /* the guest directory that it was found in */
    const char *rpath, *runpath; /* or NULL */
    const void *data;           /* mapped */
    uint64_t size;
    int loader;                 /* who asked for it: index, or -1 */
    bool optional;              /* not to be missed, and what it needs neither */
};

enum { OBJECTS = 1024, ARENA = 4 << 20 };
struct closure {
    struct call *call;
    enum linker linker;
    const char *library_path; /* LD_LIBRARY_PATH of the guest, or NULL */
    const char *cache;        /* ld.so.cache of the container, mapped, or NULL */
    uint64_t cache_size;
    const char *system;       /* musl's search path */
    char *arena;
    size_t used;
    unsigned count;
    struct object objects[OBJECTS];
};

/* Maps an empty one. NULL: no memory. */
struct closure *closure_make(struct call *call, enum linker linker, const char *library_path);
void closure_free(struct closure *closure);
char *closure_text(struct closure *closure, const char *text, size_t size);
/* The program itself: `host` is its path, `origin` the guest directory that it is in. */
void closure_program(struct closure *closure, const char *host, const char *origin);
/* Something that was asked for by name, by the object `loader` (or -1), and not there yet. Answers its index, or -1: there is no room. */
int closure_want(struct closure *closure, const char *name, int loader, bool optional);
/* All that is needed by what is there from index `from` on. */
void closure_complete(struct closure *closure, unsigned from);
/* Puts links to what was found into a directory below the run directory that is made for it, and its host path to `path` (PATH_ROOM). 0 or -errno. */
long closure_link(const struct closure *closure, char *path);
/* Puts the ones that are missing into a directory that is there. */
void closure_link_more(const struct closure *closure, unsigned from, const char *path);

/* Whether the linker takes a library of this name for itself: all that musl is. */
bool closure_is_linker(const struct closure *closure, const char *name);

#endif
