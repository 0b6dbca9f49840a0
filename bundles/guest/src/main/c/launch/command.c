/* Whether the guest's command can be executed, told before anything is started. The engine looks again, with the guest's rights. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch.h"

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static bool is_there(struct tree *tree, const char *path) {
    struct union_place *place = tree_find(tree, path, 0);
    if (!place) return false;
    union_release(place);
    return true;
}

static void check_script(struct tree *tree, const char *path, char *line) {
    char *interpreter = line + 2 + strspn(line + 2, " \t");
    const bool carriage = interpreter[strcspn(interpreter, "\r\n")] == '\r';
    interpreter[strcspn(interpreter, " \t\r\n")] = 0;
    if (*interpreter && !is_there(tree, interpreter))
        die(STATUS_NOT_FOUND, "cannot execute %s: its interpreter %s does not exist in the container%s", path, interpreter, carriage ? "\nhint: the script has DOS line ends" : "");
}

static void check_program(struct tree *tree, const char *path, int fd, const Elf64_Ehdr *head, bool dynamic) {
    char interpreter[4096] = {0};
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr part;
        if (pread(fd, &part, sizeof part, (off_t)(head->e_phoff + i * sizeof part)) != sizeof part) return;
        if (part.p_type != PT_INTERP || part.p_filesz >= sizeof interpreter) continue;
        if (pread(fd, interpreter, part.p_filesz, (off_t)part.p_offset) == (ssize_t)part.p_filesz && !is_there(tree, interpreter))
            die(STATUS_NOT_FOUND, "cannot execute %s: the dynamic linker that it asks for does not exist in the container", path);
        return;
    }
    if (dynamic) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: it is a static program, which the preload engine 'symbols' cannot run\nhint: --preload-engine images", path);
}

static void check_content(struct tree *tree, const char *path, int fd, bool dynamic) {
    _Alignas(8) char head[256] = {0};
    const ssize_t size = read_some(fd, head, sizeof head - 1);
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head;
    if (size > 2 && head[0] == '#' && head[1] == '!') check_script(tree, path, head);
    else if (size >= (ssize_t)sizeof *elf && !memcmp(head, ELFMAG, SELFMAG) && elf->e_ident[EI_CLASS] == ELFCLASS64 && elf->e_machine == EM_X86_64) check_program(tree, path, fd, elf, dynamic);
    else if (size >= 0) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: exec format error\nhint: it is for another machine, or a script without a #! line", path);
}

/* 0, or why it cannot be executed; ends the program when that is what the user has to be told. */
static int check_file(struct tree *tree, const char *path, bool dynamic) {
    struct union_place *place = tree_find(tree, path, 0);
    if (!place) return errno;
    const unsigned mode = place->status.mode;
    int fd = -1, error = 0;
    if (S_ISDIR(mode)) error = EISDIR;
    else if (!S_ISREG(mode) || !(mode & 0111)) error = EACCES;
    else fd = openat(place->dir, place->path, O_RDONLY | O_CLOEXEC | (place->magic ? 0 : O_NOFOLLOW));
    union_release(place);
    if (fd < 0) return error;
    check_content(tree, path, fd, dynamic);
    close(fd);
    return 0;
}

static _Noreturn void explain(const char *path, int error) {
    if (error == ENOENT || error == ENOTDIR) die(STATUS_NOT_FOUND, "cannot execute %s: no such file or directory in the container", path);
    if (error == EISDIR) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: it is a directory", path);
    die(STATUS_NOT_EXECUTABLE, "cannot execute %s: %s", path, error == EACCES ? "permission denied" : strerror(error));
}

void command_check(struct tree *tree, const struct guest *guest, bool dynamic) {
    const char *name = guest->argv[0], *path = guest_variable(guest, "PATH");
    if (strchr(name, '/')) {
        const int error = check_file(tree, name, dynamic);
        if (error) explain(name, error);
        return;
    }
    AUTO_FREE char *refused = NULL;
    if (!path) path = DEFAULT_PATH;
    for (const char *at = path;; at++) {
        const size_t size = strcspn(at, ":");
        AUTO_FREE char *file = size ? must_format("%.*s/%s", (int)size, at, name) : must_copy(name);
        const int error = check_file(tree, file, dynamic);
        if (!error) return;
        if (error == EACCES && !refused) refused = must_copy(file);
        at += size;
        if (!*at) break;
    }
    if (refused) explain(refused, EACCES);
    die(STATUS_NOT_FOUND, "executable file `%s` not found in $PATH: No such file or directory", name);
}
