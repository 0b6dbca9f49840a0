package org.lichen.api;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Something that appears at a path of the guest. {@code source} is a host path for {@code bind},
 * otherwise free. Kinds: {@code bind}, {@code tmpfs} and what a launcher adds; options as mount(8)
 * spells them ({@code ro}, {@code nosuid}, {@code size=…}).
 */
public record Mount(String source, GuestPath target, String kind, Set<String> options) {
  public Mount {
    options = java.util.Collections.unmodifiableSet(new LinkedHashSet<>(options));
  }

  /**
   * What host and guest share of these: real paths of the host by those of the guest; empty for
   * what lies there and is not shared.
   */
  public static Map<String, String> shared(Iterable<Mount> mounts) {
    Map<String, String> shared = new LinkedHashMap<>();
    for (Mount mount : mounts) {
      boolean bind = mount.kind().equals("bind") && mount.source().startsWith("/");
      shared.put(mount.target().toString(), bind ? real(Path.of(mount.source())).toString() : "");
    }
    return shared;
  }

  /** As the kernel tells a working directory. */
  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException notThere) {
      return path;
    }
  }
}
