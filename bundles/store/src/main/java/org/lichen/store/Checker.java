package org.lichen.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.Check;
import org.lichen.api.image.Image;
import org.lichen.api.image.Layer;
import org.lichen.posix.Descriptor;
import org.lichen.posix.FileLock;
import org.lichen.posix.Hashing;
import org.lichen.posix.Linux;

/** Looks for damage in the store, and removes it: what is gone can be pulled again. */
final class Checker {
  private final Places places;
  private final ImageIndex index;
  private final Manifests manifests;
  private final StoreLock lock;
  private final LayerRemoval removal;
  private final List<String> problems = new ArrayList<>();
  private final List<String> repaired = new ArrayList<>();

  Checker(
      Places places, ImageIndex index, Manifests manifests, StoreLock lock, LayerRemoval removal) {
    this.places = places;
    this.index = index;
    this.manifests = manifests;
    this.lock = lock;
    this.removal = removal;
  }

  Check check(boolean rehash, boolean repair) throws ContainerException {
    Optional<FileLock> alone = repair ? lock.exclusive() : Optional.of(lock.shared());
    if (alone.isEmpty()) {
      throw new ContainerException(
          ContainerException.Kind.CONFLICT,
          "cannot repair the store (" + places.home() + "): it is being written to",
          "wait until no image is being pulled or built");
    }
    try (FileLock held = alone.get()) {
      if (rehash) {
        blobs(repair);
      }
      layers(rehash, repair);
      images(repair);
    } catch (IOException e) {
      throw Failures.told("cannot check the store (" + places.home() + ")", e);
    }
    return new Check(problems, repaired);
  }

  private void blobs(boolean repair) throws IOException {
    try (DirectoryStream<Path> algorithms = Files.newDirectoryStream(places.blobs())) {
      for (Path algorithm : algorithms) {
        try (DirectoryStream<Path> blobs = Files.newDirectoryStream(algorithm)) {
          for (Path blob : blobs) {
            String name = algorithm.getFileName().toString();
            String hex = hash(blob, name).hex();
            if (!hex.equals(blob.getFileName().toString())) {
              problems.add("blob (" + blob.getFileName() + ") is damaged: it has digest " + hex);
              if (repair) {
                Files.delete(blob);
                repaired.add("blob (" + blob.getFileName() + ") removed");
              }
            }
          }
        }
      }
    }
    manifests.forget();
  }

  private static Digest hash(Path blob, String algorithm) throws IOException {
    MessageDigest hash = Hashing.hasher(algorithm);
    byte[] chunk = new byte[256 << 10];
    try (ReadableByteChannel in = Descriptor.open(blob, Linux.O_RDONLY, 0)) {
      int got = in.read(ByteBuffer.wrap(chunk));
      while (got >= 0) {
        hash.update(chunk, 0, got);
        got = in.read(ByteBuffer.wrap(chunk));
      }
    }
    return Digest.of(algorithm, hash.digest());
  }

  private void layers(boolean files, boolean repair) throws IOException {
    try (DirectoryStream<Path> layers = Files.newDirectoryStream(places.layers())) {
      for (Path layer : layers) {
        if (layer.equals(places.layerStaging())) {
          continue;
        }
        List<String> wrong;
        try {
          wrong = new UnpackedLayer(layer).problems(files);
        } catch (IOException | ContainerException e) {
          wrong = List.of(String.valueOf(e.getMessage()));
        }
        wrong.forEach(w -> problems.add("layer (" + layer.getFileName() + "): " + w));
        if (repair && !wrong.isEmpty()) {
          Path away = places.layerStaging().resolve(Places.unique());
          Files.move(layer, away);
          removal.remove(away);
          repaired.add(
              "layer (" + layer.getFileName() + ") removed; it is unpacked again when used");
        }
      }
    }
  }

  private void images(boolean repair) throws ContainerException {
    Set<Digest> broken = new LinkedHashSet<>();
    for (ImageIndex.Entry entry : index.read()) {
      String which =
          "image (" + entry.name().map(Name::full).orElse(entry.manifest().toString()) + ")";
      try {
        Image image = manifests.image(entry.manifest());
        for (Layer layer : image.layers()) {
          if (!Files.exists(places.blob(layer.digest()))) {
            throw Failures.corrupt("layer " + layer.digest() + " is missing");
          }
        }
      } catch (ContainerException e) {
        problems.add(which + ": " + e.getMessage());
        broken.add(entry.manifest());
        if (repair) {
          repaired.add(which + " removed; pull it again");
        }
      }
    }
    if (repair && !broken.isEmpty()) {
      index.update(
          entries -> {
            entries.removeIf(e -> broken.contains(e.manifest()));
            return entries;
          });
    }
  }
}
