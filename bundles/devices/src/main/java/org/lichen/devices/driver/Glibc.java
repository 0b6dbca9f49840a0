package org.lichen.devices.driver;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of glibc, as its symbols name it: {@code GLIBC_2.38}. */
public record Glibc(int major, int minor, int patch) implements Comparable<Glibc> {
  private static final Pattern NAME =
      Pattern.compile("GLIBC_([0-9]{1,4})\\.([0-9]{1,4})(?:\\.([0-9]{1,4}))?");

  /** What a library wants that was linked with {@code -z pack-relative-relocs}: 2.36. */
  private static final String RELATIVE = "GLIBC_ABI_DT_RELR";

  /** Empty if none of these is one. */
  public static Optional<Glibc> highest(Collection<String> names) {
    return names.stream().map(Glibc::of).flatMap(Optional::stream).max(Comparator.naturalOrder());
  }

  private static Optional<Glibc> of(String name) {
    if (name.equals(RELATIVE)) {
      return Optional.of(new Glibc(2, 36, 0));
    }
    Matcher parts = NAME.matcher(name);
    return parts.matches()
        ? Optional.of(
            new Glibc(
                Integer.parseInt(parts.group(1)),
                Integer.parseInt(parts.group(2)),
                parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3))))
        : Optional.empty();
  }

  @Override
  public int compareTo(Glibc other) {
    return Comparator.comparingInt(Glibc::major)
        .thenComparingInt(Glibc::minor)
        .thenComparingInt(Glibc::patch)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + (patch == 0 ? "" : "." + patch);
  }
}
