package org.lichen.api;

import java.util.LinkedHashSet;
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
}
