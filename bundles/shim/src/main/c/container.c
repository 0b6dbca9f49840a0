#include "container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"
#include "places.h"
#include "process.h"
#include "removal.h"

static int open_directory(int parent, const char *path) { return openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

static char *new_id(void) {
    unsigned char random[32];
    for (size_t have = 0; have < sizeof random;) {
        ssize_t got = getrandom(random + have, sizeof random - have, 0);
        if (got < 0 && errno != EINTR) die(STATUS_LICHEN, "cannot make a container id: %s", strerror(errno));
        if (got > 0) have += (size_t)got;
    }
    char *id = must_alloc(65);
    for (size_t i = 0; i < sizeof random; i++) snprintf(id + 2 * i, 3, "%02x", random[i]);
    return id;
}

static int take_lock(int directory, const char *id) {
    int lock = openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) die(STATUS_LICHEN, "cannot lock the container (%.12s): %s", id, strerror(errno));
    if (lock_try(lock)) return lock;
    if (errno == EAGAIN) die(STATUS_LICHEN, "cannot start the container (%.12s): it is running, or somebody is changing it", id);
    die(STATUS_LICHEN, "cannot lock the container (%.12s): %s", id, errno == ENOLCK ? "its file system has no locks" : strerror(errno));
}

/* The directory gets its real name only when its content is complete and the lock is held: a name of 64 digits is always a whole container. */
static void make_new(struct container *container, const struct launch_plan *plan) {
    AUTO_FREE char *beside = must_format(".new-%s", container->id);
    if (mkdirat(container->containers, beside, 0700) != 0 || (container->directory = open_directory(container->containers, beside)) < 0)
        die(STATUS_LICHEN, "cannot make a container directory (%s/containers): %s", container->home, strerror(errno));
    container->lock = take_lock(container->directory, container->id);
    int lock = container->lock;
    container->lock = -1; /* until it is whole, nobody has to be told about its end */
    bool good = replace_file(container->directory, "container.json", plan->content.data, plan->content.size, 0600);
    int error = errno;
    if (good && container->name && !name_claim(container->home, container->name, container->id)) {
        remove_all(container->containers, beside);
        die(STATUS_LICHEN, "cannot make the container: the name %s is already in use", container->name);
    }
    if (good && renameat(container->containers, beside, container->containers, container->id) == 0) {
        container->lock = lock;
        return;
    }
    if (good) error = errno;
    if (good && container->name) name_release(container->home, container->name, container->id);
    remove_all(container->containers, beside);
    die(STATUS_LICHEN, "cannot make the container (%.12s): %s", container->id, strerror(error));
}

static void open_known(struct container *container) {
    container->directory = open_directory(container->containers, container->id);
    if (container->directory < 0)
        die(STATUS_LICHEN, "cannot start the container (%.12s): %s", container->id, errno == ENOENT ? "there is no such container" : strerror(errno));
    container->lock = take_lock(container->directory, container->id);
    /* Removed between the two? Then what we have locked has no content any more. */
    if (faccessat(container->directory, "container.json", F_OK, 0) != 0) die(STATUS_LICHEN, "cannot start the container (%.12s): it has been removed", container->id);
}

/* The container's own part of a directory on a local disk. A link that leads nowhere was made on another machine: what the container has written is there. */
static void open_local(const struct container *container, const char *local) {
    struct stat status;
    char known[PATH_MAX];
    AUTO_FREE char *place = must_format("%s/%s", local, container->id);
    if (readlinkat(container->directory, "local", known, sizeof known) >= 0) {
        if (fstatat(container->directory, "local", &status, 0) == 0) return;
        die(STATUS_LICHEN, "cannot start the container (%.12s): what it has written is kept in %s, which is not on this machine", container->id, place);
    }
    if (mkdir(place, 0700) != 0 && (errno != EEXIST || lstat(place, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()))
        die(STATUS_LICHEN, "cannot make the directory for what the container writes (%s): %s", place, strerror(errno));
    if (symlinkat(place, container->directory, "local") != 0) die(STATUS_LICHEN, "cannot make a link in the container directory (local): %s", strerror(errno));
}

void container_open(struct container *container, const struct launch_plan *plan) {
    AUTO_FREE char *path = must_format("%s/containers", plan->home);
    *container = (struct container){.home = plan->home, .run = -1, .directory = -1, .lock = -1};
    container->name = plan->name ? must_copy(plan->name) : NULL;
    container->id = plan->id ? must_copy(plan->id) : new_id();
    if (plan->has_content) {
        mkdir(plan->home, 0700);
        mkdir(path, 0700);
    }
    container->containers = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (container->containers < 0) die(STATUS_LICHEN, "cannot open the containers (%s): %s", path, strerror(errno));
    if (plan->has_content) make_new(container, plan);
    else open_known(container);
    if (plan->local) open_local(container, plan->local);
    if (fchdir(container->directory) != 0) die(STATUS_LICHEN, "cannot use the container directory (%.12s): %s", container->id, strerror(errno));
}

/* A shim that was killed has taken the container with it, but its processes may still be ending: two starts must not write the same files at once. */
static void await_previous(const struct container *container) {
    enum { PAUSE = 1000, TRIES = 10000 }; /* microseconds */
    struct bytes text = {0};
    int first = 0;
    unsigned long long begun = 0;
    if (!read_file(container->directory, "run/pid", &text)) return;
    bytes_add(&text, "", 1);
    bool known = sscanf((const char *)text.data, "%d %llu", &first, &begun) == 2;
    bytes_clear(&text);
    for (int tries = 0; known && process_runs(first, begun); tries++) {
        if (tries == TRIES) die(STATUS_LICHEN, "cannot start the container (%.12s): its processes of before do not end", container->id);
        usleep(PAUSE);
    }
}

void container_run(struct container *container) {
    await_previous(container);
    container->run_all = run_directory();
    AUTO_FREE char *group = must_format("%s/c", container->run_all);
    make_private(group);
    container->run_path = must_format("%s/%.12s", group, container->id);
    make_private(container->run_path);
    container->run = open_directory(AT_FDCWD, container->run_path);
    AUTO_FREE char *beside = must_format("run.new-%d", (int)getpid());
    unlinkat(container->directory, beside, 0);
    if (container->run < 0 || symlinkat(container->run_path, container->directory, beside) != 0 || renameat(container->directory, beside, container->directory, "run") != 0)
        die(STATUS_LICHEN, "cannot make the run directory (%s): %s", container->run_path, strerror(errno));
}

void container_publish(const struct container *container, const struct step *enter, pid_t first, int sealed) {
    struct bytes text = {0};
    bytes_format(&text, "%d %llu %d %llu\n", (int)first, process_begun(first), (int)getpid(), process_begun(getpid()));
    bool good = replace_file(container->run, "pid", text.data, text.size, 0600);
    bytes_clear(&text);
    if (good && enter->present) {
        step_publish(&text, enter, first, sealed);
        good = replace_file(container->run, "enter", text.data, text.size, 0600);
        bytes_clear(&text);
    }
    if (!good) complain("cannot publish how to enter the container (%s): %s", container->run_path, strerror(errno));
}

void time_text(char text[TIME_ROOM], const struct timespec *when) {
    struct tm parts;
    gmtime_r(&when->tv_sec, &parts);
    size_t size = strftime(text, TIME_ROOM, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + size, TIME_ROOM - size, ".%09ldZ", when->tv_nsec);
}

static void add_json_text(struct bytes *to, const char *text) {
    bytes_text(to, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') bytes_format(to, "\\%c", byte);
        else if (byte < 0x20) bytes_format(to, "\\u%04x", byte);
        else bytes_add(to, &byte, 1);
    }
    bytes_text(to, "\"");
}

void container_ended(const struct container *container, int status, const struct timespec *started, const char *error) {
    struct timespec now;
    char text[TIME_ROOM];
    struct bytes json = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    time_text(text, started);
    bytes_format(&json, "{\"status\":%d,\"started\":\"%s\",", status, text);
    time_text(text, &now);
    bytes_format(&json, "\"finished\":\"%s\",\"error\":", text);
    add_json_text(&json, error ? error : "");
    bytes_text(&json, "}\n");
    if (!replace_file(container->directory, "exit.json", json.data, json.size, 0600))
        complain("cannot keep the exit status of the container (%.12s): %s", container->id, strerror(errno));
    bytes_clear(&json);
}

void container_leave(struct container *container) {
    if (container->run >= 0) {
        AUTO_CLOSE int group = openat(container->run, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        AUTO_FREE char *name = must_format("%.12s", container->id);
        unlinkat(container->directory, "run", 0);
        remove_all(group, name);
        close(container->run);
        container->run = -1;
    }
    if (container->lock >= 0) close(container->lock);
    container->lock = -1;
}

static bool run_clean(const struct container *container, const struct step *clean, int directory) {
    int status;
    pid_t child = fork();
    if (child == 0 && fchdir(directory) == 0) step_execute(clean, container->id, clean->payload.data, clean->payload.size, -1, -1, NULL);
    if (child == 0) _exit(STATUS_LICHEN);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* Only what could not be removed by ourselves is worth another process. */
static void remove_tree(struct container *container, const struct step *clean, int parent, const char *name) {
    if (remove_all(parent, name)) return;
    if ((errno == EBUSY || errno == ENOTEMPTY) && container->lock >= 0) { /* NFS keeps a file that is open, and its directory: ours is the lock, and nobody finds this container any more */
        close(container->lock);
        container->lock = -1;
        if (remove_all(parent, name)) return;
    }
    AUTO_CLOSE int directory = open_directory(parent, name);
    if (clean->present && directory >= 0 && !run_clean(container, clean, directory)) complain("cannot remove the files of other ids in the container (%.12s)", container->id);
    if (!remove_all(parent, name)) complain("cannot remove the container (%.12s, %s): %s", container->id, name, strerror(errno));
}

/* First out of sight, so that nobody sees half a container; what a crash leaves under the new name is garbage that prune knows. */
void container_remove(struct container *container, const struct step *clean) {
    char local[PATH_MAX];
    AUTO_FREE char *dead = must_format(".del-%s", container->id);
    const char *name = renameat(container->containers, container->id, container->containers, dead) == 0 ? dead : container->id;
    if (container->name) name_release(container->home, container->name, container->id);
    ssize_t size = readlinkat(container->directory, "local", local, sizeof local - 1);
    if (size > 0) {
        local[size] = 0;
        remove_tree(container, clean, AT_FDCWD, local);
    }
    remove_tree(container, clean, container->containers, name);
}
