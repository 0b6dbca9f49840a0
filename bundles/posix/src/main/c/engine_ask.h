/* A question that only the engine of a container without namespaces answers, with 1: prctl of this option. A kernel says EINVAL. */
#ifndef LICHEN_ENGINE_ASK_H
#define LICHEN_ENGINE_ASK_H

#define ENGINE_ASK 0x4c494348

#endif
