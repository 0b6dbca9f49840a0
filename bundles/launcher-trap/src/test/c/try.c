/* Runs a program in a directory tree through the stage beside it, for trials by hand: try [-0] [-b HOST=GUEST]… ROOT PROGRAM [ARGUMENT]… */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"
#include "book.h"
#include "config.h"

static char *room;
static char *keep(const char *text) {
    char *at = strcpy(room, text);
    room += strlen(text) + 1;
    return at;
}

int main(int count, char **arguments) {
    char root[PATH_MAX], stage[PATH_MAX], *path = must_format("/tmp/try-%d", getpid()), *cache = must_format("%s.cache", path);
    char *binds[64] = {"/proc=/proc", "/dev=/dev", "/sys=/sys"};
    unsigned bind_count = 3;
    bool full = false;
    int at = 1;
    for (; at < count && arguments[at][0] == '-'; at++) {
        if (!strcmp(arguments[at], "-0")) full = true;
        else if (!strcmp(arguments[at], "-b")) binds[bind_count++] = arguments[++at];
    }
    if (at + 1 >= count || !realpath(arguments[at], root)) return 125;
    ssize_t size = readlink("/proc/self/exe", stage, sizeof stage - 32);
    stage[size] = 0;
    strcpy(strrchr(stage, '/'), "/lichen-stage");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), shared = open(cache, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum { SIZE = 65536, SLOTS = 8192 };
    if (ftruncate(fd, SIZE) || ftruncate(shared, (off_t)(sizeof(struct union_cache) + SLOTS * sizeof(struct union_slot)))) return 125;
    struct engine_config *config = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (config == MAP_FAILED) return 125;
    struct union_layer *layer = (struct union_layer *)(config + 1);
    struct union_bind *bound = (struct union_bind *)(layer + 1);
    room = (char *)(bound + 64);
    memcpy(config->magic, ENGINE_MAGIC, 8);
    *layer = (struct union_layer){keep(root), strlen(root), UNION_PLAIN};
    for (unsigned i = 0; i < bind_count; i++) {
        char *equals = strchr(binds[i] = must_copy(binds[i]), '=');
        *equals = 0;
        bound[i] = (struct union_bind){.guest = keep(equals + 1), .host = keep(binds[i]), .guest_size = strlen(equals + 1), .host_size = strlen(binds[i]), .magic = i == 0, .read_only = i == 2};
    }
    config->size = SIZE;
    config->tree = (struct union_config){.layers = layer, .layer_count = 1, .writable = true, .binds = bound, .bind_count = bind_count, .cache_slots = SLOTS};
    config->path = keep(path);
    config->stage = keep(stage);
    config->cache = keep(cache);
    config->host_uid = getuid(), config->host_gid = getgid();
    struct stat status;
    stat(root, &status);
    config->upper_inode = status.st_ino, config->upper_device = status.st_dev;
    config->identity = full ? ENGINE_FULL : ENGINE_SINGLE;
    if (full) {
        char *book = must_format("%s.book", root), *table = must_format("%s.table", root), text[ROOT_TEXT];
        static struct root_credentials first;
        config->book = keep(book), config->table = keep(table);
        root_first(&first, 0, 0, NULL, 0, ROOT_ALL_CAPABILITIES);
        long number = root_book_add(book, &first, text);
        if (number < 0 || root_book_mark(0, number) < 0) complain("cannot mark: %ld", number);
    }
    /* Where it will be mapped. */
#define MOVE(pointer) (pointer) = (void *)((char *)(pointer) + (ENGINE_CONFIG - (uintptr_t)config))
    MOVE(layer->host);
    for (unsigned i = 0; i < bind_count; i++) MOVE(bound[i].guest), MOVE(bound[i].host);
    MOVE(config->tree.layers), MOVE(config->tree.binds), MOVE(config->path), MOVE(config->stage), MOVE(config->cache);
    if (full) MOVE(config->book), MOVE(config->table);
    if (chdir(root)) return 125;
    char **variables = NULL;
    for (char **v = environ; *v; v++) list_add(&variables, *v);
    list_add(&variables, must_format("%s%s\037f\037\037\037\037", ENGINE_STATE, path));
    execve(stage, arguments + at + 1, variables);
    complain("cannot execute %s", stage);
    return 125;
}
