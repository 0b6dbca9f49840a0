package org.lichen.front;

import java.io.IOException;
import java.io.OutputStream;

/** The caller's stdout or stderr. */
final class FrameOutput extends OutputStream {
  private static final int CHUNK = 1 << 16;

  private final Frames frames;
  private final char type;

  FrameOutput(Frames frames, char type) {
    this.frames = frames;
    this.type = type;
  }

  @Override
  public void write(int value) throws IOException {
    frames.write(type, (byte) value);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    for (int done = 0; done < length; done += CHUNK) {
      frames.write(type, bytes, offset + done, Math.min(CHUNK, length - done));
    }
  }
}
