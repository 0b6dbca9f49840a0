package org.lichen.archive;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * RFC 1952, any number of members. Not java.util.zip's: that one takes a member to be the last when
 * {@code available()} happens to be 0, as it is on a slow network.
 */
final class GzipStream extends InputStream {
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;

  private final InputStream in;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[64 << 10];
  private int at;
  private int end;
  private boolean finished;

  GzipStream(InputStream in) throws IOException {
    this.in = in;
    if (!member()) {
      throw new ArchiveException("gzip data is cut off");
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    while (!finished && length > 0) {
      int got;
      try {
        got = inflater.inflate(to, offset, length);
      } catch (DataFormatException e) {
        throw new ArchiveException("gzip data is damaged: " + e.getMessage(), e);
      }
      if (got > 0) {
        crc.update(to, offset, got);
        return got;
      }
      if (inflater.finished()) {
        at = end - inflater.getRemaining();
        trailer();
        finished = !member();
      } else if (inflater.needsInput()) {
        if (!fill()) {
          throw new ArchiveException("gzip data is cut off");
        }
        inflater.setInput(buffer, at, end - at);
        at = end;
      } else {
        throw new ArchiveException("gzip data is damaged: it wants a dictionary");
      }
    }
    return length == 0 ? 0 : -1;
  }

  /** Reads a header; false at the end of the stream. Zeros after a member are padding. */
  private boolean member() throws IOException {
    int first;
    do {
      first = next();
    } while (first == 0 && inflater.getTotalIn() > 0);
    if (first < 0) {
      return false;
    }
    if (first != 0x1f || must() != 0x8b || must() != 8) {
      throw new ArchiveException("gzip data is followed by something else");
    }
    int flags = must();
    skip(6);
    if ((flags & FEXTRA) != 0) {
      skip(must() | must() << 8);
    }
    for (int text = FNAME; text <= FCOMMENT; text <<= 1) {
      if ((flags & text) != 0) {
        while (must() != 0) {}
      }
    }
    skip((flags & FHCRC) != 0 ? 2 : 0);
    inflater.reset();
    crc.reset();
    inflater.setInput(buffer, at, end - at);
    at = end;
    return true;
  }

  private void trailer() throws IOException {
    long wantCrc = number();
    long wantSize = number();
    if (wantCrc != crc.getValue() || wantSize != (inflater.getBytesWritten() & 0xffffffffL)) {
      throw new ArchiveException("gzip data is damaged: its checksum differs");
    }
  }

  private long number() throws IOException {
    return must() | must() << 8 | must() << 16 | (long) must() << 24;
  }

  private void skip(int bytes) throws IOException {
    for (int i = 0; i < bytes; i++) {
      must();
    }
  }

  private int must() throws IOException {
    int b = next();
    if (b < 0) {
      throw new ArchiveException("gzip data is cut off");
    }
    return b;
  }

  private int next() throws IOException {
    return at < end || fill() ? buffer[at++] & 0xff : -1;
  }

  private boolean fill() throws IOException {
    at = 0;
    end = Math.max(0, in.read(buffer, 0, buffer.length));
    return end > 0;
  }

  @Override
  public void close() throws IOException {
    inflater.end();
    in.close();
  }
}
