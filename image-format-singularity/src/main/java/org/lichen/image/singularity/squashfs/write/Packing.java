package org.lichen.image.singularity.squashfs.write;

import com.github.luben.zstd.Zstd;
import java.util.Arrays;
import java.util.zip.Deflater;

/** How blocks are compressed, as strongly as mksquashfs does; the numbers are the superblock's. */
public enum Packing {
  GZIP(1) {
    @Override
    int pack(byte[] from, int length, byte[] to) {
      Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
      try {
        deflater.setInput(from, 0, length);
        deflater.finish();
        return deflater.deflate(to, 0, to.length);
      } finally {
        deflater.end();
      }
    }
  },
  ZSTD(6) {
    @Override
    int pack(byte[] from, int length, byte[] to) {
      return (int) Zstd.compressByteArray(to, 0, to.length, from, 0, length, ZSTD_LEVEL);
    }
  };

  private static final int ZSTD_LEVEL = 15;

  private final int number;

  Packing(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** Compresses into {@code to}, where any block fits in whatever becomes of it. */
  abstract int pack(byte[] from, int length, byte[] to);

  /** The bytes, compressed; the bytes themselves, a copy, if that saves nothing. */
  Packed packed(byte[] from, int length) {
    byte[] to = new byte[length + length / 128 + 1024]; // more than either's worst case
    int done = pack(from, length, to);
    return done < length
        ? new Packed(Arrays.copyOf(to, done), true)
        : new Packed(Arrays.copyOf(from, length), false);
  }

  /** A block as it is stored. */
  @SuppressWarnings("ArrayRecordComponent")
  record Packed(byte[] bytes, boolean compressed) {}
}
