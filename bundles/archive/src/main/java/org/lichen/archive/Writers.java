package org.lichen.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.lichen.posix.Descriptor;
import org.lichen.posix.PosixException;

/**
 * Writes files on threads of its own, while whoever makes them goes on to the next. All of one file
 * is done by one thread, in order. The first failure is told to the maker at its next call, and
 * nothing is written after it. Used by one thread.
 */
final class Writers implements AutoCloseable {
  private static final int CHUNK = 128 << 10;

  /** Bounds the memory, and how many files are open: each that waits to be written has one. */
  private static final int BUFFERS = 32;

  private final List<Lane> lanes = new ArrayList<>();
  private final BlockingQueue<ByteBuffer> free = new ArrayBlockingQueue<>(BUFFERS);
  private final AtomicReference<IOException> failure = new AtomicReference<>();
  private final int most = Math.min(4, Runtime.getRuntime().availableProcessors());
  private int allocated;

  /** What is done to a file. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  /** A thread, and what it has to do. */
  private final class Lane implements Runnable {
    private final BlockingQueue<Work> queue = new ArrayBlockingQueue<>(2 * BUFFERS);
    private final Thread thread = new Thread(this, "lichen write");
    private boolean ending; // of this thread alone

    @Override
    public void run() {
      while (!ending) {
        try {
          queue.take().run();
        } catch (IOException e) {
          failure.compareAndSet(null, e);
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, new IOException("cannot write", e));
        } catch (InterruptedException e) {
          failure.compareAndSet(null, new IOException("interrupted", e));
        }
      }
    }
  }

  /** A file that is being written; {@code path} names it in failures. It is closed at its end. */
  final class Target {
    private final Descriptor file;
    private final byte[] path;
    private final Lane lane;
    private boolean begun;

    private Target(Descriptor file, byte[] path, Lane lane) {
      this.file = file;
      this.path = path;
      this.lane = lane;
    }

    /** Writes what lies before its position, and takes it back. */
    void write(ByteBuffer buffer) {
      begun = true;
      put(
          lane,
          () -> {
            try {
              unlessFailed(() -> file.write(buffer.flip()));
            } finally {
              free.add(buffer.clear());
            }
          });
    }

    void position(long offset) throws IOException {
      later(() -> file.position(offset));
    }

    void truncate(long size) throws IOException {
      later(() -> file.truncate(size));
    }

    /** The last words about the file; then it is closed. */
    void end(Work last) throws IOException {
      Work all =
          () -> {
            try (file) {
              unlessFailed(last);
            }
          };
      if (begun) {
        put(lane, all);
      } else {
        all.run();
      }
    }

    /** Closes it as it is. */
    void abandon() {
      put(lane, file::close);
    }

    private void later(Work work) throws IOException {
      if (begun) {
        put(lane, () -> unlessFailed(work));
      } else {
        work.run();
      }
    }

    private void unlessFailed(Work work) throws IOException {
      if (failure.get() != null) {
        return;
      }
      try {
        work.run();
      } catch (PosixException e) {
        throw ArchiveException.unpacking(path, e);
      }
    }
  }

  /** Begins to write an open file, on the thread that has least to do. */
  Target begin(Descriptor file, byte[] path) {
    Lane best = null;
    for (Lane lane : lanes) {
      best = best == null || lane.queue.size() < best.queue.size() ? lane : best;
    }
    if (best == null || (!best.queue.isEmpty() && lanes.size() < most)) {
      best = new Lane();
      best.thread.setDaemon(true);
      best.thread.start();
      lanes.add(best);
    }
    return new Target(file, path, best);
  }

  /** An empty buffer for {@link Target#write}. */
  ByteBuffer buffer() throws IOException {
    check();
    ByteBuffer known = free.poll();
    if (known != null) {
      return known;
    }
    if (allocated < BUFFERS) {
      allocated++;
      return ByteBuffer.allocateDirect(CHUNK);
    }
    return patiently(free::take);
  }

  /** A buffer that is not needed after all. */
  void back(ByteBuffer buffer) {
    free.add(buffer.clear());
  }

  private static void put(Lane lane, Work work) {
    patiently(
        () -> {
          lane.queue.put(work);
          return work;
        });
  }

  /** Something that may take as long as a write does. */
  private interface Waiting<T> {
    T get() throws InterruptedException;
  }

  /** Even when interrupted: a file that is open must be closed, and the threads do not stall. */
  private static <T> T patiently(Waiting<T> waiting) {
    boolean interrupted = false;
    while (true) {
      try {
        T got = waiting.get();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return got;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  private void check() throws IOException {
    IOException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  /** Waits until everything is written. */
  void finish() throws IOException {
    close();
    check();
  }

  /** Ends the threads: what removes the files may come after it. */
  @Override
  public void close() {
    for (Lane lane : lanes) {
      put(lane, () -> lane.ending = true);
    }
    for (Lane lane : lanes) {
      patiently(
          () -> {
            lane.thread.join();
            return lane;
          });
    }
    lanes.clear();
  }
}
