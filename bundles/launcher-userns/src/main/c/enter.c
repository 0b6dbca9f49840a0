/* A further process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "given.h"
#include "spaces.h"
#include "start.h"
#include "wait.h"

static int connect_shim(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "run/s"};
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

void enter(struct launch *launch, pid_t pid) {
    struct plan *plan = &launch->plan;
    bool together = !plan->guest.terminal;
    launch->entering = true;
    launch->first = pid;
    launch->has_user = plan->identity != IDENTITY_FULL && plan->guest.user && *plan->guest.user;
    given_check(pid);
    if (plan->identity == IDENTITY_BASIC) {
        launch->shim = connect_shim();
        if (launch->shim < 0) complain("programs started here cannot change their user: the container's shim does not answer");
    }
    spaces_join(plan, pid, !launch->has_user);
    guest_user(launch);
    /* From the fork on, processes of the container see us: they must not be able to take hold of this program or its descriptors. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signals_keep_ignored();
    wait_prepare();
    pid_t child = vfork(); /* the child never returns from here; we go on when it has become the guest's program, or ended */
    if (child < 0) die(STATUS_LICHEN, "cannot start a process in the container: %s", strerror(errno));
    if (child == 0) {
        guest_settle(launch);
        guest_run(launch);
    }
    close(launch->report);
    close(launch->shim);
    given_let_go(&plan->guest);
    const int result = wait_for(child, together);
    if (plan->guest.exact) wait_end_alike();
    exit(result);
}
