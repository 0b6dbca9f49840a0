/* `lichen-userns probe`: what this machine grants, one `fact=yes` or `fact=no: REASON` a line, each found by doing it in a child. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse.h"
#include "idfilter.h"
#include "idmap.h"
#include "profile.h"
#include "removal.h"
#include "spaces.h"
#include "squash.h"
#include "start.h"
#include "union.h"

enum { ROOM = 512 };
static int answer = -1; /* where a child says why not */

static void say_why(int status, const char *message) {
    (void)status;
    size_t size = strcspn(message, "\n");
    (void)write_all(answer, message, size < ROOM ? size : ROOM);
    _exit(1);
}

static void no(const char *reason) { say_why(1, reason); }

/* Runs one trial in a child and prints its fact; true: it works. What the trial says by die() or no() is the reason. */
static bool fact(const char *name, void (*trial)(void)) {
    int ends[2], status = 1;
    char reason[ROOM + 1] = {0};
    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    pid_t child = fork();
    if (child == 0) {
        answer = ends[1];
        on_die = say_why;
        trial();
        _exit(0);
    }
    close(ends[1]);
    ssize_t size = read_some(ends[0], reason, ROOM);
    close(ends[0]);
    bool good = child > 0 && waitpid(child, &status, 0) == child && status == 0;
    if (good) printf("%s=yes\n", name);
    else printf("%s=no: %s\n", name, size > 0 ? reason : "it fails");
    return good;
}

static void make_spaces(unsigned namespaces) {
    struct plan plan = {.identity = IDENTITY_SINGLE};
    spaces_make(&plan, namespaces);
}

/* Some systems grant the namespace and refuse what it is made for: so something is mounted in it. */
static void try_user_namespace(void) {
    make_spaces(CLONE_NEWNS);
    if (mount("tmpfs", "/", "tmpfs", 0, NULL) != 0) no("this system grants user namespaces but no mounts in them");
}

static void in_child(void (*trial)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        trial();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) _exit(1);
}

static void mount_proc(void) {
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) != 0 || mount("proc", "/proc", "proc", 0, NULL) != 0) no("parts of this system's own /proc are covered, as inside of another container");
}

static void try_private_pids(void) {
    make_spaces(CLONE_NEWNS | CLONE_NEWPID);
    in_child(mount_proc);
}

static void try_network(void) {
    make_spaces(CLONE_NEWNET);
    struct plan plan = {.namespaces = CLONE_NEWNET};
    spaces_settle(&plan);
}

static void try_cgroup_namespace(void) { make_spaces(CLONE_NEWCGROUP); }

static const char *home; /* a directory of the file system that uppers are to lie on */

static int open_directory(int parent, const char *name) {
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) no("its directories cannot be opened");
    return fd;
}

/* Below `base`, which is empty: a union of one lower with the file `f`, mounted over its upper. What it hides is a node or an attribute of the upper's file system. */
static void try_union(int base, bool (*mounts)(const struct parts *parts, int target, bool once), bool attributes, const char *why) {
    static const char *const DIRECTORIES[] = {"l", "u", "w"};
    int fds[3];
    for (int i = 0; i < 3; i++) {
        if (mkdirat(base, DIRECTORIES[i], 0700) != 0) no("nothing can be written there");
        fds[i] = open_directory(base, DIRECTORIES[i]);
    }
    AUTO_CLOSE int file = openat(fds[0], "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct parts parts = {.lowers = fds, .lower_count = 1, .upper = fds[1], .work = fds[2]};
    if (!mounts(&parts, fds[1], false)) no(why ? why : errno == ENODEV ? "this kernel has no overlay file system" : "this kernel forbids overlay mounts in user namespaces (it is older than 5.11)");
    int root = open_directory(base, "u");
    bool good = faccessat(root, "f", F_OK, 0) == 0 && unlinkat(root, "f", 0) == 0 && faccessat(root, "f", F_OK, 0) != 0;
    if (good && attributes) good = mkdirat(root, "f", 0700) == 0 && faccessat(root, "f/f", F_OK, 0) != 0;
    if (!good) no(why ? why : "what is mounted does not work");
}

/* On a tmpfs of our own, so that the answer is the kernel's, not a file system's. It has user attributes from Linux 6.6 on. */
static int scratch(void) {
    make_spaces(CLONE_NEWNS);
    if (mount("tmpfs", "/tmp", "tmpfs", 0, NULL) != 0) no("nothing can be mounted");
    return open_directory(AT_FDCWD, "/tmp");
}

static void try_overlay(void) { try_union(scratch(), union_by_kernel, false, NULL); }

static void try_fuse(void) {
    if (!fuse_present(UNION_SERVER)) no("it is not installed, or /dev/fuse is not for everybody");
    try_union(scratch(), union_by_fuse, true, "it is installed and fails");
}

/* An empty squashfs, as mksquashfs makes it. */
static const unsigned char EMPTY[] = {
    'h', 's', 'q', 's', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 17, 0, 0x4b, 2, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0, 0,
    0x88, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0x60, 0, 0, 0, 0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
    32, 0x80, 1, 0, 0xed, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0x80, 0, 0, 0, 0, 0x82, 0, 0, 0, 0, 0, 0, 0};

static void try_squash(void) {
    if (!squash_present()) no("it is not installed, or /dev/fuse is not for everybody");
    int base = scratch();
    AUTO_CLOSE int file = openat(base, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fchdir(base) != 0 || mkdirat(base, "m", 0700) != 0 || !write_all(file, EMPTY, sizeof EMPTY)) no("nothing can be written");
    squash_open(&(struct lower){.path = "f", .squashfs = true}, "m", false);
}

/* What a union needs of the file system below its upper: attributes, whiteouts, and that the kernel takes it. In a child of ours, so that what was made goes in any case. */
static void try_home(bool (*mounts)(const struct parts *parts, int target, bool once)) {
    AUTO_FREE char *base = must_format("%s/.probe-%d", home, (int)getpid());
    if (mkdir(base, 0700) != 0) no("nothing can be written there");
    pid_t child = fork();
    if (child == 0) {
        make_spaces(CLONE_NEWNS);
        try_union(open_directory(AT_FDCWD, base), mounts, true, "the file system that it lies on cannot hold what containers write");
        _exit(0);
    }
    int status = 1;
    if (child > 0) waitpid(child, &status, 0);
    remove_all(AT_FDCWD, base);
    if (status != 0) _exit(1); /* it told why */
}

static void try_overlay_home(void) { try_home(union_by_kernel); }

static void try_fuse_home(void) { try_home(union_by_fuse); }

static void try_seccomp(void) {
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    profile_install(0);
}

static void try_supervisor(void) {
    static struct filter filter;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    idfilter_write(&filter, true);
    if (bpf_install(&filter, SECCOMP_FILTER_FLAG_NEW_LISTENER) >= 0) return;
    no(errno == EBUSY ? "another container around us answers for its processes" : "this kernel has no seccomp user notification (it is older than 5.0)");
}

/* This user's first range in /etc/subuid or /etc/subgid, as one line of a map from 1 on. NULL: none. */
static char *range_of(const char *file) {
    struct bytes text = {0};
    char *found = NULL, *state = NULL, name[64] = "";
    AUTO_FREE char *number = must_format("%u", getuid());
    FILE *users = fopen("/etc/passwd", "re");
    for (char line[512]; users && fgets(line, sizeof line, users);) {
        unsigned uid;
        char user[64];
        if (sscanf(line, "%63[^:]:%*[^:]:%u", user, &uid) == 2 && uid == getuid()) memcpy(name, user, sizeof name);
    }
    if (users) fclose(users);
    if (!read_file(AT_FDCWD, file, &text)) return NULL;
    bytes_add(&text, "", 1);
    for (char *line = strtok_r((char *)text.data, "\n", &state); line && !found; line = strtok_r(NULL, "\n", &state)) {
        char owner[64];
        unsigned long first, count;
        if (sscanf(line, "%63[^:]:%lu:%lu", owner, &first, &count) == 3 && count && (!strcmp(owner, number) || (*name && !strcmp(owner, name))))
            found = must_format("1 %lu %lu", first, count);
    }
    bytes_clear(&text);
    return found;
}

static void make_ranges(void) {
    struct plan plan = {.identity = IDENTITY_RANGES};
    char *uids = range_of("/etc/subuid"), *gids = range_of("/etc/subgid");
    if (!uids || !gids) no("this user has no ranges in /etc/subuid and /etc/subgid");
    list_add(&plan.uid_maps, must_format("0 %u 1", getuid()));
    list_add(&plan.gid_maps, must_format("0 %u 1", getgid()));
    list_add(&plan.uid_maps, uids);
    list_add(&plan.gid_maps, gids);
    spaces_make(&plan, 0);
}

static void try_ranges(void) {
    make_ranges();
    if (setgroups(0, NULL) != 0 || setresgid(1, 1, 1) != 0 || setresuid(1, 1, 1) != 0) no("mapped ids cannot be taken");
}

/* Layers with real owners lie there. A server that takes no root's word (NFS) refuses, and so do file systems without owners. */
static void try_owners(void) {
    AUTO_FREE char *name = must_format("%s/.probe-%d", home, (int)getpid());
    AUTO_CLOSE int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) no("nothing can be written there");
    unlink(name);
    make_ranges();
    if (fchown(file, 1, 1) != 0) no("the file system that it lies on does not take files of other ids");
}

int probe(const char *directory) {
    home = directory;
    bool user = fact("user-namespaces", try_user_namespace);
    fact("seccomp", try_seccomp);
    fact("id-supervisor", try_supervisor);
    if (!user) return 0;
    fact("private-pids", try_private_pids);
    fact("private-network", try_network);
    fact("cgroup-namespaces", try_cgroup_namespace);
    if (fact("kernel-overlay", try_overlay) && home) fact("overlay-home", try_overlay_home);
    if (fact("fuse-overlayfs", try_fuse) && home) fact("fuse-home", try_fuse_home);
    fact("squashfuse", try_squash);
    if (fact("subordinate-ids", try_ranges) && home) fact("owners-home", try_owners);
    return 0;
}
