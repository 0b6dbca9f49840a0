package org.lichen.image.docker.transfer;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.Progress;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.image.docker.model.Descriptor;

/** Brings one layer into the store, unless it is there. */
final class LayerJob implements Runnable {
  private final Content content;
  private final Descriptor descriptor;
  private final Digest diffId;
  private final ImageStore.Writer into;
  private final Stop stop;
  private final Progress.Task task;
  private final AtomicReference<@Nullable ContainerException> failure = new AtomicReference<>();

  LayerJob(
      Content content,
      Descriptor descriptor,
      Digest diffId,
      ImageStore.Writer into,
      Stop stop,
      Progress progress) {
    this.content = content;
    this.descriptor = descriptor;
    this.diffId = diffId;
    this.into = into;
    this.stop = stop;
    task = progress.begin(descriptor.digest().brief(), OptionalLong.of(descriptor.size()));
    task.note("waiting");
  }

  @Override
  public void run() {
    try {
      if (!stop.requested()) {
        bring();
      }
    } catch (ContainerException failed) {
      stop.because(Optional.ofNullable(failure.get()).orElse(failed));
    } catch (RuntimeException defect) {
      stop.because(
          new ContainerException(
              ContainerException.Kind.INTERNAL,
              "cannot store layer (" + descriptor.digest() + "): " + defect,
              "",
              defect));
    }
  }

  private void bring() throws ContainerException {
    Layer layer = new Layer(descriptor.digest(), diffId, descriptor.size(), descriptor.mediaType());
    if (into.has(layer)) {
      task.note("already there");
      return;
    }
    into.layer(
        new ImageStore.LayerContent.Archive(
            Optional.of(descriptor.digest()),
            Optional.of(diffId),
            descriptor.mediaType(),
            this::open));
    task.note("done");
  }

  /** Another process may have brought the layer meanwhile: then the store never calls this. */
  private ReadableByteChannel open() throws IOException, ContainerException {
    task.note(content.verb());
    return new MeteredChannel(
        content.open(descriptor), descriptor, content.which(), task, stop, failure);
  }

  void end() {
    task.close();
  }
}
