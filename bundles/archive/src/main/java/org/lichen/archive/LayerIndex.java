package org.lichen.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.lichen.api.Digest;

/**
 * Writes the index of an unpacked layer, line by line (docs/FORMATS.md, 7). Complete only when
 * {@link #finish} was called: its last line says how many there are.
 */
public final class LayerIndex {
  private static final int FLUSH = 64 << 10;

  private final WritableByteChannel out;
  private final StringBuilder pending = new StringBuilder();
  private long entries;
  private long bytes;

  public LayerIndex(WritableByteChannel out, Whiteouts encoding) {
    this.out = out;
    pending.append("{\"lichen\":\"layer\",\"version\":1,\"whiteouts\":\"");
    pending.append(encoding.word()).append("\"}\n");
  }

  void add(IndexLine line) throws IOException {
    line.write(pending);
    entries++;
    if (line.kind() == IndexLine.Kind.FILE) {
      bytes += line.size();
    }
    if (pending.length() > FLUSH) {
      flush();
    }
  }

  /** Writes the last line; the caller closes the channel. */
  public void finish(Digest diffId) throws IOException {
    pending.append("{\"diffId\":\"").append(diffId).append("\",\"entries\":").append(entries);
    pending.append(",\"bytes\":").append(bytes).append("}\n");
    flush();
  }

  private void flush() throws IOException {
    out.write(ByteBuffer.wrap(pending.toString().getBytes(StandardCharsets.UTF_8)));
    pending.setLength(0);
  }
}
