/* lichen-layer-index LAYER…: makes the binary index of each layer (a directory with layer.json), where it is not there yet. */
#include "base.h"
#include "layerindex_make.h"

int main(int argc, char **argv) {
    if (argc < 2) die(STATUS_LICHEN, "usage: lichen-layer-index LAYER…");
    for (int i = 1; i < argc; i++) layerindex_make(argv[i]);
    return 0;
}
