package org.lichen.plugins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;

/** A jar that is an OSGi bundle. */
record PluginJar(Path file, String name, String version, Digest digest) {
  static PluginJar read(Path file) throws ContainerException {
    try (JarFile jar = new JarFile(file.toFile())) {
      Manifest manifest = jar.getManifest();
      Attributes main = manifest == null ? new Attributes() : manifest.getMainAttributes();
      String name = main.getValue("Bundle-SymbolicName");
      if (name == null) {
        throw new ContainerException(
            Kind.CORRUPT,
            "this is no plugin (" + file + "): its manifest has no Bundle-SymbolicName",
            "a plugin is an OSGi bundle");
      }
      String version = main.getValue("Bundle-Version");
      return new PluginJar(
          file,
          name.replaceFirst(";.*", "").trim(),
          version == null ? "0.0.0" : version,
          Digest.of(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      throw new ContainerException(Kind.NOT_FOUND, "no such file: " + file, "", e);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.CORRUPT, "this is no jar (" + file + "): " + e.getMessage(), "", e);
    }
  }
}
