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
    uint32_t prefix[PREFIX_MOST]; /* what takes the place of argv[0], if there are any: offsets of texts in here, for this may be moved */
    unsigned prefix_count;
    int copy;    /* a descriptor that has to survive execve for the loader, or -1 */
    bool stage;  /* it is an engine's own program */
    bool opened; /* what is wrong is not with the path, but with what is there */
    bool secure; /* AT_SECURE */
    bool changes; /* credentials are to be: */
    struct root_credentials credentials;
};

static inline const char *program_prefix(const struct program *program, unsigned index) { return (const char *)program + program->prefix[index]; }

/* Follows scripts to an ELF file that can be loaded. `path` is in the caller's scratch->path. 0 or -errno. */
long program_find(struct call *call, struct program *program, int dir, const char *path, int flags);
/* The string for the environment (config.h). `flags`: none but 'f'. */
long program_state(const struct program *program, char *state);

#endif
