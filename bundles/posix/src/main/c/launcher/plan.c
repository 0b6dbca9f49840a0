#include "plan.h"

#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    unsigned flag;
} NAMESPACES[] = {{"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}, {"net", CLONE_NEWNET}};

static const struct {
    const char *name;
    unsigned option;
} OPTIONS[] = {{"ro", OPT_RO},       {"rw", 0},           {"nosuid", OPT_NOSUID},     {"nodev", OPT_NODEV}, {"noexec", OPT_NOEXEC}, {"suid", 0},
               {"dev", 0},           {"exec", 0},         {"norec", OPT_NOREC},       {"rec", 0},           {"rslave", OPT_SLAVE},  {"slave", OPT_SLAVE},
               {"rprivate", 0},      {"private", 0},      {"optional", OPT_OPTIONAL},  {"copy", OPT_COPY}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static unsigned namespace_flag(char *name) {
    for (size_t i = 0; i < COUNT(NAMESPACES); i++)
        if (!strcmp(name, NAMESPACES[i].name)) return NAMESPACES[i].flag;
    die(STATUS_LICHEN, "cannot carry out the plan (namespace %s): unknown kind of namespace", name);
}

static enum identity identity_of(const char *name) {
    if (!strcmp(name, "single")) return IDENTITY_SINGLE;
    if (!strcmp(name, "basic")) return IDENTITY_BASIC;
    if (!strcmp(name, "ranges")) return IDENTITY_RANGES;
    if (!strcmp(name, "full")) return IDENTITY_FULL;
    die(STATUS_LICHEN, "cannot carry out the plan (identity %s): unknown kind of identity", name);
}

/* Options that are not ours go to the kernel as they are; only tmpfs and its like take any, the others check. */
static void add_option(struct op *op, const char *text) {
    for (size_t i = 0; i < COUNT(OPTIONS); i++)
        if (!strcmp(text, OPTIONS[i].name)) {
            op->options |= OPTIONS[i].option;
            return;
        }
    char *all = op->data ? must_format("%s,%s", op->data, text) : must_copy(text);
    free(op->data);
    op->data = all;
}

static struct op *add_op(struct plan *plan, enum op_kind kind) {
    plan->ops = must_realloc(plan->ops, plan->op_count + 1, sizeof *plan->ops);
    struct op *op = &plan->ops[plan->op_count++];
    *op = (struct op){.kind = kind, .mode = 0644};
    return op;
}

static void read_mount(struct plan *plan, const struct record *record) {
    struct op *op = add_op(plan, OP_MOUNT);
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "mount");) {
        if (record_is(&item, "kind")) op->type = record_text(&item);
        else if (record_is(&item, "sour")) op->source = record_text(&item);
        else if (record_is(&item, "targ")) op->target = record_text(&item);
        else if (record_is(&item, "opts")) add_option(op, record_text(&item));
        else record_unknown(&item, "mount");
    }
    if (!op->type || !op->target) die(STATUS_LICHEN, "cannot carry out the plan (mount): kind or target is missing");
    if (!strcmp(op->type, "bind") && (!op->source || op->data))
        die(STATUS_LICHEN, "cannot carry out the plan (bind on %s): %s", op->target, op->source ? op->data : "the source is missing");
}

static void read_file_op(struct plan *plan, const struct record *record) {
    struct op *op = add_op(plan, OP_FILE);
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "file");) {
        if (record_is(&item, "targ")) op->target = record_text(&item);
        else if (record_is(&item, "mode")) op->mode = (mode_t)record_number(&item) & 07777;
        else if (record_is(&item, "data")) op->content = item;
        else if (record_is(&item, "from")) op->source = record_text(&item);
        else record_unknown(&item, "file");
    }
    if (!op->target) die(STATUS_LICHEN, "cannot carry out the plan (file): the target is missing");
}

static void read_rule(struct plan *plan, const struct record *record) {
    struct access_rule rule = {.program = NULL};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "rule");) {
        if (record_is(&item, "prog")) rule.program = record_text(&item);
        else if (record_is(&item, "path")) rule.path = record_text(&item);
        else if (record_is(&item, "may.")) rule.allowed = record_number(&item) != 0;
        else record_unknown(&item, "rule");
    }
    if (!rule.program || !rule.path) die(STATUS_LICHEN, "cannot carry out the plan (rule): program or path is missing");
    plan->rules = must_realloc(plan->rules, plan->rule_count + 1, sizeof rule);
    plan->rules[plan->rule_count++] = rule;
}

static void read_limit(struct plan *plan, const struct record *record) {
    struct limit limit = {0};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "limit");) {
        if (record_is(&item, "name")) limit.name = record_text(&item);
        else if (record_is(&item, "soft")) limit.soft = record_number(&item);
        else if (record_is(&item, "hard")) limit.hard = record_number(&item);
        else record_unknown(&item, "limit");
    }
    if (!limit.name) die(STATUS_LICHEN, "cannot carry out the plan (limit): the name is missing");
    plan->limits = must_realloc(plan->limits, plan->limit_count + 1, sizeof limit);
    plan->limits[plan->limit_count++] = limit;
}

static bool squashfs_of(const char *kind) {
    if (strcmp(kind, "squashfs") != 0) die(STATUS_LICHEN, "cannot carry out the plan (lower %s): unknown kind of lower", kind);
    return true;
}

static void read_lower(struct root *root, const struct record *record) {
    struct lower lower = {0};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "lower");) {
        if (record_is(&item, "path")) lower.path = record_text(&item);
        else if (record_is(&item, "kind")) lower.squashfs = squashfs_of(record_text(&item));
        else if (record_is(&item, "offs")) lower.offset = record_number(&item);
        else if (record_is(&item, "indx")) lower.index = record_text(&item);
        else if (record_is(&item, "ownd")) lower.owned = record_text(&item);
        else if (record_is(&item, "flag") && !strcmp(record_text(&item), "aufs")) lower.aufs = true;
        else record_unknown(&item, "lower");
    }
    if (!lower.path) die(STATUS_LICHEN, "cannot carry out the plan (lower): the path is missing");
    if (lower.owned && !lower.index) die(STATUS_LICHEN, "cannot carry out the plan (lower %s): nothing tells its owners", lower.path);
    root->lowers = must_realloc(root->lowers, root->lower_count + 1, sizeof lower);
    root->lowers[root->lower_count++] = lower;
}

static void read_root_flag(struct root *root, const char *flag) {
    if (!strcmp(flag, "ro")) root->read_only = true;
    else if (!strcmp(flag, "once")) root->once = true;
    else die(STATUS_LICHEN, "cannot carry out the plan (root flag %s): unknown flag", flag);
}

static void read_root(struct root *root, const struct record *record) {
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "root");) {
        if (record_is(&item, "path")) root->path = record_text(&item);
        else if (record_is(&item, "lowr")) read_lower(root, &item);
        else if (record_is(&item, "uppr")) root->upper = record_text(&item);
        else if (record_is(&item, "work")) root->work = record_text(&item);
        else if (record_is(&item, "flag")) read_root_flag(root, record_text(&item));
        else record_unknown(&item, "root");
    }
    if (!root->path == !root->lower_count) die(STATUS_LICHEN, "cannot carry out the plan (root): it is either one path or a union");
    if (root->lower_count && (!root->upper || !root->work)) die(STATUS_LICHEN, "cannot carry out the plan (root): the union has no place for what is written");
}

static void read_flag(struct guest *guest, const struct record *record) {
    const char *flag = record_text(record);
    if (!strcmp(flag, "terminal")) guest->terminal = true;
    else if (!strcmp(flag, "idle")) guest->idle = true;
    else if (!strcmp(flag, "exact")) guest->exact = true;
    else die(STATUS_LICHEN, "cannot carry out the plan (flag %s): unknown flag", flag);
}

static void read_passed(struct guest *guest, const struct record *record) {
    const char *text = record_text(record), *equals = strchr(text, '=');
    AUTO_FREE char *before = must_format("%.*s", equals ? (int)(equals - text) : 0, text);
    uint64_t number, at;
    if (!equals || !parse_number(before, 10, &number) || !parse_number(equals + 1, 10, &at) || number > INT_MAX || at > INT_MAX || number <= STDERR_FILENO || at <= STDERR_FILENO)
        die(STATUS_LICHEN, "cannot carry out the plan (pass %s): it is NUMBER=DESCRIPTOR, both above 2", text);
    guest->passed = must_realloc(guest->passed, guest->passed_count + 1, sizeof *guest->passed);
    guest->passed[guest->passed_count++] = (struct passed){.at = (int)at, .number = (int)number};
}

static void read_size(struct guest *guest, const struct record *record) {
    if (record->size != 4) die(STATUS_LICHEN, "cannot read the plan (record size): it has %zu bytes instead of 4", record->size);
    guest->size.ws_row = (unsigned short)(record->data[0] << 8 | record->data[1]);
    guest->size.ws_col = (unsigned short)(record->data[2] << 8 | record->data[3]);
}

static bool read_guest(struct guest *guest, const struct record *record) {
    if (record_is(record, "argv")) list_add(&guest->argv, record_text(record));
    else if (record_is(record, "envi")) guest_set(guest, record_text(record));
    else if (record_is(record, "cwd.")) guest->directory = record_text(record);
    else if (record_is(record, "user")) guest->user = record_text(record);
    else if (record_is(record, "flag")) read_flag(guest, record);
    else if (record_is(record, "size")) read_size(guest, record);
    else if (record_is(record, "pass")) read_passed(guest, record);
    else return false;
    return true;
}

static void read_profile(struct plan *plan, const struct record *record) {
    const char *name = record_text(record);
    plan->seccomp = !strcmp(name, "default");
    if (!plan->seccomp && strcmp(name, "none") != 0) die(STATUS_LICHEN, "cannot carry out the plan (seccomp profile %s): unknown profile", name);
}

static bool read_space(struct plan *plan, const struct record *record) {
    if (record_is(record, "iden")) plan->identity = identity_of(record_text(record));
    else if (record_is(record, "uidm")) list_add(&plan->uid_maps, record_text(record));
    else if (record_is(record, "gidm")) list_add(&plan->gid_maps, record_text(record));
    else if (record_is(record, "nspc")) plan->namespaces |= namespace_flag(record_text(record));
    else if (record_is(record, "hstn")) plan->host_name = record_text(record);
    else if (record_is(record, "root")) read_root(&plan->root, record);
    else if (record_is(record, "ownr")) plan->owners = record_text(record);
    else if (record_is(record, "moun")) read_mount(plan, record);
    else if (record_is(record, "file")) read_file_op(plan, record);
    else if (record_is(record, "rule")) read_rule(plan, record);
    else if (record_is(record, "gone")) list_add(&plan->gone, record_text(record));
    else if (record_is(record, "vari")) list_add(&plan->variables, record_text(record));
    else if (record_is(record, "mask")) add_op(plan, OP_MASK)->target = record_text(record);
    else if (record_is(record, "rdon")) add_op(plan, OP_READ_ONLY)->target = record_text(record);
    else return false;
    return true;
}

static bool read_rights(struct plan *plan, const struct record *record) {
    if (record_is(record, "capb")) {
        plan->has_capabilities = true;
        plan->capabilities = record_number(record);
    } else if (record_is(record, "umsk")) {
        plan->has_umask = true;
        plan->umask = (mode_t)record_number(record) & 0777;
    } else if (record_is(record, "secc")) read_profile(plan, record);
    else if (record_is(record, "init")) plan->init = record_number(record) != 0;
    else if (record_is(record, "nnp.")) plan->no_new_privileges = record_number(record) != 0;
    else if (record_is(record, "rlim")) read_limit(plan, record);
    else return false;
    return true;
}

void plan_read(struct plan *plan, const struct bytes *payload) {
    struct records list = {payload->data, payload->size};
    for (struct record record; record_read(&list, &record, "payload");)
        if (!read_guest(&plan->guest, &record) && !read_space(plan, &record) && !read_rights(plan, &record)) record_unknown(&record, "payload");
    if (!plan->guest.idle && (!plan->guest.argv || !plan->guest.argv[0][0])) die(STATUS_LICHEN, "cannot carry out the plan: it names no command");
    if (plan->identity != IDENTITY_RANGES) plan->no_new_privileges = true;
}

/* Length of `name` in `NAME=value`, also for a bare name. */
static size_t name_size(const char *assignment) { return strcspn(assignment, "="); }

const char *guest_variable(const struct guest *guest, const char *name) {
    size_t size = strlen(name);
    for (char **at = guest->environment; at && *at; at++)
        if (name_size(*at) == size && (*at)[size] == '=' && !memcmp(*at, name, size)) return *at + size + 1;
    return NULL;
}

void guest_set(struct guest *guest, const char *assignment) {
    size_t size = name_size(assignment);
    for (char **at = guest->environment; at && *at; at++)
        if (name_size(*at) == size && !memcmp(*at, assignment, size)) {
            *at = must_copy(assignment);
            return;
        }
    list_add(&guest->environment, must_copy(assignment));
}
