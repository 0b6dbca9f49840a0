package org.lichen.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.archive.Whiteouts;
import org.lichen.posix.Bytes;
import org.lichen.posix.Descriptor;
import org.lichen.posix.Directory;
import org.lichen.posix.Errno;
import org.lichen.posix.Linux;
import org.lichen.posix.PosixException;

/** Makes the store where there is none, and replaces small files in one step. */
final class Layout {
  private static final String VERSION = "{\"imageLayoutVersion\":\"1.0.0\"}";
  private final Places places;

  Layout(Places places) {
    this.places = places;
  }

  boolean exists() {
    return Files.exists(places.settings());
  }

  /** Makes the directories that are missing; any number of processes may do so at once. */
  void makeDirectories() throws IOException {
    var mine = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    Files.createDirectories(places.home());
    for (Path one :
        new Path[] {
          places.store(),
          places.blobs(),
          places.blobs().resolve("sha256"),
          places.blobStaging(),
          places.locks(),
          places.layers(),
          places.layerStaging()
        }) {
      Files.createDirectories(one, mine);
    }
  }

  /**
   * Makes the files that are missing; any number of processes may do so at once. Under the shared
   * lock: whoever is alone removes what is being made beside its place.
   */
  void makeFiles() throws IOException {
    claim(places.layout(), VERSION);
    claim(places.index(), "{\"schemaVersion\":2,\"manifests\":[]}");
    try (Directory layers = Directory.open(places.layers())) {
      claim(places.settings(), "{\"whiteouts\":\"" + Whiteouts.probe(layers).word() + "\"}");
    }
  }

  /** Writes a file unless it is there already. */
  private void claim(Path file, String text) throws IOException {
    try (Directory staging = Directory.open(places.blobStaging());
        Directory in = Directory.open(places.store())) {
      byte[] name = Bytes.of(Places.unique());
      write(staging, name, text.getBytes(StandardCharsets.UTF_8));
      try {
        in.makeLink(staging, name, Bytes.of(file.getFileName()));
      } catch (PosixException e) {
        if (e.errno() != Errno.EEXIST) {
          throw e;
        }
      } finally {
        staging.removeFile(name);
      }
    }
  }

  /** Replaces a file of the store directory: readers see the old one or the new one. */
  void replace(Path file, byte[] content) throws IOException {
    try (Directory staging = Directory.open(places.blobStaging());
        Directory in = Directory.open(places.store())) {
      byte[] name = Bytes.of(Places.unique());
      try {
        write(staging, name, content);
        staging.rename(name, in, Bytes.of(file.getFileName()));
      } catch (IOException e) {
        Files.deleteIfExists(
            places.blobStaging().resolve(new String(name, StandardCharsets.UTF_8)));
        throw e;
      }
      in.sync();
    }
  }

  private static void write(Directory in, byte[] name, byte[] content) throws IOException {
    try (Descriptor file = in.file(name, Linux.O_WRONLY | Linux.O_CREAT | Linux.O_EXCL, 0644)) {
      file.write(ByteBuffer.wrap(content));
      file.sync();
    }
  }

  Whiteouts whiteouts() throws ContainerException {
    try {
      Map<String, Object> settings =
          Json.read(Files.readAllBytes(places.settings()), places.settings().toString());
      String word = Json.text(settings, "whiteouts");
      for (Whiteouts one : Whiteouts.values()) {
        if (one.word().equals(word)) {
          return one;
        }
      }
      throw Failures.corrupt(
          "store (" + places.settings() + "): whiteout encoding '" + word + "' is not known");
    } catch (NoSuchFileException e) {
      throw Failures.corrupt("store (" + places.home() + "): store.json is missing");
    } catch (IOException e) {
      throw Failures.told("cannot read store (" + places.settings() + ")", e);
    }
  }
}
