/* Volumes that begin with the image's content. Used before pivot_root, as root of the user namespace. */
#ifndef LICHEN_LAUNCHER_VOLUME_H
#define LICHEN_LAUNCHER_VOLUME_H

/* Makes the directory at host path `path`, with its parents, and fills it from what the descriptor `image` refers to; nothing if it is there already. */
void volume_make(const char *path, int image);

#endif
