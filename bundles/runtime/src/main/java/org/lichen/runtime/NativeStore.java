package org.lichen.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.plan.NativePart;

/**
 * Executables out of plugin jars, kept by digest in {@code native/DIGEST/NAME}. A copy stays when
 * its plugin goes, so that a running container can still be entered.
 */
final class NativeStore implements LaunchPlan.Placement {
  private final Home home;

  /** A bundle's URL changes with each of its revisions, so an updated bundle is read anew. */
  private final Map<String, Path> placed = new ConcurrentHashMap<>();

  NativeStore(Home home) {
    this.home = home;
  }

  @Override
  public Path place(NativePart part) throws ContainerException {
    Path known = placed.get(part.resource().toString());
    if (known != null && Files.isExecutable(known)) {
      return known;
    }
    try (InputStream in = part.open()) {
      byte[] content = in.readAllBytes();
      Path target = home.natives().resolve(Digest.of(content).hex()).resolve(part.name());
      if (!Files.isExecutable(target)) {
        write(content, target);
      }
      placed.put(part.resource().toString(), target);
      return target;
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST,
          "cannot put program '"
              + part.name()
              + "' into place ("
              + home.natives()
              + "): "
              + e.getMessage(),
          "",
          e);
    }
  }

  private void write(byte[] content, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    Path beside = Files.createTempFile(target.getParent(), ".", ".tmp");
    try {
      Files.write(beside, content);
      Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("r-xr-xr-x"));
      Files.move(
          beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
