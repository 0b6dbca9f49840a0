/* The site audit: what the scanner finds in real programs and libraries against objdump. Without arguments those of this machine; with arguments, which the test passes on from
   LICHEN_AUDIT (a list as PATH is), all ELF files below these directories. */
#include <ftw.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"
#include "base.h"
#include "check.h"

static struct audit audit;
static struct {
    dev_t device;
    ino_t inode;
} *done;
static size_t done_count;

static const struct {
    const char *what, *paths;
} here[] = {
    {"libc of glibc", "/lib/x86_64-linux-gnu/libc.so.6 /lib64/libc.so.6"},
    {"dynamic linker", "/lib64/ld-linux-x86-64.so.2"},
    {"libpthread", "/lib/x86_64-linux-gnu/libpthread.so.0 /lib64/libpthread.so.0"},
    {"libcrypto, with data between its functions", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3 /usr/lib/x86_64-linux-gnu/libcrypto.so.1.1 /usr/lib64/libcrypto.so.3"},
    {"python", "/usr/bin/python3.[0-9]* /usr/bin/python3"},
    {"perl", "/usr/bin/perl"},
    {"bash", "/bin/bash"},
    {"libc of musl", "/lib/ld-musl-x86_64.so.1 /usr/lib/musl/lib/libc.so"},
    {"static program with glibc", "/sbin/ldconfig"},
    {"static program with musl or glibc", "/bin/busybox"},
    {"program of Go", "/usr/lib/go*/bin/gofmt /usr/local/go/bin/gofmt"},
};

static void print(void) {
    printf("audit_test: %lu files, %lu of them with no 0f 05 in their code; %lu sites, %lu with a number, %lu with a window (%lu of several instructions), %lu with padding, %lu entered, %lu movable behind, %lu with none of these; %lu "
           "instructions\n  differences: %lu missed, %lu false, %lu lengths, %lu wrong; %lu outside of functions\n",
           audit.files, audit.bare, audit.sites, audit.numbers, audit.windows, audit.several, audit.paddings, audit.entered, audit.behind, audit.neither, audit.instructions, audit.missed, audit.false_sites, audit.lengths,
           audit.wrong, audit.data);
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *ftw) {
    (void)ftw;
    if (type != FTW_F) return 0;
    for (size_t i = 0; i < done_count && status->st_nlink > 1; i++)
        if (done[i].inode == status->st_ino && done[i].device == status->st_dev) return 0;
    if (status->st_nlink > 1) {
        done = must_realloc(done, done_count + 1, sizeof *done);
        done[done_count].device = status->st_dev;
        done[done_count++].inode = status->st_ino;
    }
    const unsigned long before = audit.files;
    if (!audit_file(&audit, path) && audit.files > before) printf("  %s: objdump does not show it\n", path);
    return 0;
}

static void audit_here(void) {
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
        char *paths = must_copy(here[i].paths), *rest = paths;
        bool found = false;
        for (char *pattern; !found && (pattern = strsep(&rest, " "));) {
            glob_t matches;
            if (glob(pattern, 0, NULL, &matches) == 0) {
                char *path = realpath(matches.gl_pathv[0], NULL);
                found = path && audit_file(&audit, path);
                free(path);
                globfree(&matches);
            }
        }
        if (!found) printf("skip audit of a %s: not on this machine (%s)\n", here[i].what, here[i].paths);
        free(paths);
    }
}

int main(int count, char **arguments) {
    const char *trees = getenv("LICHEN_AUDIT");
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (access("/usr/bin/objdump", X_OK)) {
        printf("skip the site audit: no objdump here\n");
        return getenv("LICHEN_MUST_WORK") != NULL;
    }
    if (count == 1 && !trees) audit_here();
    for (int i = 1; i < count; i++) nftw(arguments[i], visit, 64, FTW_PHYS | FTW_MOUNT);
    if (count == 1 && trees) {
        char *paths = must_copy(trees), *rest = paths;
        for (char *path; (path = strsep(&rest, ":"));) nftw(path, visit, 64, FTW_PHYS | FTW_MOUNT);
        free(paths);
    }
    print();
    free(done);
    return audit.missed || audit.false_sites || audit.lengths || audit.wrong;
}
