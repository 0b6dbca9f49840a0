package org.lichen.image.docker.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.lichen.api.image.Platform;

/** The choice of an image by platform. */
public final class Platforms {
  private Platforms() {}

  /** Whether an image of that platform will do; what an image does not say is not held against. */
  public static boolean fits(Platform wanted, Platform offered) {
    return wanted.accepts(
        new Platform(
            offered.os().isEmpty() ? wanted.os() : offered.os(),
            offered.architecture().isEmpty() ? wanted.architecture() : offered.architecture(),
            offered.variant()));
  }

  /** The best that will do: the very platform, then one for every variant, then the least one. */
  public static <T> Optional<T> best(
      Platform wanted, Collection<T> offers, Function<T, Platform> of) {
    return offers.stream()
        .filter(offer -> fits(wanted, of.apply(offer)))
        .min(
            Comparator.comparing((T offer) -> !of.apply(offer).variant().equals(wanted.variant()))
                .thenComparing(offer -> of.apply(offer).variant()));
  }

  /** Whether it says nothing, as the attestations do that builders put beside their images. */
  public static boolean unknown(Platform platform) {
    return platform.os().equals("unknown");
  }

  /** The failure of a search in which only these were found. */
  public static PlatformMissing none(Platform wanted, String which, Stream<Platform> offered) {
    return new PlatformMissing(
        wanted,
        which,
        offered.filter(p -> !unknown(p)).map(Platforms::name).distinct().sorted().toList());
  }

  private static String name(Platform platform) {
    return Text.clean(
        new Platform(
                platform.os().isEmpty() ? "linux" : platform.os(),
                platform.architecture().isEmpty() ? "unknown" : platform.architecture(),
                platform.variant())
            .toString());
  }
}
