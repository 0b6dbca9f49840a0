/* What the stage tells the library: the last string of the environment, which the guest does not see.
 *
 *     ENGINE_STATE config SEP flags SEP libc SEP links SEP executable SEP host SEP name SEP argv[0] NUL
 *
 * config, flags, executable, name: as in engine/config.h; libc: `g` or `m`; links: the directory of links to libraries; host: the path that the program was loaded by. */
#ifndef LICHEN_PRELOAD_STATE_H
#define LICHEN_PRELOAD_STATE_H

enum { STATE_CONFIG, STATE_FLAGS, STATE_LIBC, STATE_LINKS, STATE_EXECUTABLE, STATE_HOST, STATE_NAME, STATE_ARGV0, STATE_FIELDS };
/* The first letter of a variable that the dynamic linker is not to see. */
#define HIDDEN '\177'

#endif
