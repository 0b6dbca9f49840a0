/* Looks at files in every way that a libc has of its own, and by system calls made in unusual ways. Succeeds wherever it finds nothing. */
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <iconv.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long by_register(long number, const void *a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

/* The number and the instruction far apart, and a jump right to the latter. */
static long by_jump(const char *path) {
    long result;
    __asm__ volatile("mov $2, %%eax\n jmp 2f\n 1: xor %%esi, %%esi\n nop\n 2: syscall\n" : "=a"(result) : "D"(path), "S"(0L), "d"(0L) : "rcx", "r11", "memory");
    return result;
}

int main(void) {
    struct stat status;
    setlocale(LC_ALL, "de_DE.UTF-8");
    setlocale(LC_ALL, "");
    const iconv_t converter = iconv_open("UTF-16", "ISO-8859-2");
    if (converter != (iconv_t)-1) iconv_close(converter);
    getpwnam("nobody"), getgrgid(12345), gethostbyname("localhost"), getservbyname("http", "tcp");
    struct addrinfo *info = NULL;
    if (getaddrinfo("localhost", "80", NULL, &info) == 0) freeaddrinfo(info);
    setenv("TZ", "Europe/Berlin", 1);
    const time_t now = time(NULL);
    localtime(&now);
    dlopen("libc.so.6", RTLD_NOW);
    system("true");
    FILE *passwd = fopen("/etc/passwd", "r"), *pipe = popen("cat /etc/hostname", "r");
    if (!passwd || !pipe) return 1;
    pclose(pipe);
    fclose(passwd);
    const long first = by_register(SYS_open, "/etc/passwd", O_RDONLY, 0), second = by_jump("/etc/passwd"), third = syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    if (first < 0 || second < 0 || third < 0) return 2;
    return access("/etc/passwd", R_OK) || stat("/etc/passwd", &status) || by_register(SYS_access, "/etc/passwd", R_OK, 0);
}
