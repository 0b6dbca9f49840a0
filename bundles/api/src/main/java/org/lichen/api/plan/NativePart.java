package org.lichen.api.plan;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;

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

  public InputStream open() throws IOException {
    return resource.openStream();
  }
}
