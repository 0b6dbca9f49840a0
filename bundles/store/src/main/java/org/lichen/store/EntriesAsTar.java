package org.lichen.store;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.image.Entry;
import org.lichen.api.image.EntryStream;
import org.lichen.api.image.ImageStore.EntrySource;
import org.lichen.archive.TarWriter;

/** Reads entries of any archive as a tar, compressed with zstd at its quickest. */
final class EntriesAsTar implements ReadableByteChannel {
  private static final int PIPE = 1 << 20;

  private final InputStream in;
  private final Worker writer;
  private boolean open = true;

  private EntriesAsTar(InputStream in, Worker writer) {
    this.in = in;
    this.writer = writer;
  }

  static EntriesAsTar open(EntrySource source) throws IOException, ContainerException {
    EntryStream entries = source.open();
    Pipe pipe = new Pipe(PIPE);
    return new EntriesAsTar(pipe.source(), Worker.start("lichen tar", () -> write(entries, pipe)));
  }

  private static void write(EntryStream entries, Pipe pipe) throws IOException {
    try (entries;
        OutputStream packed = new ZstdOutputStreamNoFinalizer(pipe.sink(), 1)) {
      try {
        TarWriter tar = new TarWriter(new BufferedOutputStream(packed, 256 << 10));
        Optional<Entry> next = entries.next();
        while (next.isPresent()) {
          tar.write(next.get());
          next = entries.next();
        }
        tar.finish();
      } catch (IOException | RuntimeException e) {
        pipe.fail(); // before closing, which would say that all is written
        throw e;
      }
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    int got;
    try {
      got = in.read(to.array(), to.arrayOffset() + to.position(), to.remaining());
    } catch (IOException e) {
      Throwable reason = writer.end().orElse(e);
      throw reason instanceof IOException known ? known : new IOException(reason);
    }
    to.position(to.position() + Math.max(0, got));
    return got;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() throws IOException {
    open = false;
    in.close();
    writer.end();
  }
}
