package org.lichen.image.singularity.read;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;

/**
 * Layers of an OCI-SIF say what is absent as overlayfs does: a device 0:0, an attribute of an
 * opaque directory. Here that becomes what a tar of a layer says, {@code .wh.NAME}.
 */
final class OverlayMarks implements EntryStream {
  private static final List<String> OPAQUE =
      List.of("trusted.overlay.opaque", "user.overlay.opaque");

  private final EntryStream entries;
  private Optional<Entry> pending = Optional.empty();

  OverlayMarks(EntryStream entries) {
    this.entries = entries;
  }

  @Override
  public Optional<Entry> next() throws IOException {
    if (pending.isPresent()) {
      Optional<Entry> mark = pending;
      pending = Optional.empty();
      return mark;
    }
    Optional<Entry> next = entries.next();
    if (next.isEmpty()) {
      return next;
    }
    Entry entry = next.get();
    if (entry.type() == Entry.Type.CHARACTER_DEVICE
        && entry.deviceMajor() == 0
        && entry.deviceMinor() == 0) {
      byte[] path = entry.path();
      int name = path.length;
      while (name > 0 && path[name - 1] != '/') {
        name--;
      }
      return Optional.of(
          new Mark(
              joined(
                  Arrays.copyOf(path, name), ".wh.", Arrays.copyOfRange(path, name, path.length))));
    }
    if (entry.type() == Entry.Type.DIRECTORY
        && OPAQUE.stream()
            .anyMatch(name -> Arrays.equals(entry.xattrs().get(name), new byte[] {'y'}))) {
      pending = Optional.of(new Mark(joined(entry.path(), "/.wh..wh..opq", new byte[0])));
    }
    return next;
  }

  private static byte[] joined(byte[] first, String middle, byte[] last) {
    byte[] all = Arrays.copyOf(first, first.length + middle.length() + last.length);
    System.arraycopy(
        middle.getBytes(StandardCharsets.US_ASCII), 0, all, first.length, middle.length());
    System.arraycopy(last, 0, all, first.length + middle.length(), last.length);
    return all;
  }

  @Override
  public void close() throws IOException {
    entries.close();
  }

  /** An empty file whose name says something. */
  private record Mark(byte[] path) implements Entry {
    @Override
    public Type type() {
      return Type.FILE;
    }

    @Override
    public int mode() {
      return 0644;
    }

    @Override
    public long uid() {
      return 0;
    }

    @Override
    public long gid() {
      return 0;
    }

    @Override
    public Instant modified() {
      return Instant.EPOCH;
    }

    @Override
    public byte[] link() {
      return new byte[0];
    }

    @Override
    public long deviceMajor() {
      return 0;
    }

    @Override
    public long deviceMinor() {
      return 0;
    }

    @Override
    public Map<String, byte[]> xattrs() {
      return Map.of();
    }

    @Override
    public long size() {
      return 0;
    }

    @Override
    public ReadableByteChannel content() {
      return new ReadableByteChannel() {
        @Override
        public int read(ByteBuffer to) {
          return -1;
        }

        @Override
        public boolean isOpen() {
          return true;
        }

        @Override
        public void close() {}
      };
    }
  }
}
