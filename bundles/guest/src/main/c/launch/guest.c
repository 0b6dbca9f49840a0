#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "book.h"
#include "given.h"
#include "launch.h"
#include "report.h"
#include "rlimits.h"
#include "wait.h"

void launch_prepare(struct launch *launch, enum rewriting rewriting) {
    *launch = (struct launch){.rewriting = rewriting, .console = {-1, -1}};
    launch->report = given_report();
    given_payload(&launch->plan);
    launch->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (launch->null < 0) die(STATUS_LICHEN, "cannot open /dev/null: %s", strerror(errno));
}

char *in_container(const char *name) {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) die(STATUS_LICHEN, "cannot tell where the container is: %s", strerror(errno));
    return must_format("%s/%s", here, name);
}

static void set_home(struct guest *guest, const char *home) {
    if (guest_variable(guest, "HOME")) return;
    AUTO_FREE char *assignment = must_format("HOME=%s", home);
    guest_set(guest, assignment);
}

static void add_credentials(struct launch *launch, const struct account *account) {
    static struct root_credentials credentials;
    static char text[ROOT_TEXT];
    const struct plan *plan = &launch->plan;
    root_first(&credentials, account->uid, account->gid, account->groups, (uint32_t)account->group_count, plan->has_capabilities ? plan->capabilities : ROOT_ALL_CAPABILITIES);
    launch->uid = account->uid, launch->gid = account->gid;
    launch->number = root_book_add(launch->book, &credentials, text);
    if (launch->number < 0) die(STATUS_LICHEN, "cannot keep who the container's user is (%s): %s", launch->book, strerror((int)-launch->number));
}

/* Who enters without saying as whom is whom the container was started as. */
static uint32_t take_credentials_of_first(struct launch *launch) {
    static struct root_credentials credentials;
    static char text[ROOT_TEXT];
    launch->number = root_book_marked(launch->first);
    const int error = launch->number < 0 ? (int)launch->number : root_book_get(launch->book, launch->number, &credentials, text);
    if (error < 0) die(STATUS_LICHEN, "cannot enter the container: it has ended");
    return credentials.user.effective;
}

void guest_user(struct launch *launch) {
    struct guest *guest = &launch->plan.guest;
    const bool full = launch->plan.identity == IDENTITY_FULL, named = guest->user && *guest->user;
    struct databases from = {0};
    struct account account = {.uid = full ? 0 : geteuid(), .gid = full ? 0 : getegid()};
    if (!tree_read(&launch->tree, "/etc/passwd", &from.passwd)) from.passwd.size = 0;
    if (!tree_read(&launch->tree, "/etc/group", &from.group)) from.group.size = 0;
    if (named) account_find(&from, guest->user, &account);
    if (named && !full && account.uid != geteuid())
        die(STATUS_LICHEN, "cannot run as user %s: with identity 'single' the container's user is yours (uid %u)\nhint: --identity full", guest->user, geteuid());
    if (full && launch->entering && !named) account.uid = take_credentials_of_first(launch);
    else if (full) add_credentials(launch, &account);
    set_home(guest, named ? account.home : account_home(&from, account.uid));
}

void guest_settle(struct launch *launch) {
    const struct guest *guest = &launch->plan.guest;
    const char *directory = guest->directory && *guest->directory ? guest->directory : "/";
    if (!tree_enter(&launch->tree, directory))
        die(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE, "cannot enter the working directory (%s in the container): %s", directory, strerror(errno));
    if (!guest->idle) command_check(&launch->tree, guest, launch->preload != NULL);
    if (!guest->terminal) return;
    console_open(&launch->console, &guest->size);
    if (!report_send(launch->report, "cons", NULL, 0, launch->console.master)) die(STATUS_LICHEN, "cannot hand over the terminal: %s", strerror(errno));
}

void guest_run(struct launch *launch) {
    const struct guest *guest = &launch->plan.guest;
    if (guest->terminal) console_use(&launch->console);
    limits_set(&launch->plan);
    if (launch->book) {
        const int error = root_book_mark(0, launch->number);
        if (error < 0) die(STATUS_LICHEN, "cannot mark the process with its user: %s", strerror(-error));
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (guest->idle) wait_idle();
    char **environment = NULL;
    for (char **at = guest->environment; at && *at; at++) list_add(&environment, *at);
    list_add(&environment, must_format("%s%s%cf%c%c%c", ENGINE_STATE, launch->block, ENGINE_SEPARATOR, ENGINE_SEPARATOR, ENGINE_SEPARATOR, ENGINE_SEPARATOR));
    signals_default();
    close_on_exec_from(3);
    given_pass(guest);
    execve(launch->stage, guest->argv, environment);
    die(STATUS_LICHEN, "cannot execute the launcher's program (%s): %s", launch->stage, strerror(errno));
}
