#include "owned.h"
void owned_make(const struct lower *lower) { (void)lower; }
