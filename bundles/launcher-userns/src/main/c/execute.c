#include "execute.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "given.h"
#include "wait.h"

static const char DEFAULT_PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void change_directory(const char *path) {
    if (!path || !*path) path = "/";
    if (chdir(path) != 0)
        die(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "cannot enter the working directory (%s in the container): %s", path, strerror(errno));
}

/* What a script's first line names, or an ELF file's interpreter cannot be told apart by errno: ENOENT for a file that is there means one of them. */
static _Noreturn void explain_missing_interpreter(const char *path) {
    char line[256] = {0};
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read_some(fd, line, sizeof line - 1);
    if (size > 2 && line[0] == '#' && line[1] == '!') {
        char *interpreter = line + 2 + strspn(line + 2, " \t");
        bool carriage = interpreter[strcspn(interpreter, "\r\n")] == '\r';
        interpreter[strcspn(interpreter, " \t\r\n")] = 0;
        die(STATUS_NOT_FOUND, "cannot execute %s: its interpreter %s does not exist in the container%s", path, interpreter,
            carriage ? "\nhint: the script has DOS line ends" : "");
    }
    die(STATUS_NOT_FOUND, "cannot execute %s: the dynamic linker that it asks for does not exist in the container", path);
}

static _Noreturn void explain(const char *path, int error) {
    struct stat status;
    bool there = stat(path, &status) == 0;
    if (error == ENOENT && there) explain_missing_interpreter(path);
    if (error == ENOENT || error == ENOTDIR) die(STATUS_NOT_FOUND, "cannot execute %s: no such file or directory in the container", path);
    if (there && S_ISDIR(status.st_mode)) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: it is a directory", path);
    if (error == ENOEXEC) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: exec format error\nhint: it is for another machine, or a script without a #! line", path);
    if (error == EACCES) die(STATUS_NOT_EXECUTABLE, "cannot execute %s: permission denied", path);
    die(STATUS_NOT_EXECUTABLE, "cannot execute %s: %s", path, strerror(error));
}

/* As execvp, but ENOEXEC is not handed to a shell, and the most telling failure is kept: a file that may not be executed goes before one that is not there. */
static _Noreturn void search(const struct guest *guest, const char *name) {
    const char *path = guest_variable(guest, "PATH");
    if (!path) path = DEFAULT_PATH;
    AUTO_FREE char *refused = NULL;
    int error = 0;
    for (const char *at = path;; at++) {
        size_t size = strcspn(at, ":");
        AUTO_FREE char *file = size ? must_format("%.*s/%s", (int)size, at, name) : must_copy(name);
        struct stat status;
        if (stat(file, &status) == 0 && !S_ISDIR(status.st_mode)) {
            execve(file, guest->argv, guest->environment);
            if (!refused) {
                error = errno;
                refused = must_copy(file);
            }
            if (errno != EACCES) break;
        }
        at += size;
        if (!*at) break;
    }
    if (refused) explain(refused, error);
    die(STATUS_NOT_FOUND, "executable file `%s` not found in $PATH: No such file or directory", name);
}

void execute(const struct guest *guest) {
    static char *nothing[] = {NULL};
    struct guest final = *guest;
    if (!final.environment) final.environment = nothing;
    signals_default();
    close_on_exec_from(3);
    given_pass(guest);
    if (!strchr(final.argv[0], '/')) search(&final, final.argv[0]);
    execve(final.argv[0], final.argv, final.environment);
    explain(final.argv[0], errno);
}
