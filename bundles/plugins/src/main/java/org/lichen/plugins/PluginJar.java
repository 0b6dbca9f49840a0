package org.lichen.plugins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;

/** A jar that is an OSGi bundle. */
record PluginJar(Path file, String name, String version, Digest digest) {
  /** OSGi Core 8, 1.3.2, "symbolic-name"; it also becomes a file's name. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");

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
      name = name.replaceFirst(";.*", "").trim();
      if (!NAME.matcher(name).matches()) {
        throw new ContainerException(
            Kind.CORRUPT,
            "this is no plugin (" + file + "): '" + name + "' is no bundle's name",
            "");
      }
      String version = main.getValue("Bundle-Version");
      return new PluginJar(
          file, name, version == null ? "0.0.0" : version, Digest.of(Files.readAllBytes(file)));
    } catch (NoSuchFileException e) {
      throw new ContainerException(Kind.NOT_FOUND, "no such file: " + file, "", e);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.CORRUPT, "this is no jar (" + file + "): " + e.getMessage(), "", e);
    }
  }
}
