package org.lichen.image.docker.local;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/** How something is compressed, by its first bytes. */
enum Compression {
  GZIP("+gzip", "1f8b"),
  ZSTD("+zstd", "28b52ffd"),
  XZ("+xz", "fd377a585a00"),
  BZIP2("+bzip2", "425a68"),
  NONE("", "");

  /** xz -9 needs 65 MiB; a header that asks for more than this would take the whole heap. */
  private static final int XZ_MEMORY_KIB = 96 << 10;

  /** As many bytes as the longest mark has. */
  static final int PEEK = 6;

  private final String suffix;
  private final String magic;

  Compression(String suffix, String magic) {
    this.suffix = suffix;
    this.magic = magic;
  }

  static Compression of(byte[] start) {
    int length = Math.min(PEEK, start.length);
    String hex = HexFormat.of().formatHex(start, 0, length);
    return Arrays.stream(values()).filter(c -> hex.startsWith(c.magic)).findFirst().orElse(NONE);
  }

  static Compression of(Tree tree, String name) throws IOException {
    try (InputStream in = Channels.newInputStream(tree.open(name))) {
      return of(in.readNBytes(PEEK));
    }
  }

  InputStream reader(InputStream in) throws IOException {
    return switch (this) {
      case GZIP -> new GZIPInputStream(in, 1 << 16);
      case ZSTD -> new ZstdInputStream(in);
      case XZ -> new XZInputStream(in, XZ_MEMORY_KIB);
      case BZIP2 -> new BZip2CompressorInputStream(in, true);
      case NONE -> in;
    };
  }

  /** What it adds to the media type of a layer. */
  String suffix() {
    return suffix;
  }
}
