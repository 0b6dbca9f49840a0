/* Directories that are left to be merged, shared by the threads. */
#ifndef LICHEN_EXTRACT_TASKS_H
#define LICHEN_EXTRACT_TASKS_H

#include "base.h"

struct task {
    char *path; /* in the new tree, "" for the root */
    size_t *layers, layer_count; /* which layers have this directory, highest first */
    struct task *next;
};

/* Takes ownership. */
void tasks_add(struct task *task);
/* Waits for a task; NULL when all are done. The thread that got one calls tasks_done. */
struct task *tasks_take(void);
void tasks_done(struct task *task);

#endif
