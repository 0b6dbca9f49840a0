#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_raw, registered;

void terminal_restore(void) {
    if (is_raw) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    is_raw = false;
}

void terminal_raw(void) {
    struct termios raw;
    if (is_raw || tcgetattr(STDIN_FILENO, &before) != 0) return;
    raw = before;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) return;
    is_raw = true;
    if (!registered) atexit(terminal_restore);
    registered = true;
}

struct winsize terminal_size(void) {
    struct winsize size = {0};
    for (int fd = 0; fd <= 2; fd++)
        if (ioctl(fd, TIOCGWINSZ, &size) == 0) break;
    return size;
}

static bool parse_key(const char *text, size_t size, unsigned char *key) {
    if (size == 1) {
        *key = (unsigned char)text[0];
        return true;
    }
    if (size != 6 || strncmp(text, "ctrl-", 5) != 0) return false;
    char named = text[5];
    if (named >= 'a' && named <= 'z') *key = (unsigned char)(named - 'a' + 1);
    else if (named == '@') *key = 0;
    else if (named >= '[' && named <= '_') *key = (unsigned char)(named - '@');
    else return false;
    return true;
}

bool keys_parse(struct keys *keys, const char *text) {
    *keys = (struct keys){0};
    while (*text) {
        size_t size = strcspn(text, ",");
        if (keys->count == MOST_KEYS || !parse_key(text, size, &keys->sequence[keys->count])) return false;
        keys->count++;
        text += size;
        if (*text == ',' && !*++text) return false;
    }
    return true;
}

bool keys_filter(struct keys *keys, const unsigned char *typed, size_t size, struct bytes *passed) {
    for (size_t i = 0; i < size; i++) {
        while (keys->matched && typed[i] != keys->sequence[keys->matched]) {
            /* What was held back was no beginning after all: its first byte goes, the rest may begin anew. */
            size_t held = keys->matched;
            bytes_add(passed, keys->sequence, 1);
            for (keys->matched = held - 1; keys->matched; keys->matched--) {
                if (!memcmp(keys->sequence + held - keys->matched, keys->sequence, keys->matched)) break;
                bytes_add(passed, keys->sequence + held - keys->matched, 1);
            }
        }
        if (keys->count && typed[i] == keys->sequence[keys->matched]) {
            if (++keys->matched == keys->count) {
                keys->matched = 0;
                return true;
            }
        } else {
            bytes_add(passed, typed + i, 1);
        }
    }
    return false;
}
