package org.lichen.store;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.Layer;
import org.lichen.api.image.Platform;
import org.lichen.posix.FileLock;

/** One writer; holds the store's lock shared while it is open. */
final class StoreWriter implements ImageStore.Writer {
  private final Blobs blobs;
  private final Layers layers;
  private final Manifests manifests;
  private final ImageIndex index;
  private final FileLock lock;
  private final Runnable afterwards;

  /** What was written and no image needs yet. */
  private final Set<Digest> loose = ConcurrentHashMap.newKeySet();

  /** {@code afterwards} runs after closing if something was written that no image needs. */
  StoreWriter(
      Blobs blobs,
      Layers layers,
      Manifests manifests,
      ImageIndex index,
      FileLock lock,
      Runnable afterwards) {
    this.blobs = blobs;
    this.layers = layers;
    this.manifests = manifests;
    this.index = index;
    this.lock = lock;
    this.afterwards = afterwards;
  }

  @Override
  public boolean has(Digest digest) {
    return blobs.has(digest);
  }

  @Override
  public boolean has(Layer layer) {
    return layers.has(layer);
  }

  @Override
  public Digest blob(ReadableByteChannel in, Optional<Digest> expected) throws ContainerException {
    if (expected.isPresent() && blobs.has(expected.get())) {
      return expected.get();
    }
    Digest digest = blobs.store(in, expected);
    loose.add(digest);
    return digest;
  }

  private Digest blob(byte[] content) throws ContainerException {
    Digest digest = Digest.of(content);
    return blob(Channels.newChannel(new ByteArrayInputStream(content)), Optional.of(digest));
  }

  @Override
  public Layer layer(ImageStore.LayerContent content) throws ContainerException {
    boolean there = content.digest().map(blobs::has).orElse(false);
    Layer layer = layers.store(content);
    if (!there) {
      loose.add(layer.digest());
    }
    return layer;
  }

  @Override
  public Image publish(Digest manifest) throws ContainerException {
    String what = "manifest (" + manifest + ")";
    Map<String, Object> json = manifests.json(manifest, what);
    Image image = manifests.image(manifest);
    try {
      for (Map<String, Object> layer : Json.maps(json, "layers")) {
        Digest digest = Json.digest(layer, "digest", what);
        if (!blobs.has(digest)) {
          throw Failures.corrupt(what + " wants layer " + digest + ", which is not in the store");
        }
        if (blobs.size(digest) != Json.number(layer, "size")) {
          throw Failures.corrupt(
              what
                  + " says "
                  + Json.number(layer, "size")
                  + " bytes for layer "
                  + digest
                  + ", which has "
                  + blobs.size(digest));
        }
      }
      index.add(Manifests.type(json, what), manifest, blobs.size(manifest));
    } catch (IOException e) {
      throw Failures.told("cannot publish " + what, e);
    }
    loose.remove(manifest);
    loose.remove(image.id());
    image.layers().forEach(layer -> loose.remove(layer.digest()));
    return image;
  }

  @Override
  public Image compose(ImageConfig config, List<Layer> parts) throws ContainerException {
    Map<String, Object> oci = new LinkedHashMap<>(config.oci());
    oci.putIfAbsent("os", Platform.current().os());
    oci.putIfAbsent("architecture", Platform.current().architecture());
    oci.put(
        "rootfs",
        Map.of(
            "type", "layers", "diff_ids", parts.stream().map(l -> l.diffId().toString()).toList()));
    byte[] configuration = Json.write(oci);
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("schemaVersion", 2);
    manifest.put("mediaType", Manifests.OCI);
    manifest.put(
        "config", descriptor(Manifests.OCI_CONFIG, blob(configuration), configuration.length));
    manifest.put(
        "layers",
        parts.stream()
            .map(l -> descriptor(Manifests.oci(l.mediaType()), l.digest(), l.size()))
            .toList());
    return publish(blob(Json.write(manifest)));
  }

  private static Map<String, Object> descriptor(String mediaType, Digest digest, long size) {
    Map<String, Object> descriptor = new LinkedHashMap<>();
    descriptor.put("mediaType", mediaType);
    descriptor.put("digest", digest.toString());
    descriptor.put("size", size);
    return descriptor;
  }

  @Override
  public void close() {
    lock.close();
    if (!loose.isEmpty()) {
      loose.clear();
      afterwards.run();
    }
  }
}
