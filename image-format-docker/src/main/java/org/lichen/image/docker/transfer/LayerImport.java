package org.lichen.image.docker.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;
import org.lichen.api.ContainerException;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;

/** Brings layers into the store of which nothing is known but their bytes. */
public final class LayerImport {
  private final ImageStore.Writer into;
  private final Request request;

  public LayerImport(ImageStore.Writer into, Request request) {
    this.into = into;
    this.request = request;
  }

  public Layer add(String what, String mediaType, ImageStore.Bytes bytes)
      throws ContainerException {
    try (Progress.Task task = request.progress().begin(what, OptionalLong.empty())) {
      task.note("reading");
      Layer layer =
          into.layer(
              new ImageStore.LayerContent.Archive(
                  Optional.empty(),
                  Optional.empty(),
                  mediaType,
                  () -> new Watched(bytes.open(), task)));
      task.note("done");
      return layer;
    } catch (ContainerException failed) {
      request.cancellation().check();
      throw failed;
    }
  }

  /** Counts, and ends when nobody waits any more. */
  private final class Watched implements ReadableByteChannel {
    private final ReadableByteChannel from;
    private final Progress.Task task;

    Watched(ReadableByteChannel from, Progress.Task task) {
      this.from = from;
      this.task = task;
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      if (request.cancellation().requested()) {
        throw new IOException("interrupted");
      }
      int count = from.read(into);
      if (count > 0) {
        task.advance(count);
      }
      return count;
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
}
