#include "links.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct link {
    size_t layer;
    uint64_t inode;
    char *path;
    struct link *next;
};

enum { CHAINS = 4096 };

static struct link *chains[CHAINS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct link **find(size_t layer, uint64_t inode) {
    struct link **at = &chains[(inode * 31 + layer) % CHAINS];
    while (*at && ((*at)->layer != layer || (*at)->inode != inode)) at = &(*at)->next;
    return at;
}

int links_make(int root, size_t layer, uint64_t inode, int directory, const char *name, const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    struct link **at = find(layer, inode);
    int result;
    if (*at) {
        result = linkat(root, (*at)->path, directory, name, 0) == 0 ? -1 : -2;
    } else {
        result = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (result < 0) {
            result = -2;
        } else {
            *at = must_alloc(sizeof **at);
            **at = (struct link){.layer = layer, .inode = inode, .path = must_copy(path)};
        }
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
