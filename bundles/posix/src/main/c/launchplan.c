#include "launchplan.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sealed.h"

static const char MAGIC[] = "LICHPLAN";

static const struct {
    const char *name;
    enum plan_flag flag;
} FLAGS[] = {{"terminal", FLAG_TERMINAL}, {"interactive", FLAG_INTERACTIVE}, {"detached", FLAG_DETACHED}, {"ephemeral", FLAG_EPHEMERAL}, {"log", FLAG_LOG}, {"calls", FLAG_CALLS}};

static unsigned flag_of(const char *name) {
    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++)
        if (!strcmp(name, FLAGS[i].name)) return FLAGS[i].flag;
    die(STATUS_LICHEN, "cannot carry out the plan (flag %s): unknown flag", name);
}

static void read_requirement(struct launch_plan *plan, const struct record *record) {
    struct requirement requirement = {0};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "requirement");) {
        if (record_is(&item, "fact")) requirement.fact = record_text(&item);
        else if (record_is(&item, "valu")) requirement.value = record_text(&item);
        else if (record_is(&item, "why.")) requirement.why = record_text(&item);
        else record_unknown(&item, "requirement");
    }
    if (!requirement.fact || !requirement.value) die(STATUS_LICHEN, "cannot carry out the plan (requirement): fact or value is missing");
    plan->requirements = must_realloc(plan->requirements, plan->requirement_count + 1, sizeof requirement);
    plan->requirements[plan->requirement_count++] = requirement;
}

static void read_host_command(struct launch_plan *plan, const struct record *record) {
    struct host_command command = {0};
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "host command");) {
        if (record_is(&item, "gues")) command.guest = record_text(&item);
        else if (record_is(&item, "argv")) list_add(&command.argv, record_text(&item));
        else if (record_is(&item, "path")) command.paths = record_number(&item) != 0;
        else record_unknown(&item, "host command");
    }
    if (!command.guest || !command.argv) die(STATUS_LICHEN, "cannot carry out the plan (host command): it is not told whole");
    plan->host_commands = must_realloc(plan->host_commands, plan->host_command_count + 1, sizeof command);
    plan->host_commands[plan->host_command_count++] = command;
}

static bool read_host(struct launch_plan *plan, const struct record *record) {
    if (record_is(record, "host")) read_host_command(plan, record);
    else if (record_is(record, "henv")) list_add(&plan->host_variables, record_text(record));
    else if (record_is(record, "bind")) shared_read(&plan->shared, record);
    else return false;
    return true;
}

void launch_plan_host(struct launch_plan *plan, struct records list) {
    plan->host_commands = NULL;
    plan->host_command_count = 0;
    plan->host_variables = NULL;
    plan->shared = (struct shared){0};
    for (struct record item; record_read(&list, &item, "host commands");)
        if (!read_host(plan, &item)) record_unknown(&item, "host commands");
}

static void read_orders(struct launch_plan *plan, const struct record *record) {
    struct records list = record_list(record);
    for (struct record item; record_read(&list, &item, "orders");) {
        if (record_is(&item, "id..")) plan->id = record_text(&item);
        else if (record_is(&item, "name")) plan->name = record_text(&item);
        else if (record_is(&item, "flag")) plan->flags |= flag_of(record_text(&item));
        else if (record_is(&item, "keys")) plan->keys = record_text(&item);
        else if (record_is(&item, "stop")) plan->stop_signal = (int)record_number(&item);
        else if (record_is(&item, "time")) plan->stop_seconds = (unsigned)record_number(&item);
        else if (record_is(&item, "prnt")) plan->print = record_text(&item);
        else if (read_host(plan, &item)) continue;
        else if (record_is(&item, "locl")) plan->local = record_text(&item);
        else record_unknown(&item, "orders");
    }
    if (!plan->stop_signal) plan->stop_signal = SIGTERM;
}

void step_read(struct step *step, const struct records *records) {
    struct records list = *records;
    step->present = true;
    for (struct record item; record_read(&list, &item, "step");) {
        if (record_is(&item, "prog")) step->program = record_text(&item);
        else if (record_is(&item, "argv")) list_add(&step->argv, record_text(&item));
        else if (record_is(&item, "envi")) list_add(&step->environment, record_text(&item));
        else if (record_is(&item, "load")) step->payload = item;
        else if (record_is(&item, "seal")) step->sealed = record_number(&item) != 0;
        else record_unknown(&item, "step");
    }
    if (!step->program || step->program[0] != '/' || !step->argv) die(STATUS_LICHEN, "cannot carry out the plan (step): it names no program by an absolute path");
}

static void read_step(struct step *step, const struct record *record) {
    struct records list = record_list(record);
    step->whole = *record;
    step_read(step, &list);
}

static void check(const struct launch_plan *plan) {
    if (!plan->home || plan->home[0] != '/') die(STATUS_LICHEN, "cannot carry out the plan: it names no home directory");
    if (!plan->start.present && !plan->enter.present) die(STATUS_LICHEN, "cannot carry out the plan: it has nothing to start");
    if (!plan->has_content && !plan->id) die(STATUS_LICHEN, "cannot carry out the plan: it names no container");
    if (plan->id && strspn(plan->id, "0123456789abcdef") != strlen(plan->id)) die(STATUS_LICHEN, "cannot carry out the plan (container %s): this is no container id", plan->id);
    if (plan->id && strlen(plan->id) != 64) die(STATUS_LICHEN, "cannot carry out the plan (container %s): an id has 64 digits", plan->id);
    if (plan->name && (!*plan->name || *plan->name == '.' || strchr(plan->name, '/'))) die(STATUS_LICHEN, "cannot carry out the plan (name %s): this is no name", plan->name);
}

void launch_plan_read(struct launch_plan *plan, const struct bytes *bytes) {
    enum { HEAD = 12 };
    *plan = (struct launch_plan){.stop_signal = SIGTERM, .stop_seconds = 10, .keys = "ctrl-p,ctrl-q"};
    if (bytes->size < HEAD || memcmp(bytes->data, MAGIC, 8) != 0) die(STATUS_LICHEN, "cannot read the plan: this is no launch plan");
    unsigned format = get_u32(bytes->data + 8);
    if (format != PLAN_FORMAT)
        die(STATUS_LICHEN, "cannot carry out the plan: it has format %u, and this version of lichen knows format %d\nhint: make the plan again with this version", format,
            PLAN_FORMAT);
    struct records list = {bytes->data + HEAD, bytes->size - HEAD};
    for (struct record item; record_read(&list, &item, "launch plan");) {
        if (record_is(&item, "need")) read_requirement(plan, &item);
        else if (record_is(&item, "home")) plan->home = record_text(&item);
        else if (record_is(&item, "shim")) read_orders(plan, &item);
        else if (record_is(&item, "meta")) {
            plan->has_content = true;
            plan->content = item;
        } else if (record_is(&item, "prep")) read_step(&plan->prepare, &item);
        else if (record_is(&item, "step")) read_step(&plan->start, &item);
        else if (record_is(&item, "entr")) read_step(&plan->enter, &item);
        else if (record_is(&item, "clen")) read_step(&plan->clean, &item);
        else record_unknown(&item, "launch plan");
    }
    check(plan);
}

char *substitute(const char *text, const char *name, const char *value) {
    struct bytes out = {0};
    AUTO_FREE char *variable = must_format("${%s}", name);
    for (const char *at; (at = strstr(text, variable)); text = at + strlen(variable)) {
        bytes_add(&out, text, (size_t)(at - text));
        bytes_text(&out, value);
    }
    bytes_add(&out, text, strlen(text) + 1);
    return (char *)out.data;
}

void step_publish(struct bytes *to, const struct step *step, pid_t first, int sealed) {
    AUTO_FREE char *pid = must_format("%d", (int)first);
    struct records list = record_list(&step->whole);
    for (struct record item; record_next(&list, &item) > 0;) {
        bool program = record_is(&item, "prog"), argument = record_is(&item, "argv");
        if (sealed >= 0 && record_is(&item, "seal")) continue;
        if (sealed >= 0 && program) {
            AUTO_FREE char *path = must_format("/proc/%d/fd/%d", (int)getpid(), sealed);
            record_add_text(to, "prog", path);
        } else if (argument) {
            AUTO_FREE char *text = record_text(&item);
            AUTO_FREE char *filled = substitute(text, "init.pid", pid);
            record_add_text(to, "argv", filled);
        } else {
            record_add(to, item.tag, item.data, item.size);
        }
    }
}

static void place(int fd, int at) {
    if (dup2(fd, at) < 0) die(STATUS_LICHEN, "cannot start a program: %s", strerror(errno));
}

void step_execute(const struct step *step, const char *container, const void *payload, size_t size, int report, int sealed, const int *passed) {
    int load = memory_file("plan", payload, size);
    if (load < 0) die(STATUS_LICHEN, "cannot hand over the plan: %s", strerror(errno));
    /* Out of the way of 3 and 4 first. */
    int high_load = fcntl(load, F_DUPFD_CLOEXEC, 16), high_report = report < 0 ? -1 : fcntl(report, F_DUPFD_CLOEXEC, 16);
    int own = step->sealed && sealed < 0 ? sealed_open(step->program, NULL) : sealed;
    int program = own < 0 ? -1 : fcntl(own, F_DUPFD_CLOEXEC, 16);
    place(high_load, 3);
    if (report >= 0) place(high_report, 4);
    close_on_exec_from(report >= 0 ? 5 : 4);
    for (; passed && *passed >= 0; passed++) fcntl(*passed, F_SETFD, 0);
    char **environment = NULL;
    for (size_t i = 0; step->environment && step->environment[i]; i++) list_add(&environment, step->environment[i]);
    for (char **variable = environ; *variable; variable++) /* switches of launchers, from whoever starts one */
        if (!strncmp(*variable, "LICHEN_", strlen("LICHEN_")) && strncmp(*variable, "LICHEN_CONTAINER=", strlen("LICHEN_CONTAINER=")) != 0) list_add(&environment, *variable);
    list_add(&environment, must_format("LICHEN_CONTAINER=%s", container));
    if (program >= 0) syscall(SYS_execveat, program, "", step->argv, environment, 0x1000 /* AT_EMPTY_PATH */);
    execve(step->program, step->argv, environment);
    if (!strncmp(step->program, "/proc/", 6)) die(STATUS_LICHEN, "cannot enter the container: it has ended"); /* a copy that its shim held open */
    die(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_LICHEN, "cannot execute the launcher (%s): %s", step->program, strerror(errno));
}
