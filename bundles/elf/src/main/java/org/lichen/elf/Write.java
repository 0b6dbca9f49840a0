package org.lichen.elf;

import java.nio.ByteBuffer;

/** Bytes that replace those of the file from an offset on. */
record Write(long offset, ByteBuffer bytes) {}
