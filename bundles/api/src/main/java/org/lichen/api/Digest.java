package org.lichen.api;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A content address, {@code sha256:64 hex digits} or {@code sha512:128 hex digits} (OCI image-spec,
 * descriptor, "Digests"). Immutable; parse and {@link #toString()} are inverses.
 */
public record Digest(String algorithm, String hex) implements Comparable<Digest> {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]+");

  public Digest {
    int length =
        switch (algorithm) {
          case "sha256" -> 64;
          case "sha512" -> 128;
          default ->
              throw new IllegalArgumentException("digest algorithm '" + algorithm + "' is unknown");
        };
    if (hex.length() != length || !HEX.matcher(hex).matches()) {
      throw new IllegalArgumentException(
          "digest '" + algorithm + ":" + hex + "' does not have " + length + " hex digits");
    }
  }

  /**
   * Reads {@code algorithm:hex}.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("digest '" + text + "' is not of the form sha256:…");
    }
    return new Digest(text.substring(0, colon), text.substring(colon + 1));
  }

  /** The digest of a whole content. */
  public static Digest of(byte[] content) {
    return of("sha256", hasher("sha256").digest(content));
  }

  /** Wraps the result of a {@link #hasher(String)}. */
  public static Digest of(String algorithm, byte[] hash) {
    return new Digest(algorithm, HexFormat.of().formatHex(hash));
  }

  /** A fresh hasher for an algorithm of ours. */
  public static MessageDigest hasher(String algorithm) {
    String name =
        switch (algorithm.toLowerCase(Locale.ROOT)) {
          case "sha256" -> "SHA-256";
          case "sha512" -> "SHA-512";
          default ->
              throw new IllegalArgumentException("digest algorithm '" + algorithm + "' is unknown");
        };
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every Java has both
    }
  }

  /** The first twelve hex digits, as people read them. */
  public String brief() {
    return hex.substring(0, 12);
  }

  @Override
  public int compareTo(Digest other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }
}
