#include "start.h"
int probe(void) { return 1; }
int remove_tree(char **arguments) { (void)arguments; return 1; }
