package org.lichen.api.plan;

import java.io.IOException;
import java.io.InputStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;

/**
 * An executable inside a plugin's jar, at {@code native/PLATFORM/NAME}. The runtime copies it, by
 * digest, to where it can be executed, and keeps the copy while a container or a plan refers to it.
 */
public record NativePart(String name, URL resource) {
  /** The executable {@code name} in the jar that {@code anchor} comes from, for this machine. */
  public static NativePart of(Class<?> anchor, String name) {
    String arch = System.getProperty("os.arch", "").equals("aarch64") ? "aarch64" : "x86_64";
    String path = "/native/linux-" + arch + "/" + name;
    URL found = anchor.getResource(path);
    if (found == null) {
      throw new IllegalStateException(path + " is missing beside " + anchor.getName());
    }
    return new NativePart(name, found);
  }

  /** An executable that is in place already. */
  public static NativePart placed(Path program) {
    try {
      return new NativePart(program.getFileName().toString(), program.toUri().toURL());
    } catch (MalformedURLException impossible) {
      throw new IllegalStateException(impossible); // a file always has a URL
    }
  }

  public InputStream open() throws IOException {
    return resource.openStream();
  }
}
