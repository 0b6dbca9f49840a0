package org.lichen.image.singularity.squashfs;

/**
 * How much a file system may become when it is unpacked: bytes of data and attributes (holes do not
 * count), and names. More is taken for a bomb.
 */
public record Limits(long bytes, long entries) {
  private static final long RATIO = 250;
  private static final long BYTES = 4L << 30;
  private static final long ENTRIES = 2_000_000;
  private static final int BYTES_PER_ENTRY = 64;

  /** What a file system of {@code size} bytes may be by itself: far beyond what people pack. */
  public static Limits usual(long size) {
    return new Limits(Math.max(BYTES, size * RATIO), Math.max(ENTRIES, size / BYTES_PER_ENTRY));
  }
}
