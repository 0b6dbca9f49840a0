/* `attach` to a running container's terminal or output. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "frames.h"
#include "places.h"
#include "terminal.h"

/* false: not for us. */
static bool parse(struct relay *relay, const char **container, char **at) {
    for (; *at && (*at)[0] == '-'; at++) {
        if (!strcmp(*at, "--no-stdin") || !strcmp(*at, "--no-stdin=true")) relay->input = false;
        else if (!strcmp(*at, "--sig-proxy") || !strcmp(*at, "--sig-proxy=true")) relay->signals = true;
        else if (!strcmp(*at, "--sig-proxy=false")) relay->signals = false;
        else if (!strcmp(*at, "--detach-keys") && at[1]) relay->keys = *++at;
        else if (!strncmp(*at, "--detach-keys=", 14)) relay->keys = *at + 14;
        else return false;
    }
    *container = at[0];
    return at[0] && !at[1];
}

void attach_command(const struct options *options) {
    const char *container;
    struct relay between = {.fd = -1, .frames = true, .input = true, .signals = true, .keys = "ctrl-p,ctrl-q"};
    if (!parse(&between, &container, options->command + 1)) return;
    AUTO_CLOSE int directory = container_find(options->home, container);
    AUTO_CLOSE int run = directory < 0 ? -1 : openat(directory, "run", O_PATH | O_DIRECTORY | O_CLOEXEC);
    between.fd = run < 0 ? -1 : socket_connect(run, "s");
    if (between.fd < 0 || !socket_is_ours(between.fd)) return;
    int status = relay(&between);
    exit(status == RELAY_DETACHED ? 0 : status);
}
