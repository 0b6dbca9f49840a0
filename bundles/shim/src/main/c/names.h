/* Container names: $LICHEN_HOME/names/<name> is a link to ../containers/<id>; making it claims the name. */
#ifndef LICHEN_SHIM_NAMES_H
#define LICHEN_SHIM_NAMES_H

#include "base.h"

/* false: somebody has it. A link to a container that is gone is replaced. Ends the program on other failures. */
bool name_claim(const char *home, const char *name, const char *id);
/* Gives it free, if it is this container's. */
void name_release(const char *home, const char *name, const char *id);

#endif
