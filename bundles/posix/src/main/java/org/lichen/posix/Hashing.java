package org.lichen.posix;

import java.security.MessageDigest;
import org.lichen.api.Digest;

/** Hashers for much data: as {@link Digest#hasher}, and faster where the processor helps. */
public final class Hashing {
  private Hashing() {}

  /**
   * A fresh hasher; for one thread at a time.
   *
   * @throws IllegalArgumentException if the algorithm is not one of ours
   */
  public static MessageDigest hasher(String algorithm) {
    return algorithm.equals("sha256") && Sha256.HERE ? new Sha256() : Digest.hasher(algorithm);
  }
}
