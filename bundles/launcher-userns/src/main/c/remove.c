/* `lichen-userns remove PATH [uidm gidm …]`: removes a tree whose files belong to mapped ids, as root of a user namespace with these maps. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "removal.h"
#include "spaces.h"
#include "start.h"

int remove_tree(char **arguments) {
    struct plan plan = {.identity = IDENTITY_RANGES};
    const char *path = arguments[0];
    for (char **map = arguments + 1; map[0] && map[1]; map += 2) {
        list_add(&plan.uid_maps, must_copy(map[0]));
        list_add(&plan.gid_maps, must_copy(map[1]));
    }
    if (plan.uid_maps) spaces_make(&plan, 0);
    if (remove_all(AT_FDCWD, path)) return 0;
    complain("cannot remove %s: %s", path, strerror(errno));
    return STATUS_LICHEN;
}
