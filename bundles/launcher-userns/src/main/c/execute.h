/* The last step: the guest's program replaces this process. */
#ifndef LICHEN_USERNS_EXECUTE_H
#define LICHEN_USERNS_EXECUTE_H

#include "plan.h"

/* Goes to the guest's working directory. */
void change_directory(const char *path);
/* Default signal dispositions, an empty mask, descriptors from 3 on closed at exec, then execve: the name is looked up in the guest's PATH. Ends the program with 126 or 127
   and a message that names the file. */
_Noreturn void execute(const struct guest *guest);

#endif
