#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "places.h"

enum { OLDEST = 17, WITH_OWN_ARCHIVES = 19 };

/* A Java installation: its program, and the version that the file `release` beside it tells; 0: it does not say. */
struct java {
    char *program;
    unsigned version;
    char *text;
};

static unsigned major_of(const char *version) {
    unsigned major = (unsigned)strtoul(version, NULL, 10);
    return major == 1 && version[1] == '.' ? (unsigned)strtoul(version + 2, NULL, 10) : major; /* 1.8 is 8 */
}

static void read_release(struct java *java, const char *directory) {
    struct bytes text = {0};
    AUTO_FREE char *path = must_format("%s/release", directory);
    if (read_file(AT_FDCWD, path, &text)) {
        bytes_add(&text, "", 1);
        char *at = strstr((char *)text.data, "JAVA_VERSION=\"");
        if (at) {
            at += strlen("JAVA_VERSION=\"");
            at[strcspn(at, "\"")] = 0;
            java->version = major_of(at);
            java->text = must_copy(at);
        }
    }
    bytes_clear(&text);
}

/* Is there a Java in this directory? */
static bool look(struct java *java, const char *directory) {
    if (!directory || !*directory) return false;
    AUTO_FREE char *program = must_format("%s/bin/java", directory);
    if (access(program, X_OK) != 0) return false;
    *java = (struct java){.program = must_copy(program)};
    read_release(java, directory);
    return true;
}

static bool fits(const struct java *java) { return !java->text || java->version >= OLDEST; }

/* `java` in PATH is usually a link to a link. */
static bool look_in_path(struct java *java) {
    const char *path = getenv("PATH");
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        size_t size = strcspn(at, ":");
        AUTO_FREE char *file = must_format("%.*s/java", (int)size, at);
        char real[PATH_MAX];
        at += size + (at[size] ? 1 : 0);
        if (access(file, X_OK) != 0 || !realpath(file, real)) continue;
        *java = (struct java){.program = must_copy(file)};
        char *bin = strrchr(real, '/');
        if (bin) *bin = 0;
        if (bin && (bin = strrchr(real, '/'))) *bin = 0;
        read_release(java, real);
        return true;
    }
    return false;
}

static bool look_in_usual_place(struct java *best) {
    DIR *all = opendir("/usr/lib/jvm");
    bool found = false;
    if (!all) return false;
    for (struct dirent *entry; (entry = readdir(all));) {
        struct java java;
        AUTO_FREE char *directory = must_format("/usr/lib/jvm/%s", entry->d_name);
        if (entry->d_name[0] == '.' || !look(&java, directory) || !fits(&java) || !java.text || (found && java.version <= best->version)) continue;
        *best = java;
        found = true;
    }
    closedir(all);
    return found;
}

static _Noreturn void none(const struct java *seen) {
    static const char HINT[] = "install one (Debian: openjdk-17-jre-headless, Fedora: java-17-openjdk-headless, Arch: jre17-openjdk-headless), or set LICHEN_JAVA_HOME";
    if (seen->program) die(STATUS_LICHEN, "cannot start lichen's runtime: Java %d or newer is needed, and %s is %s\nhint: %s", OLDEST, seen->program, seen->text, HINT);
    die(STATUS_LICHEN, "cannot start lichen's runtime: no Java found (%d or newer is needed)\nhint: %s", OLDEST, HINT);
}

static void find(struct java *java, const char *root) {
    struct java seen = {0};
    AUTO_FREE char *own = must_format("%s/jre", root);
    if (getenv("LICHEN_JAVA_HOME") && *getenv("LICHEN_JAVA_HOME")) {
        if (!look(java, getenv("LICHEN_JAVA_HOME"))) die(STATUS_LICHEN, "cannot start lichen's runtime: LICHEN_JAVA_HOME (%s) holds no bin/java", getenv("LICHEN_JAVA_HOME"));
        if (fits(java)) return;
        none(java);
    }
    if (look(java, own) && fits(java)) return;
    if (look(&seen, getenv("JAVA_HOME")) && fits(&seen)) {
        *java = seen;
        return;
    }
    if (look_in_path(java)) {
        if (fits(java)) return;
        seen = *java;
    }
    if (!look_in_usual_place(java)) none(&seen);
}

static uint64_t hash(uint64_t sum, const char *text) {
    for (; *text; text++) sum = (sum ^ (unsigned char)*text) * 0x100000001b3ULL;
    return sum;
}

/* The archive that a runtime of the same build and Java has left at its end. It is written beside its place, under the pid of the writer; who comes after its death
   puts it in place. Only for Java 17 and 18: later ones keep theirs by themselves. NULL: none yet. */
static bool adopt_archive(const char *cache, const char *name) {
    AUTO_FREE char *start = must_format("%s.new-", name);
    AUTO_FREE char *target = must_format("%s/%s", cache, name);
    DIR *all = opendir(cache);
    if (!all) return false;
    for (struct dirent *entry; (entry = readdir(all));) {
        uint64_t pid;
        struct stat status;
        if (strncmp(entry->d_name, start, strlen(start)) != 0 || !parse_number(entry->d_name + strlen(start), 10, &pid)) continue;
        AUTO_FREE char *process = must_format("/proc/%llu", (unsigned long long)pid);
        if (access(process, F_OK) == 0 || fstatat(dirfd(all), entry->d_name, &status, 0) != 0) continue;
        AUTO_FREE char *made = must_format("%s/%s", cache, entry->d_name);
        if (status.st_size > 0) (void)!rename(made, target);
        else unlink(made);
    }
    closedir(all);
    return access(target, R_OK) == 0;
}

static void add_archive(char ***argv, const struct java *java, const struct runtime *runtime) {
    const char *home = runtime->options->home;
    AUTO_FREE char *cache = must_format("%s/cache", home);
    mkdir(home, 0700);
    if (mkdir(cache, 0700) != 0 && errno != EEXIST) return;
    uint64_t sum = hash(hash(hash(0xcbf29ce484222325ULL, java->program), java->text ? java->text : ""), runtime->distribution->root);
    AUTO_FREE char *name = must_format("%s-%016llx.jsa", runtime->distribution->build, (unsigned long long)sum);
    if (java->version >= WITH_OWN_ARCHIVES) {
        list_add(argv, must_copy("-XX:+AutoCreateSharedArchive"));
        list_add(argv, must_format("-XX:SharedArchiveFile=%s/%s", cache, name));
    } else if (adopt_archive(cache, name)) {
        list_add(argv, must_format("-XX:SharedArchiveFile=%s/%s", cache, name));
    } else {
        list_add(argv, must_format("-XX:ArchiveClassesAtExit=%s/%s.new-%d", cache, name, (int)getpid()));
    }
}

/* zstd-jni loads what this names, and else unpacks its library into a temporary directory, which may be noexec. */
static void add_zstd(char ***argv, const char *root) {
    AUTO_FREE char *path = must_format("%s/lib/native", root);
    DIR *all = opendir(path);
    if (!all) return;
    for (struct dirent *entry; (entry = readdir(all));)
        if (!strncmp(entry->d_name, "libzstd", 7)) list_add(argv, must_format("-DZstdNativePath=%s/%s", path, entry->d_name));
    closedir(all);
}

char **java_command(const struct runtime *runtime) {
    static const char *const FLAGS[] = {"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms16m", "-Xmn6m", "-Xmx256m", "-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr",
                                        "-Dsun.jnu.encoding=UTF-8", "-Dfile.encoding=UTF-8"};
    const char *root = runtime->distribution->root;
    struct java java = {0};
    char **argv = NULL;
    find(&java, root);
    list_add(&argv, java.program);
    for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++) list_add(&argv, must_copy(FLAGS[i]));
    if (!runtime->options->foreground) add_archive(&argv, &java, runtime);
    list_add(&argv, must_format("-Dlichen.home=%s", runtime->options->home));
    list_add(&argv, must_format("-Duser.home=%s", runtime->options->home)); /* the history of the interactive shell */
    list_add(&argv, must_format("-Dlichen.distribution=%s", root));
    list_add(&argv, must_format("-Dlichen.run=%s", runtime->run));
    list_add(&argv, must_format("-Dlichen.socket=%s", runtime->socket));
    list_add(&argv, must_format("-Dlichen.build=%s", runtime->distribution->build));
    list_add(&argv, must_format("-Djna.boot.library.path=%s/lib/native", root));
    list_add(&argv, must_format("-Djna.library.path=%s/lib/native", root));
    list_add(&argv, must_copy("-Djna.nounpack=true"));
    list_add(&argv, must_copy("-Djna.nosys=true"));
    add_zstd(&argv, root);
    if (runtime->options->foreground) list_add(&argv, must_copy("-Dlichen.foreground=true"));
    list_add(&argv, must_copy("-cp"));
    list_add(&argv, must_format("%s/lib/boot/*", root));
    list_add(&argv, must_copy("org.lichen.front.boot.Main"));
    return argv;
}

/* The runtime serves many commands, so the environment of the one that happens to start it does not count. */
char **java_environment(void) {
    static const char *const KEPT[] = {"HOME", "PATH", "USER", "LOGNAME", "TMPDIR", "XDG_RUNTIME_DIR", "LICHEN_IDLE_SECONDS"};
    char **environment = NULL;
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++)
        if (getenv(KEPT[i])) list_add(&environment, must_format("%s=%s", KEPT[i], getenv(KEPT[i])));
    list_add(&environment, must_copy("LC_ALL=C.UTF-8")); /* Java reads and writes file names in this encoding */
    return environment;
}
