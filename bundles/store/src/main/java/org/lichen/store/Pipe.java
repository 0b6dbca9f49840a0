package org.lichen.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A bounded buffer between two threads. Unlike java.io's pipes it wakes the other side at once, and
 * a side that gives up says so: the writer then fails with {@link Closed}, the reader with {@link
 * Failed}.
 */
final class Pipe {
  /** The reader went away. */
  static final class Closed extends IOException {
    private static final long serialVersionUID = 1;

    Closed() {
      super("the reader is gone");
    }
  }

  /** The writer gave up. */
  static final class Failed extends IOException {
    private static final long serialVersionUID = 1;

    Failed() {
      super("the source failed");
    }
  }

  private final byte[] ring;
  private int head;
  private int filled;
  private boolean finished;
  private boolean abandoned;
  private boolean failed;

  Pipe(int size) {
    ring = new byte[size];
  }

  /** Closing it means that everything was written. */
  OutputStream sink() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] from, int offset, int length) throws IOException {
        put(from, offset, length);
      }

      @Override
      public void close() {
        finish(false);
      }
    };
  }

  /** Closing it means that nothing more is wanted. */
  InputStream source() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return take(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] to, int offset, int length) throws IOException {
        return take(to, offset, length);
      }

      @Override
      public void close() {
        abandon();
      }
    };
  }

  /** The writer gives up: what was written is not whole. */
  void fail() {
    finish(true);
  }

  private synchronized void finish(boolean failure) {
    failed |= failure && !finished;
    finished = true;
    notifyAll();
  }

  private synchronized void abandon() {
    abandoned = true;
    notifyAll();
  }

  private synchronized void put(byte[] from, int offset, int length) throws IOException {
    int done = 0;
    while (done < length) {
      while (filled == ring.length && !abandoned) {
        pause();
      }
      if (abandoned) {
        throw new Closed();
      }
      int at = (head + filled) % ring.length;
      int part = Math.min(length - done, Math.min(ring.length - filled, ring.length - at));
      System.arraycopy(from, offset + done, ring, at, part);
      filled += part;
      done += part;
      notifyAll();
    }
  }

  private synchronized int take(byte[] to, int offset, int length) throws IOException {
    while (filled == 0 && !finished) {
      pause();
    }
    if (filled == 0) {
      if (failed) {
        throw new Failed();
      }
      return -1;
    }
    int part = Math.min(length, Math.min(filled, ring.length - head));
    System.arraycopy(ring, head, to, offset, part);
    head = (head + part) % ring.length;
    filled -= part;
    notifyAll();
    return part;
  }

  @SuppressWarnings("WaitNotInLoop") // both callers loop
  private void pause() throws IOException {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
