package org.lichen.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory outside the heap for the arguments of one call; one per thread. */
final class Scratch {
  static final int SIZE = 64 << 10;

  private static final ThreadLocal<ByteBuffer> BUFFER =
      ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder()));

  private Scratch() {}

  /** Valid until the next call of this method by the same thread. */
  static ByteBuffer buffer() {
    return BUFFER.get().clear();
  }
}
