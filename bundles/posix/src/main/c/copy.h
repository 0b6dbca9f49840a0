/* Copies the content, attributes and times of one file. */
#ifndef LICHEN_COPY_H
#define LICHEN_COPY_H

#include "base.h"
#include <sys/stat.h>

/* false: errno. Holes stay holes; where the file system can, the data is shared. Safe from several threads. */
bool copy_content(int from, int to, const struct stat *status);
/* User attributes, but not those of overlayfs, which describe layers. */
bool copy_attributes(int from, int to);
bool copy_time(int to, const struct stat *status);

#endif
