package org.lichen.itest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Copies of bundles that differ in one thing. */
final class ChangedJar {
  private ChangedJar() {}

  /** Another version, with one more byte at the end of each native program. */
  static Path of(Path jar, Path to, String version) throws IOException {
    return copy(jar, to, "Bundle-Version", version);
  }

  static Path renamed(Path jar, Path to, String name) throws IOException {
    return copy(jar, to, "Bundle-SymbolicName", name);
  }

  private static Path copy(Path jar, Path to, String header, String value) throws IOException {
    try (JarFile from = new JarFile(jar.toFile())) {
      Manifest manifest = new Manifest(from.getManifest());
      manifest.getMainAttributes().putValue(header, value);
      try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(to), manifest)) {
        for (JarEntry entry : Collections.list(from.entries())) {
          if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
            continue;
          }
          out.putNextEntry(new JarEntry(entry.getName()));
          try (InputStream in = from.getInputStream(entry)) {
            in.transferTo(out);
          }
          if (entry.getName().startsWith("native/") && !entry.isDirectory()) {
            out.write('\n');
          }
        }
      }
    }
    return to;
  }
}
