package org.lichen.api.image;

import java.util.Map;
import java.util.Optional;

/**
 * How to read. {@code platform}: the one wanted, or this machine's; {@code plainHttp}: the user
 * allows an unencrypted registry; {@code others}: a format's own.
 */
public record ReadOptions(
    Optional<Platform> platform, boolean plainHttp, Map<String, String> others) {
  public static final ReadOptions DEFAULT = new ReadOptions(Optional.empty(), false, Map.of());

  public ReadOptions {
    others = Map.copyOf(others);
  }

  /** The platform to select. */
  public Platform wanted() {
    return platform.orElseGet(Platform::current);
  }
}
