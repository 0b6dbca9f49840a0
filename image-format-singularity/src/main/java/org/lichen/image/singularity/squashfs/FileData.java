package org.lichen.image.singularity.squashfs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import org.lichen.api.image.Entry.Extent;

/** The data of one file, without its holes. For one thread. */
final class FileData implements ReadableByteChannel {
  private final Blocks blocks;
  private final Blocks.Place place;
  private final int blockSize;
  private final long size;
  private final Deque<Future<byte[]>> asked = new ArrayDeque<>();
  private long position;
  private int next;
  private boolean tailAsked;
  private ByteBuffer current = ByteBuffer.allocate(0);
  private boolean shared = true; // what is current, with other files
  private boolean open = true;

  FileData(Blocks blocks, Inode inode, int blockSize) {
    this.blocks = blocks;
    this.place = inode.blocks();
    this.blockSize = blockSize;
    this.size = inode.size();
    this.position = place.start();
    this.tailAsked = place.fragment() < 0 || size % blockSize == 0;
  }

  /** Begins to unpack up to so many blocks; answers how many are on the way. */
  int ask(int most) throws IOException {
    while (asked.size() < most && next < place.words().length) {
      int word = place.words()[next];
      if (word != 0) {
        asked.add(blocks.block(position, word, length(next)));
        position += Blocks.stored(word);
      }
      next++;
    }
    if (asked.size() < most && next == place.words().length && !tailAsked) {
      tailAsked = true;
      asked.add(blocks.fragment(place.fragment()));
    }
    return asked.size();
  }

  private int length(int block) {
    return (int) Math.min(blockSize, size - (long) block * blockSize);
  }

  /** Where data lies; the rest are holes. */
  List<Extent> extents() {
    List<Extent> extents = new ArrayList<>();
    long begun = -1;
    for (int i = 0; i < place.words().length; i++) {
      if (place.words()[i] != 0 && begun < 0) {
        begun = (long) i * blockSize;
      } else if (place.words()[i] == 0 && begun >= 0) {
        extents.add(new Extent(begun, (long) i * blockSize - begun));
        begun = -1;
      }
    }
    long whole = (long) place.words().length * blockSize;
    if (begun < 0 && whole < size) {
      begun = whole;
    }
    if (begun >= 0) {
      extents.add(new Extent(begun, size - begun));
    }
    return extents;
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    while (!current.hasRemaining()) {
      if (ask(blocks.ahead()) == 0) {
        return -1;
      }
      boolean tail = asked.size() == 1 && tailAsked && next == place.words().length && hasTail();
      byte[] block = Blocks.await(asked.remove());
      shared = tail;
      current = tail ? tail(block) : ByteBuffer.wrap(block);
    }
    int part = Math.min(to.remaining(), current.remaining());
    to.put(current.array(), current.arrayOffset() + current.position(), part);
    current.position(current.position() + part);
    if (!shared && !current.hasRemaining()) {
      blocks.back(current.array());
      shared = true;
    }
    return part;
  }

  private boolean hasTail() {
    return place.fragment() >= 0 && size % blockSize != 0;
  }

  private ByteBuffer tail(byte[] fragment) throws IOException {
    int length = (int) (size % blockSize);
    if (length > fragment.length - place.offset()) {
      throw new SquashfsException(
          "squashfs fragment "
              + place.fragment()
              + ": it has "
              + fragment.length
              + " bytes, and the end of a file would lie at "
              + place.offset());
    }
    return ByteBuffer.wrap(fragment, place.offset(), length);
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void close() {
    open = false;
    asked.forEach(each -> each.cancel(false));
  }
}
