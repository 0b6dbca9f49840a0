/* Identity `full` of another launcher: the container is there, and this process is in it, in the place of the guest's program; only ids and owners are left to emulate. */
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "book.h"
#include "inside.h"
#include "wait.h"

/* Whoever enters without saying as whom asks the first process; which waits for us there, or is us. */
static void mark_first(const struct launch *launch) {
    const int error = root_book_mark(launch->plan.init ? getppid() : 0, launch->number);
    if (error < 0) die(STATUS_LICHEN, "cannot mark the first process with its user: %s", strerror(-error));
}

void inside_container(struct launch *launch, const char *place, pid_t pid) {
    AUTO_FREE char *block = must_format("%s/engine", place);
    signals_keep_ignored(); /* whoever executed us has left so what is to stay */
    launch->entering = pid != 0;
    launch->first = pid;
    launch->plan.guest.terminal = false; /* what there is of one is our stdin already */
    if (launch->entering) {
        block_read(launch, block);
        guest_user(launch);
    } else {
        launch->stage = must_format("%s/stage", place);
        launch->book = must_format("%s/root.book", place);
        launch->table = must_format("%s/root.table", place);
        launch->tree.run = must_copy(place);
        tree_seen(&launch->tree, &launch->plan);
        guest_user(launch);
        block_write(launch);
        mark_first(launch);
    }
    guest_settle(launch);
    guest_run(launch);
}

int changed_inside(struct launch *launch, const char *place) {
    AUTO_FREE char *block = must_format("%s/engine", place);
    launch->entering = true;
    block_read(launch, block);
    for (size_t i = 0; i < launch->plan.op_count; i++) launch->plan.ops[i].source = launch->plan.ops[i].target; /* as the kernel has mounted it */
    block_change(launch);
    return 0;
}
