#include "rights.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void capabilities_bound(uint64_t mask) {
    for (unsigned long bit = 0; bit < 64; bit++) {
        if (mask >> bit & 1) continue;
        if (prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) break; /* the kernel's last capability is behind us */
        die(STATUS_LICHEN, "cannot drop capability %lu: %s", bit, strerror(errno));
    }
}

void capabilities_keep(uint64_t mask) {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* EINVAL before 4.3, where there are none */
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    if (syscall(SYS_capget, &header, data) != 0) die(STATUS_LICHEN, "cannot read the capabilities: %s", strerror(errno));
    for (unsigned half = 0; half < 2; half++) {
        unsigned kept = data[half].permitted & (unsigned)(mask >> (32 * half));
        data[half] = (struct __user_cap_data_struct){.permitted = kept, .effective = kept};
    }
    if (syscall(SYS_capset, &header, data) != 0) die(STATUS_LICHEN, "cannot set the capabilities: %s", strerror(errno));
}

void no_new_privileges(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) die(STATUS_LICHEN, "cannot set no_new_privs: %s", strerror(errno));
}
