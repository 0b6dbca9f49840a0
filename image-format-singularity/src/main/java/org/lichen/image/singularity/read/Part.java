package org.lichen.image.singularity.read;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.util.OptionalLong;
import org.lichen.api.Cancellation;
import org.lichen.api.Progress;

/**
 * The bytes of a part of a file, which stays open; they tell how far they are, and end when nobody
 * waits.
 */
final class Part implements ReadableByteChannel {
  private final FileChannel file;
  private final long end;
  private final Cancellation cancellation;
  private final Progress.Task task;
  private long at;

  Part(FileChannel file, long offset, long size) {
    this(file, offset, size, Cancellation.NEVER, Progress.SILENT.begin("", OptionalLong.empty()));
  }

  Part(FileChannel file, long offset, long size, Cancellation cancellation, Progress.Task task) {
    this.file = file;
    this.cancellation = cancellation;
    this.task = task;
    this.at = offset;
    this.end = offset + size;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    if (at >= end) {
      return -1;
    }
    if (cancellation.requested()) {
      throw new IOException("interrupted");
    }
    int most = (int) Math.min(to.remaining(), end - at);
    int got = file.read(to.slice(to.position(), most), at);
    if (got < 0) {
      throw new IOException("the file is cut off");
    }
    to.position(to.position() + got);
    at += got;
    task.advance(got);
    return got;
  }

  @Override
  public boolean isOpen() {
    return file.isOpen();
  }

  @Override
  public void close() {}
}
