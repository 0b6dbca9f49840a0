/* What is in a small file that the plan puts over one of the guest's. */
#ifndef LICHEN_LAUNCHER_FILECONTENT_H
#define LICHEN_LAUNCHER_FILECONTENT_H

#include "plan.h"

/* Adds it to `data`. `${hostname}` stands for the host's name as this process sees it. false: it is a copy of a file that the host does not have, so there is nothing to put. */
bool file_content(const struct op *op, struct bytes *data);

#endif
