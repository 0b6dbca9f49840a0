package org.lichen.testkit;

import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;

/** An archive that is made up. */
public final class FakeEntries {
  private record Fake(byte[] path, Type type, int mode, byte[] bytes) implements Entry {
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
      return bytes.length;
    }

    @Override
    public ReadableByteChannel content() {
      return Channels.newChannel(new ByteArrayInputStream(bytes));
    }
  }

  private final List<Fake> entries = new ArrayList<>();

  public FakeEntries file(String path, int mode, String content) {
    return add(path, Entry.Type.FILE, mode, content);
  }

  public FakeEntries directory(String path) {
    return add(path, Entry.Type.DIRECTORY, 0755, "");
  }

  private FakeEntries add(String path, Entry.Type type, int mode, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    entries.add(new Fake(path.getBytes(StandardCharsets.UTF_8), type, mode, bytes));
    return this;
  }

  /** The entries, from the first one. */
  public EntryStream stream() {
    Iterator<Fake> rest = entries.iterator();
    return new EntryStream() {
      @Override
      public Optional<Entry> next() {
        return rest.hasNext() ? Optional.of(rest.next()) : Optional.empty();
      }

      @Override
      public void close() {}
    };
  }
}
