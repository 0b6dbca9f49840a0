#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spaces.h"

static void write_map(int proc, const char *name, const char *text) {
    AUTO_FREE char *path = must_format("%sself/%s", proc == AT_FDCWD ? "/proc/" : "", name);
    if (write_file(proc, path, text, strlen(text))) return;
    if (!strcmp(name, "setgroups") && errno == ENOENT) return; /* before 3.19 */
    die(STATUS_LICHEN, "cannot map the ids of a user namespace (%s): %s\nhint: `lichen doctor` shows which other ways this machine offers", name, spaces_reason(errno));
}

void map_one(int proc, uint32_t inside_uid, uint32_t outside_uid, uint32_t inside_gid, uint32_t outside_gid) {
    AUTO_FREE char *uids = must_format("%u %u 1\n", inside_uid, outside_uid);
    AUTO_FREE char *gids = must_format("%u %u 1\n", inside_gid, outside_gid);
    write_map(proc, "setgroups", "deny");
    write_map(proc, "uid_map", uids);
    write_map(proc, "gid_map", gids);
}

/* Runs newuidmap PID INSIDE OUTSIDE COUNT …, and waits for it. */
static void run_mapper(const char *program, pid_t pid, char *const *maps) {
    char **argv = NULL;
    list_add(&argv, must_copy(program));
    list_add(&argv, must_format("%d", (int)pid));
    for (size_t i = 0; maps && maps[i]; i++) {
        char *map = must_copy(maps[i]), *state = NULL;
        for (char *number = strtok_r(map, " ", &state); number; number = strtok_r(NULL, " ", &state)) list_add(&argv, must_copy(number));
        free(map);
    }
    pid_t child = fork();
    if (child == 0) {
        setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 0);
        execvp(program, argv);
        complain("cannot run %s: %s\nhint: it is in the package uidmap (Debian) or shadow-utils", program, strerror(errno));
        _exit(STATUS_LICHEN);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) _exit(STATUS_LICHEN);
}

void mapper_prepare(struct mapper *mapper, const struct plan *plan) {
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) != 0) die(STATUS_LICHEN, "cannot make a pipe: %s", strerror(errno));
    mapper->pid = fork();
    if (mapper->pid < 0) die(STATUS_LICHEN, "cannot start a process: %s", strerror(errno));
    if (mapper->pid == 0) {
        char byte;
        close(ends[1]);
        if (read_some(ends[0], &byte, 1) != 1) _exit(STATUS_LICHEN); /* the parent failed before its namespace was there */
        run_mapper("newuidmap", parent, plan->uid_maps);
        run_mapper("newgidmap", parent, plan->gid_maps);
        _exit(0);
    }
    close(ends[0]);
    mapper->go = ends[1];
}

void mapper_run(struct mapper *mapper) {
    int status = -1;
    if (!write_all(mapper->go, "", 1) || waitpid(mapper->pid, &status, 0) != mapper->pid || status != 0)
        die(STATUS_LICHEN, "cannot map the id ranges of this user: newuidmap or newgidmap failed\nhint: /etc/subuid and /etc/subgid list the ranges; `--userns single` needs none");
    close(mapper->go);
}
