/* `exec` from what the running container has published; whatever is not plainly known here is left to the runtime. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

struct request {
    struct entry entry;
    const char *container;
};

/* The flags of `exec` with a value, and those without; a word that is not among them ends the parsing. */
struct flag {
    char letter;
    const char *name;
    bool value;
};
static const struct flag EXEC_FLAGS[] = {{'i', "interactive", false}, {'t', "tty", false}, {'d', "detach", false},      {'e', "env", true},
                                    {'w', "workdir", true},      {'u', "user", true}, {0, "detach-keys", true}};
enum { FLAG_COUNT = sizeof EXEC_FLAGS / sizeof *EXEC_FLAGS };

static const struct flag *flag_named(const char *name, size_t size) {
    for (int i = 0; i < FLAG_COUNT; i++)
        if (strlen(EXEC_FLAGS[i].name) == size && !strncmp(EXEC_FLAGS[i].name, name, size)) return &EXEC_FLAGS[i];
    return NULL;
}

static const struct flag *flag_lettered(char letter) {
    for (int i = 0; i < FLAG_COUNT; i++)
        if (letter && EXEC_FLAGS[i].letter == letter) return &EXEC_FLAGS[i];
    return NULL;
}

/* `K=V`, or `K`: then the caller's value, and nothing where the caller has none. */
static void add_variable(struct request *request, const char *text) {
    const char *value = strchr(text, '=') ? NULL : getenv(text);
    if (strchr(text, '=')) list_add(&request->entry.environment, must_copy(text));
    else if (value) list_add(&request->entry.environment, must_format("%s=%s", text, value));
}

static void apply(struct request *request, const struct flag *flag, const char *value) {
    switch (flag->name[0]) {
        case 'i': request->entry.how.interactive = true; break;
        case 't': request->entry.how.terminal = true; break;
        case 'e':
            if (value) add_variable(request, value);
            break;
        case 'w': request->entry.directory = value; break;
        case 'u': request->entry.user = value; break;
        default:
            if (flag->value) request->entry.how.keys = value;
            else request->entry.how.detached = true;
    }
}

/* `-it`, `-ti`, `-eK=V`, `-e K=V`: the next argument after it, or NULL when it is not understood. */
static char **read_letters(struct request *request, char **at) {
    for (const char *letter = *at + 1; *letter; letter++) {
        const struct flag *flag = flag_lettered(*letter);
        if (!flag) return NULL;
        if (!flag->value) {
            apply(request, flag, NULL);
            continue;
        }
        const char *value = letter[1] == '=' ? letter + 2 : letter[1] ? letter + 1 : *++at;
        if (!value) return NULL;
        apply(request, flag, value);
        return at + 1;
    }
    return at + 1;
}

static char **read_word(struct request *request, char **at) {
    const char *name = *at + 2, *equals = strchr(name, '=');
    const struct flag *flag = flag_named(name, equals ? (size_t)(equals - name) : strlen(name));
    if (!flag || (equals && !flag->value)) return NULL;
    const char *value = !flag->value ? NULL : equals ? equals + 1 : *++at;
    if (flag->value && !value) return NULL;
    apply(request, flag, value);
    return at + 1;
}

/* false: not for us. */
static bool parse(struct request *request, char **at) {
    while (at && *at && (*at)[0] == '-' && (*at)[1]) {
        if (!strcmp(*at, "--")) {
            at++;
            break;
        }
        at = (*at)[1] == '-' ? read_word(request, at) : read_letters(request, at);
    }
    if (!at || !at[0] || !at[1]) return false;
    request->container = at[0];
    request->entry.command = at + 1;
    return true;
}

void exec_command(const struct options *options) {
    struct request request = {.entry = {.how.keys = "ctrl-p,ctrl-q", .user = ""}};
    if (!parse(&request, options->command + 1)) return;
    AUTO_CLOSE int directory = container_find(options->home, request.container);
    if (directory < 0) return;
    calls_join(directory);
    enter_published(directory, &request.entry);
}
