package org.lichen.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import org.lichen.api.Digest;

/**
 * Writes the index of an unpacked layer, line by line (docs/FORMATS.md, 7). Complete only when
 * {@link #finish} was called: its last line says how many there are.
 */
public final class LayerIndex {
  private static final int FLUSH = 64 << 10;

  private final WritableByteChannel out;
  private final Set<String> implied = new LinkedHashSet<>();
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
    note(line);
    if (line.kind() == IndexLine.Kind.FILE) {
      bytes += line.size();
    }
    if (pending.length() > FLUSH) {
      flush();
    }
  }

  private void note(IndexLine line) {
    if (line.implied()) {
      implied.add(name(line));
    } else if (!implied.isEmpty()) {
      switch (line.kind()) {
        case WHITEOUT, OPAQUE -> {}
        case REPLACED -> {
          String gone = name(line);
          implied.removeIf(path -> path.equals(gone) || path.startsWith(gone + "/"));
        }
        default -> implied.remove(name(line)); // said after all
      }
    }
  }

  private static String name(IndexLine line) {
    return new String(line.path(), StandardCharsets.ISO_8859_1);
  }

  /** The paths that are implied and nothing else, each with a NUL: the file {@code implied}. */
  public byte[] implied() {
    StringBuilder all = new StringBuilder();
    implied.forEach(path -> all.append(path).append('\0'));
    return all.toString().getBytes(StandardCharsets.ISO_8859_1);
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
