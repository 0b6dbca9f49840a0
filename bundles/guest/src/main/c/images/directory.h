/* The directory of a stage's images, as its launcher sees to it (hosted). */
#ifndef LICHEN_IMAGE_DIRECTORY_H
#define LICHEN_IMAGE_DIRECTORY_H

/* `images` beside the stage, whose build decides what images are like: made where it is missing, for its owner alone. Once a day it is cut down to IMAGES_MOST bytes: what has not been
 * used for the longest time goes. NULL: it cannot be had. */
char *images_directory(const char *stage);

#define IMAGES_MOST (512ull << 20)

#endif
