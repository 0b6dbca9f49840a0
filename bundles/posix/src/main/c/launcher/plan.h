/* The payload of a launcher's program (docs/FORMATS.md, 3 and 4), decoded; each uses its part of it. Everything lives until the program ends. */
#ifndef LICHEN_LAUNCHER_PLAN_H
#define LICHEN_LAUNCHER_PLAN_H

#include <sys/ioctl.h>

#include "base.h"
#include "records.h"

enum identity { IDENTITY_SINGLE, IDENTITY_BASIC, IDENTITY_RANGES, IDENTITY_FULL };
enum op_kind { OP_MOUNT, OP_FILE, OP_MASK, OP_READ_ONLY };
enum option {
    OPT_RO = 1 << 0,
    OPT_NOSUID = 1 << 1,
    OPT_NODEV = 1 << 2,
    OPT_NOEXEC = 1 << 3,
    OPT_NOREC = 1 << 4,
    OPT_OPTIONAL = 1 << 5,
    OPT_SLAVE = 1 << 6,
    OPT_COPY = 1 << 7
};

/* One step of building the file tree; carried out in the order of the records. */
struct op {
    enum op_kind kind;
    const char *type;   /* OP_MOUNT: bind, tmpfs, proc … */
    const char *source; /* OP_MOUNT: host path; OP_FILE: file to copy, or NULL */
    const char *target; /* guest path */
    unsigned options;
    char *data;         /* other mount options, comma separated, or NULL */
    mode_t mode;        /* OP_FILE */
    struct record content; /* OP_FILE */
};

/* One read-only part of a union: a directory, or a file with a squashfs. */
struct lower {
    const char *path;
    bool squashfs;
    uint64_t offset;   /* of the squashfs in its file */
    const char *index; /* what the image says about its files, or NULL */
    const char *owned; /* `ranges`: where a copy with the real owners is, or is to be made; or NULL */
    bool aufs;         /* it hides what is below by `.wh.` files */
};

/* Either one plain tree, or a union of lowers, highest first, and what is written above them. */
struct root {
    const char *path;
    struct lower *lowers;
    size_t lower_count;
    const char *upper, *work;
    bool read_only;
    bool once; /* the upper is mounted this once and need not survive a crash of the machine */
};

struct limit {
    const char *name;
    uint64_t soft, hard;
};

/* Whether a program, or all that lie in a directory, may have a path and what is below it; the rule with the longest path decides, then that with the longest program. */
struct access_rule {
    const char *program, *path; /* of the guest; program "/": every one */
    bool allowed;
};

struct guest {
    char **argv, **environment;
    const char *directory, *user; /* NULL: "/", and as the container was started */
    bool terminal;
    bool idle; /* no program: the first process waits for its end, others enter */
    struct winsize size;
    bool exact; /* who waits for it ends as it ends, by a signal too */
    struct passed *passed;
    size_t passed_count;
};

/* A descriptor of the caller's, and the number that it is to have in the guest. */
struct passed {
    int at, number;
};

struct plan {
    enum identity identity;
    char **uid_maps, **gid_maps; /* `INSIDE OUTSIDE COUNT` */
    unsigned namespaces;         /* CLONE_NEW*, without the user namespace */
    const char *host_name;
    struct root root;
    const char *owners;
    struct op *ops;
    size_t op_count;
    struct access_rule *rules;
    size_t rule_count;
    char **gone;      /* of a change: what is not mounted any more; */
    char **variables; /* `NAME=VALUE`, or `NAME`: there is none */
    bool has_capabilities;
    uint64_t capabilities;
    bool seccomp;
    struct {
        const char *program, *stage;
    } emulation; /* `full`: from the command line */
    bool init;
    bool no_new_privileges; /* on request with `ranges`, else always */
    struct limit *limits;
    size_t limit_count;
    bool has_umask;
    mode_t umask;
    struct guest guest;
};

/* On what was made to be mounted on, so that it goes with the mount. */
#define MOUNT_POINT_MARK "user.lichen.point"

/* Reads and checks the payload; ends the program when it asks for something unknown. */
void plan_read(struct plan *plan, const struct bytes *payload);

/* The value of a guest variable, or NULL. */
const char *guest_variable(const struct guest *guest, const char *name);
/* Sets or replaces one `K=V`. */
void guest_set(struct guest *guest, const char *assignment);

#endif
