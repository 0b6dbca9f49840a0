package org.lichen.store;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.util.Optional;
import java.util.OptionalLong;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerReader;
import org.lichen.archive.Compression;
import org.lichen.archive.TarReader;
import org.lichen.posix.Descriptor;
import org.lichen.posix.FileLock;
import org.lichen.posix.Linux;

/**
 * Puts layers into the store, each once: whoever comes second to the same layer waits for the first
 * and finds it done. Called with the store's lock shared.
 */
final class Layers {
  private static final String OCI = "application/vnd.oci.image.layer.v1.tar";

  private final Places places;
  private final Layout layout;
  private final Blobs blobs;
  private final LayerReaders readers;

  Layers(Places places, Layout layout, Blobs blobs, LayerReaders readers) {
    this.readers = readers;
    this.places = places;
    this.blobs = blobs;
    this.layout = layout;
  }

  /** A blob that is the layer itself can be unpacked later. */
  boolean has(Layer layer) {
    boolean packed = layer.digest().equals(layer.diffId());
    return blobs.has(layer.digest()) && (packed || unpacked(layer.diffId()));
  }

  boolean unpacked(Digest diffId) {
    return Files.exists(places.layer(diffId));
  }

  Layer store(LayerContent content) throws ContainerException {
    if (content instanceof LayerContent.Packed packed) {
      return store(packed);
    }
    Optional<Digest> key = content.digest().or(content::diffId);
    if (key.isEmpty()) {
      return fetch(content);
    }
    try (FileLock lock = FileLock.acquire(places.lock(key.get()), FileLock.Mode.EXCLUSIVE)) {
      try {
        return locked(content);
      } finally {
        lock.delete();
      }
    } catch (IOException e) {
      throw Failures.told("cannot lock layer (" + key.get() + ")", e);
    }
  }

  private Layer locked(LayerContent content) throws ContainerException {
    Optional<Digest> digest = content.digest();
    boolean stored = digest.isPresent() && Files.exists(places.blob(digest.get()));
    boolean done = content.diffId().isPresent() && unpacked(content.diffId().get());
    if (digest.isPresent() && stored) {
      Digest diffId =
          done ? content.diffId().orElseThrow() : unpack(digest.get(), content.diffId());
      return layer(content, digest.get(), diffId);
    }
    if (digest.isPresent() && done && content instanceof LayerContent.Archive archive) {
      try (ReadableByteChannel in = archive.bytes().open()) {
        blobs.store(in, digest);
      } catch (IOException e) {
        throw Failures.told("cannot store layer (" + digest.get() + ")", e);
      }
      return layer(content, digest.get(), content.diffId().orElseThrow());
    }
    return fetch(content);
  }

  private Layer fetch(LayerContent content) throws ContainerException {
    String what =
        "layer (" + content.digest().or(content::diffId).map(Digest::toString).orElse("new") + ")";
    try (ReadableByteChannel from = source(content);
        StagedBlob blob = new StagedBlob(places);
        StagedLayer layer = new StagedLayer(places, layout.whiteouts())) {
      LayerPipeline.Digests found =
          new LayerPipeline(what).run(from, Optional.of(blob), layer, content.digest());
      fits(what, content.diffId(), found.diffId());
      layer.finish(found.diffId());
      blob.publish(found.blob());
      layer.publish(found.diffId());
      return layer(content, found.blob(), found.diffId());
    } catch (IOException e) {
      throw Failures.told("cannot store " + what, e);
    }
  }

  /** Unpacks a blob that is in the store; its content is verified again. */
  private Digest unpack(Digest digest, Optional<Digest> diffId) throws ContainerException {
    String what = "layer (" + digest + ")";
    try (ReadableByteChannel from = Descriptor.open(places.blob(digest), Linux.O_RDONLY, 0);
        StagedLayer layer = new StagedLayer(places, layout.whiteouts())) {
      LayerPipeline.Digests found =
          new LayerPipeline(what).run(from, Optional.empty(), layer, Optional.of(digest));
      fits(what, diffId, found.diffId());
      layer.finish(found.diffId());
      layer.publish(found.diffId());
      return found.diffId();
    } catch (IOException e) {
      throw Failures.told("cannot unpack " + what, e);
    }
  }

  private Layer store(LayerContent.Packed content) throws ContainerException {
    try (ReadableByteChannel in = content.bytes().open()) {
      Digest digest = blobs.store(in, content.digest());
      return new Layer(digest, digest, blobs.size(digest), content.mediaType());
    } catch (IOException e) {
      throw Failures.told("cannot store layer", e);
    }
  }

  EntryStream entries(Layer layer, Request request) throws ContainerException {
    Optional<LayerReader> reader = readers.of(layer);
    try {
      return reader.isPresent()
          ? reader.get().entries(places.blob(layer.digest()), layer.mediaType(), request)
          : new TarReader(
              Compression.decompressed(
                  new BufferedInputStream(
                      Channels.newInputStream(blobs.open(layer.digest())), 256 << 10)));
    } catch (IOException e) {
      throw Failures.unpacking("cannot read layer (" + layer.digest() + ")", e);
    }
  }

  /** Unpacks a layer of an image that is in the store, unless it is done. */
  void unpack(Layer layer, Request request) throws ContainerException {
    if (unpacked(layer.diffId())) {
      return;
    }
    if (!blobs.has(layer.digest())) {
      throw new ContainerException(
          ContainerException.Kind.NOT_FOUND,
          "layer (" + layer.digest() + ") is not in the store",
          "pull the image again");
    }
    if (readers.of(layer).isPresent()) {
      unpackEntries(layer, request);
    } else {
      store(
          new LayerContent.Archive(
              Optional.of(layer.digest()),
              Optional.of(layer.diffId()),
              layer.mediaType(),
              () -> Descriptor.open(places.blob(layer.digest()), Linux.O_RDONLY, 0)));
    }
  }

  private void unpackEntries(Layer layer, Request request) throws ContainerException {
    String what = "layer (" + layer.digest() + ")";
    try (FileLock lock = FileLock.acquire(places.lock(layer.digest()), FileLock.Mode.EXCLUSIVE)) {
      try (Progress.Task task = request.progress().begin(what, OptionalLong.empty())) {
        if (!unpacked(layer.diffId())) {
          task.note("unpacking");
          unpackEntries(layer, entries(layer, request).watched(request, task));
        }
        task.note("done");
      } finally {
        lock.delete();
      }
    } catch (IOException e) {
      throw Failures.unpacking("cannot unpack " + what, e);
    }
  }

  private void unpackEntries(Layer layer, EntryStream entries)
      throws IOException, ContainerException {
    try (entries;
        StagedLayer staged = new StagedLayer(places, layout.whiteouts())) {
      staged.unpack(entries);
      staged.finish(layer.diffId());
      staged.publish(layer.diffId());
    }
  }

  private static void fits(String what, Optional<Digest> expected, Digest found)
      throws ContainerException {
    if (expected.isPresent() && !expected.get().equals(found)) {
      throw Failures.corrupt(
          what
              + " does not fit its image: its tar has digest "
              + found
              + ", not "
              + expected.get());
    }
  }

  private static ReadableByteChannel source(LayerContent content)
      throws IOException, ContainerException {
    if (content instanceof LayerContent.Archive archive) {
      return archive.bytes().open();
    }
    return EntriesAsTar.open(((LayerContent.Entries) content).source());
  }

  private Layer layer(LayerContent content, Digest digest, Digest diffId)
      throws ContainerException {
    try {
      long size = Files.size(places.blob(digest));
      return new Layer(digest, diffId, size, mediaType(content, digest));
    } catch (IOException e) {
      throw Failures.told("cannot read blob (" + digest + ")", e);
    }
  }

  private String mediaType(LayerContent content, Digest digest) throws IOException {
    if (content instanceof LayerContent.Archive archive && !archive.mediaType().isEmpty()) {
      return archive.mediaType();
    }
    try (Descriptor blob = Descriptor.open(places.blob(digest), Linux.O_RDONLY, 0)) {
      java.nio.ByteBuffer head = java.nio.ByteBuffer.allocate(6);
      blob.read(head);
      return switch (Compression.of(java.util.Arrays.copyOf(head.array(), head.position()))) {
        case NONE -> OCI;
        case GZIP -> OCI + "+gzip";
        case ZSTD -> OCI + "+zstd";
        case XZ -> OCI + "+xz"; // no media type of the specification; found by content everywhere
      };
    }
  }
}
