#include "filecontent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

static void add_expanded(struct bytes *data, const struct record *content) {
    static const char HOLE[] = "${hostname}";
    struct utsname name;
    const unsigned char *at = content->data, *end = at + content->size, *hole;
    while (uname(&name) == 0 && (hole = memmem(at, (size_t)(end - at), HOLE, strlen(HOLE)))) {
        bytes_add(data, at, (size_t)(hole - at));
        bytes_text(data, name.nodename);
        at = hole + strlen(HOLE);
    }
    bytes_add(data, at, (size_t)(end - at));
}

bool file_content(const struct op *op, struct bytes *data) {
    if (!op->source) {
        add_expanded(data, &op->content);
        return true;
    }
    if (read_file(AT_FDCWD, op->source, data)) return true;
    if (errno == ENOENT) return false;
    die(STATUS_LICHEN, "cannot read a file for the container (%s): %s", op->source, strerror(errno));
}
