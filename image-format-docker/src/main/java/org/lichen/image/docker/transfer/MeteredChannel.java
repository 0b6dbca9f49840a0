package org.lichen.image.docker.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.Progress;
import org.lichen.image.docker.model.Descriptor;
import org.lichen.image.docker.model.Origin;

/**
 * A layer on its way: counts for the progress, ends when the transfer is stopped, and gives neither
 * more nor less than the size that the manifest promises. Why it failed is kept, for the store sees
 * an IOException only.
 */
final class MeteredChannel implements ReadableByteChannel {
  /** Longest time between two looks at the stop flag, in bytes. */
  private static final int STEP = 1 << 20;

  private final ReadableByteChannel from;
  private final Descriptor layer;
  private final String source;
  private final Progress.Task task;
  private final Stop stop;
  private final AtomicReference<@Nullable ContainerException> failure;
  private long left;

  MeteredChannel(
      ReadableByteChannel from,
      Descriptor layer,
      String source,
      Progress.Task task,
      Stop stop,
      AtomicReference<@Nullable ContainerException> failure) {
    this.from = from;
    this.layer = layer;
    this.source = source;
    this.task = task;
    this.stop = stop;
    this.failure = failure;
    left = layer.size();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (stop.requested()) {
      throw new IOException("interrupted");
    }
    int limit = into.limit();
    into.limit(Math.min(limit, into.position() + STEP));
    try {
      int count = from.read(into);
      account(count);
      return count;
    } catch (LayerFailure known) {
      failure.compareAndSet(null, known.reason());
      throw known;
    } finally {
      into.limit(limit);
    }
  }

  private void account(int count) throws LayerFailure {
    if (count < 0 && left > 0) {
      throw wrong("ends after " + (layer.size() - left) + " bytes");
    }
    if (count > left) {
      throw wrong("goes on after them");
    }
    if (count > 0) {
      left -= count;
      task.advance(count);
      if (left == 0) {
        task.note("unpacking");
      }
    }
  }

  private LayerFailure wrong(String how) {
    Origin origin = new Origin("layer " + layer.digest(), source);
    return new LayerFailure(
        origin.corrupt("its manifest promises " + layer.size() + " bytes, it " + how));
  }

  @Override
  public boolean isOpen() {
    return from.isOpen();
  }

  @Override
  public void close() throws IOException {
    from.close();
  }
}
