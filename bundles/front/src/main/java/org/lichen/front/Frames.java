package org.lichen.front;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Frames on a socket: type (1) | length (u32) | payload. Reading is for one thread; writing is
 * thread-safe. Reads and writes go to the channel itself: the streams of {@code Channels} share a
 * lock, so that a blocked read would block every write (JDK-8279339).
 */
final class Frames {
  static final int HEAD = 5;
  private static final int LARGEST = 1 << 20;

  record Frame(char type, byte[] payload) {}

  private final SocketChannel channel;

  Frames(SocketChannel channel) {
    this.channel = channel;
  }

  /** The next frame; EOFException at the end. */
  Frame read() throws IOException {
    ByteBuffer head = fill(ByteBuffer.allocate(HEAD));
    char type = (char) (head.get() & 0xff);
    int length = head.getInt();
    if (length < 0 || length > LARGEST) {
      throw new IOException(
          "frame '" + type + "' has " + (length & 0xffffffffL) + " bytes, more than " + LARGEST);
    }
    return new Frame(type, fill(ByteBuffer.allocate(length)).array());
  }

  private ByteBuffer fill(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException();
      }
    }
    return into.flip();
  }

  void write(char type, byte[] bytes, int offset, int length) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(HEAD + length);
    frame.put((byte) type).putInt(length).put(bytes, offset, length).flip();
    synchronized (this) {
      while (frame.hasRemaining()) {
        channel.write(frame);
      }
    }
  }

  void write(char type, byte... payload) throws IOException {
    write(type, payload, 0, payload.length);
  }

  void number(char type, int number) throws IOException {
    write(type, ByteBuffer.allocate(4).putInt(number).array());
  }
}
