package org.lichen.elf;

/** Where something lies in the file and in memory, and how many bytes it has. */
record Place(long offset, long address, long size) {}
