/* The functions around execve. None of them takes memory from libc, for a vfork child may call them. */
#include <stdarg.h>

#include "library.h"

static char **given_environment(char *const envp[]) { return (char **)(uintptr_t)envp; }

static const char *search_path(void) {
    const char *path = environment("PATH");
    return path ? path : "/bin:/usr/bin";
}

/* What is executable, and no program that anybody knows, is a script of the shell. */
static long execute(const char *path, char *const argv[], char *const envp[], bool script) {
    size_t count = 0;
    const long result = CALL(execve, path, argv, envp);
    if (result != -ENOEXEC || !script) return result;
    while (argv && argv[count]) count++;
    const char **again = __builtin_alloca((count + 3) * sizeof *again);
    again[0] = "/bin/sh";
    again[1] = path;
    for (size_t i = 1; i < count; i++) again[i + 1] = argv[i];
    again[count > 1 ? count + 1 : 2] = NULL;
    return CALL(execve, again[0], again, envp);
}

long execute_named(const char *name, char *const argv[], char *const envp[]) {
    char path[PATH_ROOM];
    bool denied = false;
    const size_t size = text_size(name);
    if (!size) return -ENOENT;
    if (text_has(name, '/')) return execute(name, argv, envp, true);
    if (size > NAME_MAX) return -ENAMETOOLONG;
    for (const char *at = search_path();; at++) {
        size_t directory = 0;
        while (at[directory] && at[directory] != ':') directory++;
        if (directory + size + 2 <= PATH_ROOM) {
            bytes_copy(path, at, directory);
            path[directory] = '/';
            bytes_copy(path + directory + (directory != 0), name, size + 1);
            const long result = execute(path, argv, envp, true);
            if (result == -EACCES) denied = true;
            else if (result != -ENOENT && result != -ENOTDIR && result != -ESTALE && result != -ENODEV && result != -ETIMEDOUT) return result;
        }
        at += directory;
        if (!*at) return denied ? -EACCES : -ENOENT;
    }
}

int lib_execv(const char *path, char *const argv[]) EXPORTED("execv");
int lib_execv(const char *path, char *const argv[]) { return (int)told(CALL(execve, path, argv, environ)); }
int lib_execvp(const char *name, char *const argv[]) EXPORTED("execvp");
int lib_execvp(const char *name, char *const argv[]) { return (int)told(execute_named(name, argv, environ)); }
int lib_execvpe(const char *name, char *const argv[], char *const envp[]) EXPORTED("execvpe");
int lib_execvpe(const char *name, char *const argv[], char *const envp[]) { return (int)told(execute_named(name, argv, envp)); }
int lib_fexecve(int fd, char *const argv[], char *const envp[]) EXPORTED("fexecve");
int lib_fexecve(int fd, char *const argv[], char *const envp[]) { return (int)told(CALL(execveat, fd, "", argv, envp, AT_EMPTY_PATH)); }

/* argv and, with execle, envp out of the arguments. */
#define TAKE_ARGUMENTS(first, argv, ...)                                               \
    va_list list_;                                                                     \
    size_t count_ = 1;                                                                 \
    va_start(list_, first);                                                            \
    while (va_arg(list_, char *)) count_++;                                            \
    va_end(list_);                                                                     \
    char **argv = __builtin_alloca((count_ + 1) * sizeof *argv);                       \
    va_start(list_, first);                                                            \
    argv[0] = (char *)(uintptr_t)(first);                                              \
    for (size_t i_ = 1; i_ <= count_; i_++) argv[i_] = va_arg(list_, char *);           \
    __VA_ARGS__;                                                                       \
    va_end(list_)

int lib_execl(const char *path, const char *first, ...) EXPORTED("execl");
int lib_execl(const char *path, const char *first, ...) {
    if (!first) return (int)told(CALL(execve, path, (char *[]){NULL}, environ));
    TAKE_ARGUMENTS(first, argv);
    return (int)told(CALL(execve, path, argv, environ));
}
int lib_execlp(const char *name, const char *first, ...) EXPORTED("execlp");
int lib_execlp(const char *name, const char *first, ...) {
    if (!first) return (int)told(execute_named(name, (char *[]){NULL}, environ));
    TAKE_ARGUMENTS(first, argv);
    return (int)told(execute_named(name, argv, environ));
}
int lib_execle(const char *path, const char *first, ...) EXPORTED("execle");
int lib_execle(const char *path, const char *first, ...) {
    char **envp;
    TAKE_ARGUMENTS(first, argv, envp = va_arg(list_, char **));
    return (int)told(CALL(execve, path, argv, given_environment(envp)));
}
