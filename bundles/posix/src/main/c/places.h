/* Where things are: $LICHEN_HOME and the run directory. */
#ifndef LICHEN_PLACES_H
#define LICHEN_PLACES_H

#include "base.h"

/* The directory for sockets of this user on this host, made when missing: $XDG_RUNTIME_DIR/lichen, else /tmp/lichen-UID. Never a link, ours, 0700. */
char *run_directory(void);
/* Makes a directory below one that is ours, or accepts an existing one that is ours and no link; ends the program otherwise. */
void make_private(const char *path);
/* `home` given, else $LICHEN_HOME, $XDG_DATA_HOME/lichen, ~/.local/share/lichen; absolute. */
char *home_directory(const char *home);
/* Takes an OFD write lock on the whole file; false: errno, EAGAIN when somebody has it. */
bool lock_try(int fd);
bool lock_wait(int fd);
/* Parts of the file `calls` of a container: read by each call and written by who waits for their end; written by who starts the container for a call. Waits for it. */
enum lock_part { LOCK_PART_CALLS, LOCK_PART_START };
bool lock_part(int fd, enum lock_part part, bool alone);
void unlock_part(int fd, enum lock_part part);
/* Whether somebody else holds it. */
bool lock_is_held(int fd);
/* Binds or connects a Unix socket `name` in a directory, however long its path is. -1: errno. */
int socket_listen(int directory, const char *name);
int socket_connect(int directory, const char *name);
/* Is the process at the other end of this user? */
bool socket_is_ours(int fd);

#endif
