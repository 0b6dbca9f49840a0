/* churn DIRECTORY LIBRARY ROUNDS [THREADS]: threads that load and unload libraries, fork, spawn, replace the files that others load, and change the rights of what is mapped, all at once. Each
 * thing a thread does is a round. Fails with the line that did not hold, and by a signal if there is no end to it. With CALLS=libc in the environment the library calls libc's functions, and
 * makes no system calls by itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 8, THREADS = 64 };
static const char FILE_THERE[] = "/etc/passwd";
static const char *directory;
static char *library;
static long library_size, want;
static atomic_long left;
static const struct functions {
    int (*open)(const char *path, int flags, ...);
    off_t (*seek)(int fd, off_t offset, int whence);
    int (*close)(int fd);
} LIBC = {open, lseek, close}, *functions;
typedef long plug_function(const char *path, const struct functions *libc);
extern char **environ;

#define CHECK(c)                                                                            \
    do {                                                                                    \
        if (!(c)) {                                                                         \
            printf("FAIL %s:%d %s errno=%d %s\n", __func__, __LINE__, #c, errno, dlerror()); \
            _exit(1);                                                                       \
        }                                                                                   \
    } while (0)

static void write_library(int fd) {
    for (long done = 0; done < library_size;) {
        const long result = write(fd, library + done, (size_t)(library_size - done));
        CHECK(result > 0);
        done += result;
    }
}

/* A new file in the place of the old: whoever has that loaded keeps it. */
static void replace(unsigned number, long unique) {
    char path[4096], beside[4096];
    snprintf(path, sizeof path, "%s/lib%u.so", directory, number);
    snprintf(beside, sizeof beside, "%s/new%ld", directory, unique);
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    CHECK(fd >= 0);
    write_library(fd);
    close(fd);
    CHECK(rename(beside, path) == 0);
}

static void load(const char *path) {
    void *loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(loaded);
    plug_function *plug = (plug_function *)dlsym(loaded, "plug");
    CHECK(plug && plug(FILE_THERE, functions) == want);
    CHECK(dlclose(loaded) == 0);
}

static void load_number(unsigned number) {
    char path[4096];
    snprintf(path, sizeof path, "%s/lib%u.so", directory, number);
    load(path);
}

/* By hand, as a child of a process with threads may: the whole file is one piece of code, but where it is to be executed. */
static long map_and_call(const char *path, bool unmap) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)library;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(library + header->e_phoff);
    unsigned long span = 0;
    for (int i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr + segments[i].p_memsz > span) span = (segments[i].p_vaddr + segments[i].p_memsz + 4095) & ~4095ul;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -2;
    char *at = mmap(NULL, span, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED) return -3;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X)) continue;
        const unsigned long from = segments[i].p_vaddr & ~4095ul;
        if (mmap(at + from, segments[i].p_vaddr + segments[i].p_filesz - from, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, (long)(segments[i].p_offset & ~4095ul)) == MAP_FAILED) return -4;
        /* Taken away and given back, as by what makes code unreadable for a while. */
        mprotect(at + from, 4096, PROT_NONE);
        mprotect(at + from, 4096, PROT_READ | PROT_EXEC);
    }
    close(fd);
    long plug_at = 0;
    for (int i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *section = (const Elf64_Shdr *)(library + header->e_shoff) + i;
        if (section->sh_type != SHT_DYNSYM) continue;
        const Elf64_Shdr *names = (const Elf64_Shdr *)(library + header->e_shoff) + section->sh_link;
        for (unsigned long k = 0; k < section->sh_size / sizeof(Elf64_Sym); k++) {
            const Elf64_Sym *symbol = (const Elf64_Sym *)(library + section->sh_offset) + k;
            if (!strcmp(library + names->sh_offset + symbol->st_name, "plug")) plug_at = (long)symbol->st_value;
        }
    }
    if (!plug_at) return -5;
    const long result = ((plug_function *)(at + plug_at))(FILE_THERE, functions);
    if (unmap) munmap(at, span);
    return result;
}

static void wait_for(pid_t pid, int wanted) {
    int status;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == wanted);
}

static void fork_and_look(unsigned number) {
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/lib%u.so", directory, number);
    const pid_t pid = fork();
    if (pid) {
        wait_for(pid, 7);
        return;
    }
    /* Only what a child of a process with threads may do. */
    if (stat(FILE_THERE, &status) || access("/nowhere", R_OK) == 0) _exit(1);
    if (map_and_call(path, true) != want) _exit(2);
    const pid_t deeper = fork();
    if (!deeper) _exit(open(FILE_THERE, O_RDONLY) >= 0 ? 3 : 4);
    int deep;
    _exit(deeper > 0 && waitpid(deeper, &deep, 0) == deeper && WEXITSTATUS(deep) == 3 ? 7 : 5);
}

static void spawn(void) {
    static char *arguments[] = {"sh", "-c", "exit 9", NULL};
    pid_t pid;
    CHECK(posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    wait_for(pid, 9);
}

static void load_from_memory(void) {
    char path[64];
    const int fd = (int)syscall(SYS_memfd_create, "plug", 1);
    CHECK(fd >= 0);
    write_library(fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK(map_and_call(path, true) == want);
    close(fd);
}

static void execute_from_memory(void) {
    static char shell[4 << 20];
    static long size;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char *arguments[] = {"sh", "-c", "exit 9", NULL};
    char path[64];
    pthread_mutex_lock(&lock);
    if (!size) {
        const int from = open("/bin/sh", O_RDONLY | O_CLOEXEC);
        size = read(from, shell, sizeof shell);
        close(from);
    }
    pthread_mutex_unlock(&lock);
    const int fd = (int)syscall(SYS_memfd_create, "sh", 0);
    CHECK(fd >= 0 && write(fd, shell, (size_t)size) == size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const pid_t pid = fork();
    if (!pid) {
        execve(path, arguments, environ);
        _exit(1);
    }
    wait_for(pid, 9);
    close(fd);
}

static void *work(void *argument) {
    const long self = (long)argument;
    unsigned state = (unsigned)self * 2654435761u + 1;
    while (atomic_fetch_sub(&left, 1) > 0) {
        state = state * 1664525u + 1013904223u;
        const unsigned number = state >> 8 & (FILES - 1);
        char path[4096];
        switch (state >> 16 & 15) {
            case 0: case 1: case 2: case 3: load_number(number); break;
            case 4: case 5: case 6: fork_and_look(number); break;
            case 7: case 8: replace(number, self); break;
            case 9: spawn(); break;
            case 10: load_from_memory(); break;
            case 11: execute_from_memory(); break;
            default:
                snprintf(path, sizeof path, "%s/lib%u.so", directory, number);
                CHECK(map_and_call(path, true) == want);
        }
    }
    return NULL;
}

int main(int count, char **arguments) {
    pthread_t threads[256];
    struct stat status;
    if (count < 4) return 2;
    const long many = count > 4 ? atol(arguments[4]) : THREADS;
    directory = arguments[1];
    left = atol(arguments[3]);
    functions = getenv("CALLS") && !strcmp(getenv("CALLS"), "libc") ? &LIBC : NULL;
    setvbuf(stdout, NULL, _IONBF, 0);
    alarm(60 + (unsigned)left / 10);
    const int fd = open(arguments[2], O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    library_size = status.st_size;
    library = malloc((size_t)library_size);
    CHECK(read(fd, library, (size_t)library_size) == library_size);
    close(fd);
    CHECK(stat(FILE_THERE, &status) == 0);
    want = 2 * status.st_size;
    for (unsigned i = 0; i < FILES; i++) replace(i, i);
    for (long i = 0; i < many; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (long i = 0; i < many; i++) pthread_join(threads[i], NULL);
    printf("churned\n");
    return 0;
}
