package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Unpacks data blocks, several at once, ahead of who reads them. Asked by one thread; a fragment
 * that many files share is unpacked once while it is kept.
 */
final class Blocks implements AutoCloseable {
  /** What lies unpacked or is about to, in bytes: bounds the memory. */
  private static final int AHEAD = 8 << 20;

  private static final int KEPT_FRAGMENTS = 8;
  private static final int PLAIN = 1 << 24;
  private static final int FRAGMENT_ENTRY = 16;

  private final Slice image;
  private final Superblock superblock;
  private final Table fragments;
  private final ExecutorService workers;
  private final ThreadLocal<byte[]> packed;

  /** Blocks that were read and are free for others: what is short-lived and large costs most. */
  private final BlockingQueue<byte[]> used;

  private final Map<Long, Future<byte[]>> kept =
      new LinkedHashMap<>(2 * KEPT_FRAGMENTS, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Future<byte[]>> eldest) {
          return size() > KEPT_FRAGMENTS;
        }
      };

  /**
   * Where a file's data lies: full blocks one after the other from {@code start}, each word its
   * stored length (0: a hole), and an end within a fragment (-1: none).
   */
  record Place(long start, int[] words, long fragment, int offset) {
    static final Place NONE = new Place(0, new int[0], -1, 0);
  }

  Blocks(Slice image, Superblock superblock, Metadata metadata) throws IOException {
    this.image = image;
    this.superblock = superblock;
    this.fragments =
        new Table(
            image,
            metadata,
            "fragment table",
            superblock.fragments() == 0 ? Superblock.LENGTH : superblock.fragmentTable(),
            FRAGMENT_ENTRY,
            superblock.fragments());
    this.packed = ThreadLocal.withInitial(() -> new byte[superblock.blockSize()]);
    this.used = new ArrayBlockingQueue<>(ahead());
    int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
    this.workers = Executors.newFixedThreadPool(threads, Blocks::thread);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "lichen squashfs");
    thread.setDaemon(true);
    return thread;
  }

  /** How many blocks may be asked for before the first is read. */
  int ahead() {
    return Math.max(4, AHEAD / superblock.blockSize());
  }

  static int stored(int word) {
    return word & (PLAIN - 1);
  }

  /** A block of exactly {@code length} bytes. */
  Future<byte[]> block(long at, int word, int length) {
    return workers.submit(task(at, word, length, true));
  }

  /** Takes back what {@link #block} gave and nobody looks at any more. */
  void back(byte[] block) {
    if (block.length == superblock.blockSize()) {
      used.offer(block); // or it is one too many
    }
  }

  /** A fragment; of at most a block's length. */
  Future<byte[]> fragment(long number) throws IOException {
    Future<byte[]> known = kept.get(number);
    if (known == null) {
      Metadata.Cursor in = fragments.at(number);
      long at = in.u64();
      int word = in.i32();
      known = workers.submit(task(at, word, superblock.blockSize(), false));
      kept.put(number, known);
    }
    return known;
  }

  private Callable<byte[]> task(long at, int word, int length, boolean exactly) {
    return () -> {
      String what = exactly ? "data block" : "fragment";
      int stored = stored(word);
      if (stored == 0 || stored > superblock.blockSize() || (word & ~(2 * PLAIN - 1)) != 0) {
        throw SquashfsException.at(at, what, "a length of " + stored + " bytes cannot be");
      }
      byte[] content = memory(exactly && length == superblock.blockSize(), length);
      int got = stored;
      if ((word & PLAIN) != 0) {
        if (stored <= length) {
          image.bytes(at, content, stored, what);
        }
      } else {
        byte[] bytes = packed.get();
        image.bytes(at, bytes, stored, what);
        try {
          got = superblock.codec().unpack(bytes, stored, content);
        } catch (IOException e) {
          throw SquashfsException.at(at, what, "its compressed data is damaged: " + e.getMessage());
        }
      }
      if (exactly && got != length) {
        throw SquashfsException.at(
            at, what, "it has " + got + " bytes where " + length + " are due");
      }
      return got == content.length ? content : Arrays.copyOf(content, got);
    };
  }

  private byte[] memory(boolean whole, int length) {
    byte[] known = whole ? used.poll() : null;
    return known == null ? new byte[length] : known;
  }

  static byte[] await(Future<byte[]> block) throws IOException {
    try {
      return block.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
