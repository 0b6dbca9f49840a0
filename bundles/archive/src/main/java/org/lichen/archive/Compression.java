package org.lichen.archive;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.HexFormat;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/** How a stream is compressed, found by its first bytes. */
public enum Compression {
  NONE(""),
  GZIP("1f8b"),
  ZSTD("28b52ffd"),
  XZ("fd377a585a00");

  private static final int LONGEST = 6;

  /** What xz may take, in KiB: {@code xz -9} needs 65 MiB; a header can ask for gigabytes. */
  private static final int XZ_MEMORY = 160 << 10;

  /** zstd's own limit without {@code --long}, and with {@code --ultra -22}: 128 MiB. */
  private static final int ZSTD_WINDOW_LOG = 27;

  private final String magic;

  /** {@code magic} in hex. */
  Compression(String magic) {
    this.magic = magic;
  }

  /** By the first bytes of a stream, six of them or all. */
  public static Compression of(byte[] head) {
    String hex = HexFormat.of().formatHex(head);
    for (Compression one : values()) {
      if (one != NONE && hex.startsWith(one.magic)) {
        return one;
      }
    }
    return NONE;
  }

  /** The plain bytes of a stream; members that follow each other are one stream. */
  public static InputStream decompressed(InputStream in) throws IOException {
    PushbackInputStream again = new PushbackInputStream(in, LONGEST);
    byte[] head = again.readNBytes(LONGEST);
    again.unread(head);
    return of(head).open(again);
  }

  private InputStream open(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> new GzipStream(in);
      case ZSTD ->
          new Named(
              new ZstdInputStreamNoFinalizer(in).setContinuous(false).setLongMax(ZSTD_WINDOW_LOG),
              "zstd");
      case XZ -> xz(in);
    };
  }

  private static IOException told(String what, IOException e) {
    if (e instanceof MemoryLimitException) {
      return new ArchiveException("xz data needs more memory than Lichen grants", e);
    }
    if (e instanceof EOFException) {
      return new ArchiveException(what + " data is cut off", e);
    }
    return e instanceof ZstdIOException || e instanceof XZIOException
        ? new ArchiveException(what + " data is damaged: " + e.getMessage(), e)
        : e;
  }

  private static InputStream xz(InputStream in) throws IOException {
    try {
      return new Named(new XZInputStream(in, XZ_MEMORY), "xz");
    } catch (IOException e) {
      throw told("xz", e); // it reads the header at once
    }
  }

  /** Says in which compression a failure lies. */
  private static final class Named extends InputStream {
    private final InputStream in;
    private final String what;

    Named(InputStream in, String what) {
      this.in = in;
      this.what = what;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      try {
        return in.read(to, offset, length);
      } catch (IOException e) {
        throw told(what, e);
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
