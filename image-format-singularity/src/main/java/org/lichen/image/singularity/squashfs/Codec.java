package org.lichen.image.singularity.squashfs;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.lzo.LzoDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.tukaani.xz.XZInputStream;

/** How blocks are compressed; the numbers are those of the superblock. Thread-safe. */
enum Codec {
  GZIP(1) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      Inflater inflater = INFLATERS.get();
      inflater.reset();
      try {
        inflater.setInput(from, 0, length);
        int done = 0;
        while (!inflater.finished()) {
          int got = inflater.inflate(to, done, to.length - done);
          done += got;
          if (got == 0 && !inflater.finished()) {
            throw new IOException(
                done == to.length && !inflater.needsInput() ? TOO_LONG : "it is cut off");
          }
        }
        return done;
      } catch (DataFormatException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
  },
  LZMA(2) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      throw new IOException("lzma is not read");
    }
  },
  LZO(3) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      try {
        return new LzoDecompressor().decompress(from, 0, length, to, 0, to.length);
      } catch (MalformedInputException | IndexOutOfBoundsException e) {
        throw new IOException(String.valueOf(e.getMessage()), e);
      }
    }
  },
  XZ(4) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      return drain(new XZInputStream(new ByteArrayInputStream(from, 0, length), MOST_KIB), to);
    }
  },
  LZ4(5) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      try {
        return new Lz4Decompressor().decompress(from, 0, length, to, 0, to.length);
      } catch (MalformedInputException | IndexOutOfBoundsException e) {
        throw new IOException(String.valueOf(e.getMessage()), e);
      }
    }
  },
  ZSTD(6) {
    @Override
    int unpack(byte[] from, int length, byte[] to) throws IOException {
      try {
        return (int) Zstd.decompressByteArray(to, 0, to.length, from, 0, length);
      } catch (ZstdException e) {
        throw new IOException(e.getMessage(), e);
      }
    }
  };

  /** To make one costs a good part of what a block does. */
  private static final ThreadLocal<Inflater> INFLATERS = ThreadLocal.withInitial(Inflater::new);

  private static final String TOO_LONG = "it is longer than a block";

  /** What a decompressor of xz may take: a dictionary is as large as a block, at most 1 MiB. */
  private static final int MOST_KIB = 16 << 10;

  private final int number;

  Codec(int number) {
    this.number = number;
  }

  static Codec of(int number) throws SquashfsException {
    for (Codec codec : values()) {
      if (codec.number == number) {
        return codec;
      }
    }
    throw SquashfsException.at(20, "compression", "number " + number + " is unknown");
  }

  /** Unpacks {@code length} bytes into {@code to}; answers how many there are. */
  abstract int unpack(byte[] from, int length, byte[] to) throws IOException;

  private static int drain(InputStream in, byte[] to) throws IOException {
    try (in) {
      int done = in.readNBytes(to, 0, to.length);
      if (done == to.length && in.read() >= 0) {
        throw new IOException(TOO_LONG);
      }
      return done;
    } catch (RuntimeException e) {
      throw new IOException(
          String.valueOf(e.getMessage()), e); // what these readers say of nonsense
    }
  }
}
