package org.lichen.posix;

import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;

/** FIPS 180-4, with the processor's instructions for it, by a library of ours. */
final class Sha256 extends MessageDigest {
  /** Whether library and instructions are there. */
  static final boolean HERE = Library.here();

  private static final int BLOCK = 64;
  private static final int[] START = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
  };

  private final int[] state = START.clone();
  private final byte[] begun = new byte[BLOCK];
  private int filled;
  private long bytes;

  Sha256() {
    super("SHA-256");
  }

  private static final class Library {
    private Library() {}

    static native int lichen_sha256_here();

    static native void lichen_sha256_blocks(int[] state, byte[] data, long offset, long count);

    static boolean here() {
      try {
        Native.register(Library.class, "lichen-sha256");
        return lichen_sha256_here() == 1;
      } catch (UnsatisfiedLinkError none) {
        return false; // another architecture, or a program that does not bring it along
      }
    }
  }

  @Override
  protected void engineUpdate(byte one) {
    engineUpdate(new byte[] {one}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] data, int offset, int length) {
    int at = offset;
    int left = length;
    bytes += length;
    if (filled > 0) {
      int part = Math.min(left, BLOCK - filled);
      System.arraycopy(data, at, begun, filled, part);
      filled += part;
      at += part;
      left -= part;
      if (filled < BLOCK) {
        return;
      }
      Library.lichen_sha256_blocks(state, begun, 0, 1);
      filled = 0;
    }
    int whole = left / BLOCK;
    if (whole > 0) {
      Library.lichen_sha256_blocks(state, data, at, whole);
    }
    filled = left - whole * BLOCK;
    System.arraycopy(data, at + whole * BLOCK, begun, 0, filled);
  }

  /** FIPS 180-4, 5.1.1: a one, zeros, and the number of bits, up to the end of a block. */
  @Override
  protected byte[] engineDigest() {
    byte[] end = new byte[filled < BLOCK - Long.BYTES ? BLOCK - filled : 2 * BLOCK - filled];
    end[0] = (byte) 0x80;
    ByteBuffer.wrap(end).putLong(end.length - Long.BYTES, bytes * Byte.SIZE);
    engineUpdate(end, 0, end.length);
    ByteBuffer digest =
        ByteBuffer.allocate(START.length * Integer.BYTES).order(ByteOrder.BIG_ENDIAN);
    for (int word : state) {
      digest.putInt(word);
    }
    engineReset();
    return digest.array();
  }

  @Override
  protected int engineGetDigestLength() {
    return START.length * Integer.BYTES;
  }

  @Override
  protected void engineReset() {
    System.arraycopy(START, 0, state, 0, START.length);
    Arrays.fill(begun, (byte) 0);
    filled = 0;
    bytes = 0;
  }
}
