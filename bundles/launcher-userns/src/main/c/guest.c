#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emulation.h"
#include "execute.h"
#include "idfilter.h"
#include "profile.h"
#include "records.h"
#include "report.h"
#include "rights.h"
#include "rlimits.h"
#include "spaces.h"
#include "users.h"
#include "wait.h"

static void set_home(struct guest *guest, const char *home) {
    if (guest_variable(guest, "HOME")) return;
    AUTO_FREE char *assignment = must_format("HOME=%s", home);
    guest_set(guest, assignment);
}

static bool status_line(const char *status, const char *name, const char **value) {
    const char *at = strstr(status, name);
    if (at) *value = at + strlen(name);
    return at != NULL;
}

/* The effective ids of the container's first process, as this user namespace sees them: so is who enters without saying as whom. */
static void take_ids_of_first(struct launch *launch) {
    struct bytes status = {0};
    const char *uids, *gids, *groups;
    AUTO_FREE char *path = must_format("%d/status", (int)launch->first);
    bool good = read_file(launch->proc, path, &status);
    bytes_add(&status, "", 1);
    const char *text = (const char *)status.data;
    if (!good || !status_line(text, "\nUid:", &uids) || !status_line(text, "\nGid:", &gids) || !status_line(text, "\nGroups:", &groups) ||
        sscanf(uids, "%*u %u", &launch->uid) != 1 || sscanf(gids, "%*u %u", &launch->gid) != 1)
        die(STATUS_LICHEN, "cannot enter the container: it has ended");
    for (char *end; *groups && *groups != '\n'; groups = end) {
        unsigned long gid = strtoul(groups, &end, 10);
        if (end == groups) break;
        launch->groups = must_realloc(launch->groups, launch->group_count + 1, sizeof *launch->groups);
        launch->groups[launch->group_count++] = (uint32_t)gid;
        end += strspn(end, " ");
    }
    bytes_clear(&status);
    launch->other = true;
}

void guest_user(struct launch *launch) {
    struct plan *plan = &launch->plan;
    if (plan->identity == IDENTITY_FULL) return; /* who that is, is emulated too */
    AUTO_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) die(STATUS_LICHEN, "cannot open the container's root: %s", strerror(errno));
    struct databases from;
    databases_read(&from, root);
    launch->uid = geteuid();
    launch->gid = getegid();
    if (!launch->has_user) {
        if (launch->entering && plan->identity == IDENTITY_RANGES) take_ids_of_first(launch);
        set_home(&plan->guest, account_home(&from, launch->uid));
        return;
    }
    struct account account;
    account_find(&from, plan->guest.user, &account);
    set_home(&plan->guest, account.home);
    bool other = account.uid != launch->uid || account.gid != launch->gid;
    launch->uid = account.uid;
    launch->gid = account.gid;
    launch->groups = account.groups;
    launch->group_count = account.group_count;
    launch->other = plan->identity == IDENTITY_RANGES;
    if (!launch->other && other) spaces_nest(launch->proc, account.uid, account.gid);
}

static void become(const struct launch *launch) {
    if (setgroups(launch->group_count, launch->groups) != 0 || setresgid(launch->gid, launch->gid, launch->gid) != 0 ||
        setresuid(launch->uid, launch->uid, launch->uid) != 0)
        die(STATUS_LICHEN, "cannot become the user (uid %u, gid %u): %s", launch->uid, launch->gid,
            errno == EINVAL ? "these ids are not in the ranges of the container" : strerror(errno));
}

/* A new user namespace starts with every capability, so the bound is set after guest_user; without no_new_privs a filter needs capabilities, so it goes before the ids. */
void guest_settle(struct launch *launch) {
    const struct plan *plan = &launch->plan;
    uint64_t kept = plan->has_capabilities ? plan->capabilities : UINT64_MAX;
    change_directory(plan->guest.directory);
    if (plan->guest.terminal) {
        console_open(&launch->console, &plan->guest.size);
        if (!launch->entering) console_bind(&launch->console);
        if (plan->identity == IDENTITY_RANGES && fchown(launch->console.slave, launch->uid, (gid_t)-1) != 0)
            die(STATUS_LICHEN, "cannot give the terminal to the user %u: %s", launch->uid, strerror(errno));
        if (!report_send(launch->report, "cons", NULL, 0, launch->console.master)) die(STATUS_LICHEN, "cannot hand over the terminal: %s", strerror(errno));
    }
    limits_set(plan);
    capabilities_bound(kept);
    if (plan->no_new_privileges) no_new_privileges();
    if (plan->seccomp) profile_install(kept);
    if (launch->other) become(launch);
    capabilities_keep(kept);
}

/* The listener goes to whoever supervises: of a start the reader of the reports, of an enter the container's shim, for what is started here may outlive the command. */
static void hand_over_listener(const struct launch *launch, int listener) {
    unsigned char frame[21] = {'L'}; /* as the shim's socket wants it: type, length, uid, gid */
    put_u32(frame + 1, 16);
    put_u64(frame + 5, launch->uid);
    put_u64(frame + 13, launch->gid);
    bool done = launch->entering ? send_with_fd(launch->shim, frame, sizeof frame, listener) == sizeof frame : report_send(launch->report, "idsv", frame + 5, 16, listener);
    if (!done) die(STATUS_LICHEN, "cannot hand over the supervision of ids: %s", strerror(errno));
    close(listener);
}

void guest_run(struct launch *launch) {
    const struct plan *plan = &launch->plan;
    if (plan->guest.terminal) console_use(&launch->console);
    if (plan->identity == IDENTITY_BASIC && (launch->entering ? launch->shim : launch->report) >= 0) {
        int listener = idfilter_install();
        if (listener >= 0) hand_over_listener(launch, listener);
    }
    if (plan->identity == IDENTITY_FULL) emulation_run(launch);
    if (plan->guest.idle) wait_idle();
    execute(&plan->guest);
}
