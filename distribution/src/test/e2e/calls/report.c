/* report: says on stdout exactly what it was given, and ends as it was told to: T_END is `exit N` or `kill N`. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

int main(int count, char **arguments) {
    static char piece[65536];
    int number = 0;
    const char *end = getenv("T_END");
    printf("%d", count - 1);
    putchar(0);
    for (int i = 1; i < count; i++) fwrite(arguments[i], 1, strlen(arguments[i]) + 1, stdout);
    for (char **variable = environ; *variable; variable++)
        if (!strncmp(*variable, "T_", 2)) fwrite(*variable, 1, strlen(*variable) + 1, stdout);
    putchar(0);
    for (size_t size; (size = fread(piece, 1, sizeof piece, stdin)) > 0;) fwrite(piece, 1, size, stdout);
    fflush(stdout);
    fputs("told", stderr);
    if (end && sscanf(end, "exit %d", &number) == 1) return number;
    if (end && sscanf(end, "kill %d", &number) == 1) raise(number);
    return 0;
}
