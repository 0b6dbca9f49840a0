package org.lichen.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.function.Predicate;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.archive.Compression;
import org.lichen.posix.Hashing;

/**
 * Takes a layer from its source to the disk in one pass:
 *
 * <pre>
 *   source -> hash, blob file -> |pipe| -> decompress -> |pipe| -> hash, unpack
 * </pre>
 *
 * Each stage is a thread, and the pipes are all that is held in memory. Nothing is published here.
 */
final class LayerPipeline {
  private static final int CHUNK = 256 << 10;
  private static final int PIPE = 1 << 20;

  private final String what;
  private final Pipe packed = new Pipe(PIPE);
  private final Pipe plain = new Pipe(PIPE);
  private final MessageDigest diff = Hashing.hasher("sha256");

  /** {@code what} names the layer in failures. */
  LayerPipeline(String what) {
    this.what = what;
  }

  /**
   * Runs until everything is written and the layer is unpacked.
   *
   * @param blob gets the bytes as they come; empty where they come from the blob itself
   * @return the digest of the blob and of the tar
   */
  Digests run(
      ReadableByteChannel from,
      Optional<StagedBlob> blob,
      StagedLayer layer,
      Optional<Digest> expected)
      throws ContainerException {
    MessageDigest hash = Hashing.hasher(expected.map(Digest::algorithm).orElse("sha256"));
    Worker unpack =
        Worker.start(
            "lichen unpack", () -> layer.unpack(new DigestInputStream(plain.source(), diff)));
    Worker inflate = Worker.start("lichen decompress", this::inflate);
    Optional<IOException> source = Optional.empty();
    try {
      pump(from, blob, hash, expected.isPresent());
      packed.sink().close();
    } catch (IOException e) {
      source = Optional.of(e);
    } finally {
      packed.fail();
    }
    Optional<Throwable> inflating = inflate.end();
    Optional<Throwable> unpacking = unpack.end();
    if (source.isPresent() && !(source.get() instanceof Pipe.Closed)) {
      throw Failures.told("cannot store " + what, source.get());
    }
    Digest digest = Digest.of(expected.map(Digest::algorithm).orElse("sha256"), hash.digest());
    // When the bytes are the wrong ones, that is the reason, whatever it made of the stages after.
    if (source.isEmpty() && expected.isPresent() && !digest.equals(expected.get())) {
      throw Failures.corrupt(what + " is damaged: its content has digest " + digest);
    }
    fail(unpacking, e -> !(e instanceof Pipe.Failed));
    fail(inflating, e -> !(e instanceof Pipe.Closed || e instanceof Pipe.Failed));
    if (source.isPresent()) {
      throw Failures.corrupt(what + " is damaged: something follows its compressed data");
    }
    return new Digests(digest, Digest.of("sha256", diff.digest()));
  }

  /** Of the blob, and of the tar in it. */
  record Digests(Digest blob, Digest diffId) {}

  private void pump(
      ReadableByteChannel from, Optional<StagedBlob> blob, MessageDigest hash, boolean toTheEnd)
      throws IOException {
    byte[] chunk = new byte[CHUNK];
    OutputStream sink = packed.sink();
    boolean wanted = true;
    int got = from.read(ByteBuffer.wrap(chunk));
    while (got >= 0) {
      hash.update(chunk, 0, got);
      if (wanted && blob.isPresent()) {
        blob.get().write(chunk, 0, got);
      }
      try {
        if (wanted) {
          sink.write(chunk, 0, got);
        }
      } catch (Pipe.Closed e) {
        if (!toTheEnd) {
          throw e;
        }
        wanted = false; // what remains only tells whether these are the right bytes
      }
      got = from.read(ByteBuffer.wrap(chunk));
    }
  }

  private void inflate() throws IOException {
    try (InputStream in = Compression.decompressed(packed.source())) {
      byte[] chunk = new byte[CHUNK];
      OutputStream sink = plain.sink();
      int got = in.read(chunk);
      while (got >= 0) {
        sink.write(chunk, 0, got);
        got = in.read(chunk);
      }
      sink.close();
    } finally {
      plain.fail();
    }
  }

  private void fail(Optional<Throwable> failure, Predicate<Throwable> cause)
      throws ContainerException {
    Optional<Throwable> real = failure.filter(cause);
    if (real.isPresent()) {
      throw real.get() instanceof IOException e
          ? Failures.told("cannot unpack " + what, e)
          : new ContainerException(
              ContainerException.Kind.INTERNAL, "cannot unpack " + what, "", real.get());
    }
  }
}
