package org.lichen.front;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The caller's stdin. The client is asked for it on the first read, so that a guest finds it
 * untouched otherwise.
 */
final class FrameInput extends InputStream {
  private static final byte[] END = {};

  private final Frames frames;
  private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
  private byte[] current = {};
  private int position;
  private boolean asked;
  private boolean ended;

  FrameInput(Frames frames) {
    this.frames = frames;
  }

  /** What the client sent; empty is the end. */
  void arrived(byte[] data) {
    arrived.add(data.length == 0 ? END : data);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!asked) {
      asked = true;
      frames.write('n');
    }
    while (position == current.length && !ended) {
      try {
        current = arrived.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      position = 0;
      ended = current.length == 0;
    }
    if (ended) {
      return -1;
    }
    int count = Math.min(length, current.length - position);
    System.arraycopy(current, position, into, offset, count);
    position += count;
    return count;
  }

  @Override
  public int available() {
    return current.length - position;
  }
}
