/* Writes records from the command line, for trying the data plane without Java:
 *     mkrecords [--plan] ITEM…
 * TAG=TEXT   TAG#NUMBER   TAG@FILE (its bytes)   TAG: FIRST SECOND (two u16)   TAG{ … }  (a list of records)   @FILE (records or text as it is) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "records.h"

static void add_bytes(struct bytes *to, const char *tag, const char *path) {
    struct bytes data = {0};
    if (!read_file(AT_FDCWD, path, &data)) die(1, "cannot read %s", path);
    if (tag) record_add(to, tag, data.data, data.size);
    else bytes_add(to, data.data, data.size);
    bytes_clear(&data);
}

int main(int count, char **arguments) {
    struct bytes out = {0};
    size_t open_lists[16], depth = 0;
    int i = 1;
    if (count > 1 && !strcmp(arguments[1], "--plan")) {
        unsigned char head[12] = "LICHPLAN";
        put_u32(head + 8, 1);
        bytes_add(&out, head, sizeof head);
        i++;
    }
    for (; i < count; i++) {
        const char *item = arguments[i];
        uint64_t number;
        if (!strcmp(item, "}") && depth) record_end(&out, open_lists[--depth]);
        else if (item[0] == '@') add_bytes(&out, NULL, item + 1);
        else if (strlen(item) < 5) die(1, "cannot read item %s", item);
        else if (item[4] == '{' && depth < 16) open_lists[depth++] = record_begin(&out, item);
        else if (item[4] == '=') record_add_text(&out, item, item + 5);
        else if (item[4] == '@') add_bytes(&out, item, item + 5);
        else if (item[4] == '#' && parse_number(item + 5, 10, &number)) record_add_number(&out, item, number);
        else die(1, "cannot read item %s", item);
    }
    if (depth) die(1, "a list is not closed");
    return write_all(STDOUT_FILENO, out.data, out.size) ? 0 : 1;
}
