package org.lichen.image.singularity.squashfs.write;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.lichen.api.image.Entry.Extent;

/**
 * Writes data blocks and fragments: several are compressed at once, and written in their order. A
 * file whose content was there already takes no place. For one thread.
 */
final class BlockWriter implements AutoCloseable {
  private static final int PLAIN = 1 << 24;

  /** A file of at most so many bytes is looked at whole before any of it is written. */
  private static final int SMALL = 4 << 20;

  private final FileChannel out;
  private final long base;
  private final Packing packing;
  private final int blockSize;
  private final ExecutorService workers;
  private final int most;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Map<String, Data> known = new HashMap<>();
  private final List<long[]> fragments = new ArrayList<>();
  private byte[] fragment;
  private int filled;
  private long position;

  /** A block under way, and who wants to know where it came to lie. */
  private record Pending(Future<Packing.Packed> packed, Sink sink) {}

  @FunctionalInterface
  private interface Sink {
    void written(long at, int word);
  }

  BlockWriter(FileChannel out, long base, long first, Packing packing, int blockSize, int threads) {
    this.out = out;
    this.base = base;
    this.position = first;
    this.packing = packing;
    this.blockSize = blockSize;
    this.fragment = new byte[blockSize];
    this.most = 4 * threads;
    this.workers =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread = new Thread(work, "lichen mksquashfs");
              thread.setDaemon(true);
              return thread;
            });
  }

  Data write(long size, List<Extent> extents, ReadableByteChannel content) throws IOException {
    if (size == 0) {
      return Data.EMPTY;
    }
    return size <= SMALL ? small(size, extents, content) : large(size, extents, content);
  }

  private Data small(long size, List<Extent> extents, ReadableByteChannel content)
      throws IOException {
    byte[] all = new byte[(int) size];
    for (Extent extent : extents) {
      fill(content, ByteBuffer.wrap(all, (int) extent.offset(), (int) extent.length()));
    }
    MessageDigest hash = hash();
    String key = "s" + HexFormat.of().formatHex(hash.digest(all));
    Data same = known.get(key);
    if (same != null) {
      return same;
    }
    Data data = new Data(size);
    if (size < blockSize && !zeros(all, 0, all.length)) {
      fragment(data, all);
    } else {
      for (int at = 0; at < all.length; at += blockSize) {
        block(data, Arrays.copyOfRange(all, at, Math.min(all.length, at + blockSize)));
      }
    }
    known.put(key, data);
    return data;
  }

  /** Written while it is read; taken back if it turns out to be there already. */
  private Data large(long size, List<Extent> extents, ReadableByteChannel content)
      throws IOException {
    drain(0);
    long before = position;
    MessageDigest hash = hash();
    Data data = new Data(size);
    int next = 0;
    for (long at = 0; at < size; at += blockSize) {
      int length = (int) Math.min(blockSize, size - at);
      while (next < extents.size()
          && extents.get(next).offset() + extents.get(next).length() <= at) {
        next++;
      }
      if (next == extents.size() || extents.get(next).offset() >= at + length) {
        data.next();
        data.sparse += length;
        continue;
      }
      byte[] block = new byte[length];
      for (int i = next; i < extents.size() && extents.get(i).offset() < at + length; i++) {
        long from = Math.max(at, extents.get(i).offset());
        long to = Math.min(at + length, extents.get(i).offset() + extents.get(i).length());
        fill(content, ByteBuffer.wrap(block, (int) (from - at), (int) (to - from)));
      }
      hash.update(ByteBuffer.allocate(Long.BYTES).putLong(0, at));
      hash.update(block);
      block(data, block);
    }
    drain(0);
    String key = "l" + size + HexFormat.of().formatHex(hash.digest());
    Data same = known.putIfAbsent(key, data);
    if (same != null) {
      position = before;
      return same;
    }
    return data;
  }

  private static MessageDigest hash() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void fill(ReadableByteChannel from, ByteBuffer to) throws IOException {
    while (to.hasRemaining()) {
      if (from.read(to) < 0) {
        throw new IOException("the content of a file is shorter than it says");
      }
    }
  }

  private static boolean zeros(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void block(Data data, byte[] content) throws IOException {
    int index = data.next();
    if (zeros(content, 0, content.length)) {
      data.sparse += content.length;
      return;
    }
    submit(
        content,
        (at, word) -> {
          data.start = data.start < 0 ? at : data.start;
          data.set(index, word);
        });
  }

  private void fragment(Data data, byte[] content) throws IOException {
    if (filled + content.length > blockSize) {
      flush();
    }
    data.fragment = fragments.size();
    data.offset = filled;
    System.arraycopy(content, 0, fragment, filled, content.length);
    filled += content.length;
  }

  private void flush() throws IOException {
    if (filled == 0) {
      return;
    }
    long[] entry = new long[2];
    fragments.add(entry);
    byte[] content = Arrays.copyOf(fragment, filled);
    fragment = new byte[blockSize];
    filled = 0;
    submit(
        content,
        (at, word) -> {
          entry[0] = at;
          entry[1] = word & 0xffffffffL;
        });
  }

  private void submit(byte[] content, Sink sink) throws IOException {
    pending.add(new Pending(workers.submit(() -> packing.packed(content, content.length)), sink));
    drain(most);
  }

  private void drain(int left) throws IOException {
    while (pending.size() > left) {
      Pending first = pending.remove();
      Packing.Packed block = await(first.packed());
      first.sink().written(position, block.bytes().length | (block.compressed() ? 0 : PLAIN));
      write(out, base + position, block.bytes());
      position += block.bytes().length;
    }
  }

  private static Packing.Packed await(Future<Packing.Packed> packed) throws IOException {
    try {
      return packed.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  static void write(FileChannel out, long at, byte[] bytes) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    while (from.hasRemaining()) {
      out.write(from, at + from.position());
    }
  }

  /** Ends the data; answers where what follows begins. */
  long finish() throws IOException {
    flush();
    drain(0);
    return position;
  }

  /** Position and word of each; known after {@link #finish}. */
  List<long[]> fragments() {
    return fragments;
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
