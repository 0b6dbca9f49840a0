package org.lichen.image.singularity.sif;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A data object, as its descriptor tells. {@code offset} and {@code size} are bytes of the file,
 * and lie within it; {@code created} and {@code modified} seconds. {@code group} 0: in none; {@code
 * link} 0: to none. {@code descriptor} are the 585 bytes themselves.
 */
@SuppressWarnings("ArrayRecordComponent")
public record SifObject(
    DataType type,
    long id,
    long group,
    long link,
    boolean linksGroup,
    long offset,
    long size,
    long created,
    long modified,
    long uid,
    long gid,
    String name,
    byte[] descriptor) {
  /** Bytes of a descriptor. */
  public static final int LENGTH = 585;

  static final int NAME = 73;
  static final int NAME_LENGTH = 128;
  static final int EXTRA = 201;

  /** What a partition holds. */
  public enum FileSystem {
    SQUASHFS(1, "Squashfs"),
    EXT3(2, "Ext3"),
    ARCHIVE(3, "Archive"),
    RAW(4, "Raw"),
    ENCRYPTED(5, "Encrypted squashfs");

    private final int number;
    private final String shown;

    FileSystem(int number, String shown) {
      this.number = number;
      this.shown = shown;
    }

    public int number() {
      return number;
    }

    @Override
    public String toString() {
      return shown;
    }
  }

  /** What a partition is for. */
  public enum Use {
    SYSTEM(1, "System"),
    PRIMARY(2, "*System"),
    DATA(3, "Data"),
    OVERLAY(4, "Overlay");

    private final int number;
    private final String shown;

    Use(int number, String shown) {
      this.number = number;
      this.shown = shown;
    }

    public int number() {
      return number;
    }

    @Override
    public String toString() {
      return shown;
    }
  }

  private ByteBuffer extra() {
    return ByteBuffer.wrap(descriptor, EXTRA, LENGTH - EXTRA)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Of a partition; empty if its number is unknown. */
  public Optional<FileSystem> fileSystem() {
    int number = extra().getInt(0);
    return Arrays.stream(FileSystem.values()).filter(each -> each.number == number).findFirst();
  }

  /** Of a partition; empty if its number is unknown. */
  public Optional<Use> use() {
    int number = extra().getInt(4);
    return Arrays.stream(Use.values()).filter(each -> each.number == number).findFirst();
  }

  /** Of a partition. */
  public Optional<Architecture> architecture() {
    return Architecture.ofCode(new String(descriptor, EXTRA + 8, 2, StandardCharsets.ISO_8859_1));
  }

  /** Of a signature: number of its hash (1 SHA-256, 2 SHA-384, 3 SHA-512, 4 BLAKE2s, 5 BLAKE2b). */
  public int hash() {
    return extra().getInt(0);
  }

  /** Of a signature: the PGP key that it says it is of; all zeros for other keys. */
  public byte[] fingerprint() {
    return Arrays.copyOfRange(descriptor, EXTRA + 4, EXTRA + 24);
  }

  /** Of an OCI object: its digest, {@code sha256:…}, not checked. */
  public String digest() {
    return text(descriptor, EXTRA, LENGTH - EXTRA);
  }

  static String text(byte[] bytes, int from, int length) {
    int end = from;
    while (end < from + length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, from, end - from, StandardCharsets.UTF_8);
  }
}
