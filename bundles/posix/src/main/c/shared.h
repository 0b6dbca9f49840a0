/* Directories that a container and its host share: where a path of one is in the other. */
#ifndef LICHEN_SHARED_H
#define LICHEN_SHARED_H

#include "records.h"

struct shared {
    struct shared_directory {
        char *host, *guest; /* host: "" for what the guest has there of its own */
    } *at;
    size_t count;
};

/* A record `bind` {`host` `gues`}; ends the program when it is not whole. */
void shared_read(struct shared *shared, const struct record *record);
/* By the deepest directory that the path is in; a new string, or NULL: it is in none. */
char *shared_in_guest(const struct shared *shared, const char *host);
char *shared_on_host(const struct shared *shared, const char *guest);

#endif
