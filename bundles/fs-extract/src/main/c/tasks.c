#include "tasks.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct task *waiting;
static size_t unfinished;

void tasks_add(struct task *task) {
    pthread_mutex_lock(&lock);
    task->next = waiting; /* the last one first: so few are ever waiting */
    waiting = task;
    unfinished++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

struct task *tasks_take(void) {
    pthread_mutex_lock(&lock);
    while (!waiting && unfinished) pthread_cond_wait(&changed, &lock);
    struct task *task = waiting;
    if (task) waiting = task->next;
    pthread_mutex_unlock(&lock);
    return task;
}

void tasks_done(struct task *task) {
    free(task->path);
    free(task->layers);
    free(task);
    pthread_mutex_lock(&lock);
    if (--unfinished == 0) pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
