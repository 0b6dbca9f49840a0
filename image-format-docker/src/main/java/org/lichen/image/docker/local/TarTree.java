package org.lichen.image.docker.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.NoSuchFileException;

/** Files within a tar. Opened files share its channel, each with a position of its own. */
final class TarTree implements Tree {
  private final FileChannel tar;
  private final TarIndex index;

  TarTree(FileChannel tar) throws IOException {
    this.tar = tar;
    index = TarIndex.of(tar);
  }

  @Override
  public boolean has(String name) {
    return index.find(name).isPresent();
  }

  @Override
  public long size(String name) throws IOException {
    return part(name).size();
  }

  @Override
  public ReadableByteChannel open(String name) throws IOException {
    return new PartChannel(part(name));
  }

  private TarIndex.Part part(String name) throws IOException {
    return index.find(name).orElseThrow(() -> new NoSuchFileException(name));
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }

  /** One file; closing it leaves the archive open. */
  private final class PartChannel implements ReadableByteChannel {
    private final long end;
    private long at;
    private boolean open = true;

    PartChannel(TarIndex.Part part) {
      at = part.offset();
      end = part.offset() + part.size();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      if (at >= end) {
        return -1;
      }
      int limit = into.limit();
      into.limit((int) Math.min(limit, into.position() + (end - at)));
      try {
        int count = tar.read(into, at);
        at += Math.max(0, count);
        return count;
      } finally {
        into.limit(limit);
      }
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }
}
