/* What the client reads by itself: its command line, and that of `exec`. Their functions are private, so their files are part of this one. */
#include "../../main/c/cache.c"
#include "../../main/c/exec.c"
#include "../../main/c/java.c"
#include "../../main/c/options.c"
#include "check.h"

int enter(const struct step *step, const struct bytes *payload, const struct entering *how) {
    (void)step, (void)payload, (void)how;
    return 0;
}

int container_find(const char *home, const char *name) {
    (void)home, (void)name;
    return -1;
}

static char **words(const char *line) {
    char **list = NULL, *copy = must_copy(line), *state = NULL;
    for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state)) list_add(&list, word);
    static char *none[] = {NULL};
    return list ? list : none;
}

static bool understood(struct request *request, const char *line) {
    *request = (struct request){.entry.how.keys = "default"};
    return parse(request, words(line));
}

static void exec_flags_asPodmanWritesThem(void) {
    struct request request;
    CHECK(understood(&request, "web true") && !request.entry.how.terminal && !strcmp(request.container, "web") && !strcmp(request.entry.command[0], "true"));
    CHECK(understood(&request, "-it web sh -c -x") && request.entry.how.terminal && request.entry.how.interactive && list_size(request.entry.command) == 3);
    CHECK(understood(&request, "-e A=1 -eB=2 --env C=3 --env=D=4 -w /tmp -u pg -d web x") && list_size(request.entry.environment) == 4 && request.entry.how.detached);
    CHECK_TEXT(request.entry.environment[1], "B=2");
    CHECK_TEXT(request.entry.environment[3], "D=4");
    CHECK_TEXT(request.entry.directory, "/tmp");
    CHECK_TEXT(request.entry.user, "pg");
    CHECK(understood(&request, "-tiu pg --detach-keys= -- web x"));
    CHECK_TEXT(request.entry.user, "pg");
    CHECK_TEXT(request.entry.how.keys, "");
    CHECK(understood(&request, "--workdir=/a --tty --interactive web x -e Y") && !request.entry.environment && list_size(request.entry.command) == 3);
}

static void exec_whatIsNotKnown_isLeftToTheRuntime(void) {
    struct request request;
    static const char *const LINES[] = {"",   "web",   "-l true",         "--latest true",         "--privileged web x", "-e",     "--env",
                                        "-h", "-x web y", "-i=true web x", "--tty=false web x", "--e A=1 web x",      "--help", "--"};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) CHECK(!understood(&request, LINES[i]));
}

static void exec_variableWithoutValue_isTheCallers(void) {
    struct request request;
    setenv("MINE", "v", 1);
    unsetenv("NOT_MINE");
    CHECK(understood(&request, "-e MINE -e NOT_MINE web x") && list_size(request.entry.environment) == 1);
    CHECK_TEXT(request.entry.environment[0], "MINE=v");
}

static void options_globalFlags_standBeforeTheCommand(void) {
    struct options options;
    options_read(&options, words("--home /h --log-level debug --foreground run --home /other"));
    CHECK_TEXT(options.home, "/h");
    CHECK_TEXT(options.command[0], "run");
    CHECK(options.foreground && list_size(options.arguments) == 8);
    options_read(&options, words("--home=/g --log-level=info ps"));
    CHECK_TEXT(options.home, "/g");
    CHECK_TEXT(options.command[0], "ps");
    options_read(&options, words("--unknown run"));
    CHECK(!options.command);
    options_read(&options, words("-v"));
    CHECK(!options.command);
}

static void java_versions(void) {
    CHECK(major_of("1.8.0_402") == 8 && major_of("11.0.2") == 11 && major_of("17") == 17 && major_of("25-ea") == 25);
}

static bool kept_isUsable(const char *path, const char *stamp, struct bytes *plan) {
    struct bytes kept = {0}, premise = {0};
    record_add_text(&premise, "path", path);
    record_add_text(&premise, "stat", stamp);
    record_add(&kept, "stmp", premise.data, premise.size);
    record_add_text(&kept, "plan", "PLAN");
    bool good = usable(&kept, plan);
    bytes_clear(&kept);
    bytes_clear(&premise);
    return good;
}

static void cache_aPlanIsGood_whileItsFilesAreAsTheyWere(void) {
    char path[] = "/tmp/lichen-test-XXXXXX";
    int fd = mkstemp(path);
    struct bytes stamp = {0}, plan = {0};
    stamp_of(&stamp, path);
    bytes_add(&stamp, "", 1);
    CHECK(kept_isUsable(path, (const char *)stamp.data, &plan) && plan.size == 4 && !memcmp(plan.data, "PLAN", 4));
    CHECK(!kept_isUsable(path, "-", &plan) && !kept_isUsable(path, "", &plan));
    CHECK(write_all(fd, "x", 1) && !kept_isUsable(path, (const char *)stamp.data, &plan));
    CHECK(unlink(path) == 0 && !kept_isUsable(path, (const char *)stamp.data, &plan) && kept_isUsable(path, "-", &plan));
    CHECK(!usable(&(struct bytes){.data = (unsigned char *)(uintptr_t)"stmp\xff", .size = 5}, &plan));
    close(fd);
    bytes_clear(&stamp);
    bytes_clear(&plan);
}

static void cache_variablesOfTheShell_makeNoDifferenceUnlessNamed(void) {
    struct options options = {.arguments = words("run --rm alpine true")};
    CHECK(volatile_variable(&options, "SHLVL=2") && volatile_variable(&options, "_=/bin/x") && !volatile_variable(&options, "SHLVLX=2") && !volatile_variable(&options, "A=1"));
    options.arguments = words("run --rm -e SHLVL alpine true");
    CHECK(!volatile_variable(&options, "SHLVL=2") && volatile_variable(&options, "OLDPWD=/"));
    options.command = options.arguments;
    CHECK(wanted(&options));
    options.foreground = true;
    CHECK(!wanted(&options));
    options = (struct options){.command = words("run alpine true")};
    CHECK(!wanted(&options));
}

int main(void) {
    RUN(cache_aPlanIsGood_whileItsFilesAreAsTheyWere);
    RUN(cache_variablesOfTheShell_makeNoDifferenceUnlessNamed);
    RUN(exec_flags_asPodmanWritesThem);
    RUN(exec_whatIsNotKnown_isLeftToTheRuntime);
    RUN(exec_variableWithoutValue_isTheCallers);
    RUN(options_globalFlags_standBeforeTheCommand);
    RUN(java_versions);
}
