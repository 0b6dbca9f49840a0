package org.example.lichen.tiny;

import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.lichen.api.image.Entry;

/** One regular file of root. */
record TinyEntry(String name, int mode, long size, ReadableByteChannel content) implements Entry {
  @Override
  public byte[] path() {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Type type() {
    return Type.FILE;
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
}
