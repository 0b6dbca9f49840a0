/* Text that was rewritten, and where its trampolines lie (images/image.h). Nobody tells when text is unmapped, so what is gone is found when its place is wanted. */
#ifndef LICHEN_ENGINE_TEXTS_H
#define LICHEN_ENGINE_TEXTS_H

#include "engine.h"

/* From before trampolines are placed until their text is remembered: nobody collects them meanwhile. A child of a process with threads finds it free. */
void texts_lock(void);
void texts_unlock(void);
/* Locked. [low, high) was rewritten; false: too much is. */
bool text_remember(uint64_t low, uint64_t high, uint64_t trampolines, uint32_t pages);
/* Locked. Unmaps the trampolines of text that is gone. */
void texts_collect(void);

/* Whether that is part of one file's rewritten text. */
bool text_holds(uint64_t low, uint64_t high);

#endif
