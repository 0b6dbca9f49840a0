/* execve: every program of the guest begins as the stage, which maps it (loader.h). */
#ifndef LICHEN_ENGINE_EXEC_H
#define LICHEN_ENGINE_EXEC_H

#include "engine.h"

enum { SCRIPTS_MOST = 5, HEAD_SIZE = 256, PREFIX_MOST = 3 * (SCRIPTS_MOST + 2), STATE_ROOM = 6 * PATH_ROOM };

/* What a path to be executed comes to. */
struct program {
    char executable[PATH_ROOM]; /* guest path of the ELF file */
    char host[PATH_ROOM];
    char interpreter[PATH_ROOM]; /* host path of what it names as its interpreter, or "" */
    char name[PATH_ROOM];       /* as execve was given it */
    char strings[2 * SCRIPTS_MOST * HEAD_SIZE];
    size_t strings_used;
    const char *prefix[PREFIX_MOST]; /* takes the place of argv[0], if there are any */
    unsigned prefix_count;
    int copy;    /* a descriptor that has to survive execve for the loader, or -1 */
    bool secure; /* AT_SECURE */
    bool changes; /* credentials are to be: */
    struct root_credentials credentials;
};

/* Follows scripts to an ELF file that can be loaded. `path` is in the caller's scratch->path. 0 or -errno. */
long program_find(struct call *call, struct program *program, int dir, const char *path, int flags);
/* The string for the environment (config.h). `flags`: none but 'f'. */
long program_state(const struct program *program, char *state);

#endif
