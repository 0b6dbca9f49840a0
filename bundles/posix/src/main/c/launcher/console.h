/* The guest's terminal, opened on the container's own devpts. */
#ifndef LICHEN_LAUNCHER_CONSOLE_H
#define LICHEN_LAUNCHER_CONSOLE_H

#include "plan.h"

struct console {
    int master, slave;
};

/* Opens a terminal inside the present root, with the plan's size. Runs after pivot_root (or after entering). */
void console_open(struct console *console, const struct winsize *size);
/* Shows the terminal as /dev/console. Before capabilities are dropped; where /dev cannot hold it, nothing happens. */
void console_bind(const struct console *console);
/* Makes the terminal the controlling one of this process, and its stdin, stdout and stderr. */
void console_use(const struct console *console);
/* Lets go of a terminal that the guest has by now. One that was never opened is { -1, -1 }. */
void console_close(const struct console *console);

#endif
