/* Commands of the host that the container may call (orders: `host`). Its stubs (stub.c) connect to a socket of ours that the container shows; each call is carried out by a process of its own, which
 * starts the command with the guest's own descriptors, so that not a byte passes through us. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frames.h"
#include "hostcall.h"
#include "places.h"
#include "process.h"
#include "records.h"
#include "shim.h"

enum { REQUEST_MOST = 8 * 1024 * 1024, SIGNAL_SIZE = 5, CALLS_MOST = 256 };

extern char **environ;

struct request {
    char *guest, *name, *directory; /* what the stub is, and what it was executed by */
    char **argv, **environment;
    uint64_t ignored; /* signals */
    int open[HOSTCALL_MOST], numbers[HOSTCALL_MOST]; /* descriptors, and what they are to be */
    size_t open_count, number_count;
};

static _Noreturn void refuse(int fd, int status, const char *message) {
    struct bytes out = {0};
    frame_add_failure(&out, status, message);
    (void)write_all(fd, out.data, out.size);
    _exit(0);
}

static void add_number(struct request *request, uint64_t number) {
    if (number <= STDERR_FILENO || number > INT_MAX || request->number_count == HOSTCALL_MOST) die(STATUS_LICHEN, "cannot read a call of the host: a descriptor is none");
    request->numbers[request->number_count++] = (int)number;
}

static void read_request(const struct bytes *payload, struct request *request) {
    struct records list = {payload->data, payload->size};
    for (struct record item; record_read(&list, &item, "call");) {
        if (record_is(&item, "gues")) request->guest = record_text(&item);
        else if (record_is(&item, "name")) request->name = record_text(&item);
        else if (record_is(&item, "cwd.")) request->directory = record_text(&item);
        else if (record_is(&item, "argv")) list_add(&request->argv, record_text(&item));
        else if (record_is(&item, "envi")) list_add(&request->environment, record_text(&item));
        else if (record_is(&item, "igno")) request->ignored = record_number(&item);
        else if (record_is(&item, "pass")) add_number(request, record_number(&item));
        else record_unknown(&item, "call");
    }
}

/* Whatever it says it is: the list is the boundary. */
static const struct host_command *allowed(const struct launch_plan *plan, const struct request *request) {
    for (size_t i = 0; i < plan->host_command_count; i++) {
        const char *guest = plan->host_commands[i].guest;
        if ((request->guest && !strcmp(guest, request->guest)) || (request->name && !strcmp(guest, request->name))) return &plan->host_commands[i];
    }
    return NULL;
}

/* ---- what the command gets */

static bool is_passed(const struct launch_plan *plan, const char *variable) {
    const size_t size = strcspn(variable, "=");
    if (!strncmp(variable, HOSTCALL_DEPTH "=", strlen(HOSTCALL_DEPTH "="))) return false; /* counted by us */
    for (char **pattern = plan->host_variables; pattern && *pattern; pattern++) {
        const size_t length = strlen(*pattern);
        const bool open = length && (*pattern)[length - 1] == '*';
        if (open ? size >= length - 1 && !strncmp(*pattern, variable, length - 1) : size == length && !strncmp(*pattern, variable, length)) return true;
    }
    return false;
}

static long depth_in(char **environment) {
    const size_t size = strlen(HOSTCALL_DEPTH);
    for (char **variable = environment; variable && *variable; variable++)
        if (!strncmp(*variable, HOSTCALL_DEPTH "=", size + 1)) {
            const long depth = strtol(*variable + size + 1, NULL, 10);
            return depth < 0 || depth > HOSTCALL_DEEPEST ? HOSTCALL_DEEPEST : depth;
        }
    return 0;
}

/* The host's variables as they were when the container was started; of the guest's those that are allowed. */
static void set_environment(const struct launch_plan *plan, const struct request *request) {
    for (char **variable = request->environment; variable && *variable; variable++)
        if (is_passed(plan, *variable)) putenv(*variable);
    unsetenv("LICHEN_CONTAINER");
}

static void count_depth(int fd, const struct request *request) {
    const long ours = depth_in(environ), guests = depth_in(request->environment), depth = (ours > guests ? ours : guests) + 1;
    AUTO_FREE char *text = must_format("%ld", depth);
    if (depth > HOSTCALL_DEEPEST) {
        AUTO_FREE char *message = must_format("cannot call the host: calls through containers are %d deep already", HOSTCALL_DEEPEST);
        refuse(fd, STATUS_LICHEN, message);
    }
    setenv(HOSTCALL_DEPTH, text, 1);
}

/* Where the guest's working directory is on the host; else its user's home. */
static void change_directory(const struct launch_plan *plan, const char *guest) {
    AUTO_FREE char *path = guest ? shared_on_host(&plan->shared, guest) : NULL;
    const char *home = getenv("HOME");
    const bool there = path && chdir(path) == 0;
    if (!there && (!home || chdir(home) != 0) && chdir("/") != 0) _exit(STATUS_LICHEN);
    if (there) setenv("PWD", path, 1);
    else unsetenv("PWD");
    unsetenv("OLDPWD");
}

/* By the PATH that the host had, and before anything of the guest's counts: a relative directory would be one that the guest writes. NULL: there is none. */
static char *find_program(const char *name) {
    if (strchr(name, '/')) return must_copy(name);
    for (const char *at = getenv("PATH"); at && *at; at += strcspn(at, ":"), at += *at == ':') {
        char *path = *at == '/' ? must_format("%.*s/%s", (int)strcspn(at, ":"), at, name) : NULL;
        if (path && access(path, X_OK) == 0) return path;
        free(path);
    }
    return NULL;
}

/* PATH, or --OPTION=PATH, if it lies in a shared directory. */
static char *on_host(const struct shared *shared, char *word) {
    const char *equals = *word == '-' ? strchr(word, '=') : NULL, *path = equals ? equals + 1 : word;
    AUTO_FREE char *there = *path == '/' ? shared_on_host(shared, path) : NULL;
    return there ? must_format("%.*s%s", (int)(path - word), word, there) : word;
}

/* First all above what any is to be, so that none takes another's place. */
static void take_descriptors(const struct request *request) {
    int above = 0, moved[HOSTCALL_MOST];
    for (size_t i = 0; i < request->open_count; i++) above = request->numbers[i] > above ? request->numbers[i] : above;
    for (size_t i = 0; i < request->open_count; i++) moved[i] = fcntl(request->open[i], F_DUPFD_CLOEXEC, above + 1);
    for (size_t i = 0; i < request->open_count; i++)
        if (moved[i] < 0 || dup2(moved[i], request->numbers[i]) < 0) _exit(STATUS_LICHEN);
}

static _Noreturn void run_command(const struct shim *shim, const struct host_command *command, const struct request *request) {
    sigset_t none;
    char **argv = NULL;
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
    take_descriptors(request);
    for (int number = 1; number < NSIG; number++) signal(number, request->ignored >> (number - 1) & 1 ? SIG_IGN : SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    AUTO_FREE char *program = find_program(command->argv[0]);
    set_environment(&shim->plan, request);
    change_directory(&shim->plan, request->directory);
    for (char **word = command->argv; *word; word++) list_add(&argv, *word);
    for (char **word = request->argv ? request->argv + 1 : NULL; word && *word; word++) list_add(&argv, command->paths ? on_host(&shim->plan.shared, *word) : *word);
    errno = ENOENT;
    if (program && *program == '/') execv(program, argv);
    const int error = errno;
    complain("cannot run %s on the host: %s", command->argv[0], error == ENOENT ? "there is no such command" : strerror(error));
    _exit(error == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* ---- between the two */

static bool stops_by_default(int number, pid_t child) {
    const uint64_t bit = 1ULL << (number - 1);
    return (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) && !((process_mask(child, "SigCgt") | process_mask(child, "SigIgn")) & bit);
}

/* u32 signal, u8 whether a terminal has sent it: then it is for all of the command's processes. */
static void forward(const struct frame *frame, pid_t child) {
    if (frame->type != 'S' || frame->size != SIGNAL_SIZE) return;
    int number = (int)get_u32(frame->data);
    if (number < 1 || number >= NSIG) return;
    /* The kernel would drop it: the command is in a session of its own. */
    if (stops_by_default(number, child)) number = SIGSTOP;
    if (kill(frame->data[4] || number == SIGCONT ? -child : child, number) != 0) kill(child, number); /* it may not lead a group yet */
}

static bool listen_to(int fd, struct bytes *in, pid_t child) {
    char piece[4096];
    struct frame frame;
    size_t done = 0;
    const ssize_t got = read_some(fd, piece, sizeof piece);
    if (got <= 0) return false;
    bytes_add(in, piece, (size_t)got);
    int more;
    while ((more = frame_take(in, &done, &frame, SIGNAL_SIZE)) > 0) forward(&frame, child);
    bytes_drop(in, done);
    return more == 0;
}

/* true: it has ended. */
static bool tell_state(int fd, pid_t child) {
    struct bytes out = {0};
    int status;
    const pid_t found = waitpid(child, &status, WNOHANG | WUNTRACED);
    if (found != child) return false;
    const bool stopped = WIFSTOPPED(status);
    frame_add_number(&out, stopped ? 't' : 'x', (uint32_t)status);
    (void)write_all(fd, out.data, out.size);
    bytes_clear(&out);
    return !stopped;
}

static _Noreturn void attend(int fd, int signals, pid_t child) {
    struct bytes in = {0};
    struct signalfd_siginfo info;
    struct pollfd polled[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR) _exit(1);
        if (polled[1].revents && read(signals, &info, sizeof info) == sizeof info && tell_state(fd, child)) _exit(0);
        if (polled[0].revents && !listen_to(fd, &in, child)) { /* the caller is gone, as a terminal is that hangs up */
            kill(-child, SIGHUP);
            kill(-child, SIGCONT);
            polled[0].fd = -1;
        }
    }
}

static _Noreturn void serve(const struct shim *shim, int fd, pid_t parent) {
    struct request request = {0};
    struct bytes payload = {0};
    char type;
    sigset_t ended;
    const int kept[] = {fd, shim->log.fd};
    on_die = NULL;
    end_with(parent);
    close_all_but(kept, sizeof kept / sizeof *kept);
    prctl(PR_SET_NAME, "lichen-host", 0, 0, 0);
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(SIG_SETMASK, &ended, NULL);
    const int signals = signalfd(-1, &ended, SFD_CLOEXEC);
    if (signals < 0 || !hostcall_receive(fd, &type, &payload, REQUEST_MOST, request.open, &request.open_count) || type != 'H') _exit(1);
    for (; request.number_count < HOSTCALL_STDIO; request.number_count++) request.numbers[request.number_count] = (int)request.number_count;
    read_request(&payload, &request);
    if (request.number_count != request.open_count) _exit(1);
    const struct host_command *command = allowed(&shim->plan, &request);
    if (!command) {
        AUTO_FREE char *message = must_format("cannot call the host (%s): the container may not call it", request.guest ? request.guest : "?");
        AUTO_FREE char *line = must_format("lichen: %s\n", message);
        struct log log = shim->log;
        if (log.fd >= 0) log_write(&log, "stderr", (const unsigned char *)line, strlen(line));
        refuse(fd, STATUS_NOT_EXECUTABLE, message);
    }
    count_depth(fd, &request);
    const pid_t child = fork();
    if (child < 0) refuse(fd, STATUS_LICHEN, "cannot start a process on the host");
    if (child == 0) run_command(shim, command, &request);
    for (size_t i = 0; i < request.open_count; i++) close(request.open[i]);
    attend(fd, signals, child);
}

/* Other commands than so far: their size, and the records. false: the shim has ended. */
static bool hear(struct shim *shim, int told) {
    uint32_t size;
    if (recv(told, &size, sizeof size, MSG_WAITALL) != sizeof size) return false;
    AUTO_FREE unsigned char *records = must_alloc(size + 1);
    if (recv(told, records, size, MSG_WAITALL) != (ssize_t)size) return false;
    launch_plan_host(&shim->plan, (struct records){records, size});
    return true;
}

/* Accepts calls until the shim has ended, which has the other end of `told`; who calls more often at once waits. A call ends with us. */
static _Noreturn void accept_calls(struct shim *shim, int listening, int told) {
    const int kept[] = {listening, shim->log.fd, told};
    size_t going = 0;
    sigset_t all;
    struct signalfd_siginfo info;
    on_die = NULL;
    setsid(); /* what a terminal sends is for the guest, who passes it on */
    close_all_but(kept, sizeof kept / sizeof *kept);
    prctl(PR_SET_NAME, "lichen-host", 0, 0, 0);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    const int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    const pid_t self = getpid();
    struct pollfd polled[] = {{.fd = told, .events = POLLIN}, {.fd = signals, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
    if (signals < 0) _exit(1);
    for (;;) {
        polled[2].fd = going < CALLS_MOST ? listening : -1;
        if (poll(polled, 3, -1) < 0 && errno != EINTR) _exit(1);
        if (polled[0].revents && !hear(shim, told)) _exit(0);
        while (read(signals, &info, sizeof info) == sizeof info) continue;
        while (waitpid(-1, NULL, WNOHANG) > 0) going--;
        const int fd = polled[2].fd >= 0 && polled[2].revents ? accept4(listening, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd < 0) continue;
        const pid_t child = fork();
        if (child == 0) serve(shim, fd, self);
        close(fd);
        if (child > 0) going++;
    }
}

/* In a process that is no child of ours. */
static bool start_accepting(struct shim *shim, int listening, int told) {
    int status = 1;
    const pid_t child = fork();
    if (child == 0) {
        close_fd(&shim->calling);
        const pid_t accepting = fork();
        if (accepting == 0) accept_calls(shim, listening, told);
        _exit(accepting < 0);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return child > 0 && status == 0;
}

/* Whoever is the user in the container may connect; nobody else gets into the run directory. Calls are accepted by a process that is no child of ours, for what a command of the host leaves behind, a
 * container that it has started or a daemon, must not become ours: we adopt what the container leaves, and end it. */
bool host_open(struct shim *shim) {
    int pair[2];
    if (!shim->plan.host_command_count) return true;
    AUTO_CLOSE int listening = socket_listen(shim->container.run, "h");
    if (listening < 0 || fchmodat(shim->container.run, "h", 0666, 0) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
    shim->calling = pair[0];
    const bool good = start_accepting(shim, listening, pair[1]);
    close(pair[1]);
    if (!good) close_fd(&shim->calling);
    return good;
}

bool host_change(struct shim *shim, const void *records, size_t size) {
    const uint32_t told = (uint32_t)size;
    if (shim->calling >= 0 && write_all(shim->calling, &told, sizeof told) && write_all(shim->calling, records, size)) return true;
    close_fd(&shim->calling); /* who accepted calls has ended */
    launch_plan_host(&shim->plan, (struct records){records, size});
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); /* for a moment: who accepts calls shall not be ours */
    const bool good = host_open(shim);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return good;
}
