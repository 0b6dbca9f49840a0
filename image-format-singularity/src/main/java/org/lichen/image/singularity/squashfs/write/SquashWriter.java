package org.lichen.image.singularity.squashfs.write;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.image.Entry.Extent;

/**
 * Writes a squashfs at a place in a file: first the data of all files, then the tree. For one
 * thread; closing it ends its own and leaves the file open.
 */
public final class SquashWriter implements AutoCloseable {
  private static final int SUPERBLOCK = 96;
  private static final int BLOCK_LOG = 17; // 128 KiB, as mksquashfs
  private static final int PADDING = 4 << 10;
  private static final int DUPLICATES = 0x40;
  private static final int EXPORTABLE = 0x80;
  private static final int NO_XATTRS = 0x200;
  private static final long NONE = -1;

  private final FileChannel out;
  private final long base;
  private final Packing packing;
  private final long seconds;
  private final BlockWriter blocks;

  /** {@code base}: where it begins; {@code seconds}: when it was made, of Unix. */
  public SquashWriter(FileChannel out, long base, Packing packing, long seconds, int threads) {
    this.out = out;
    this.base = base;
    this.packing = packing;
    this.seconds = seconds;
    this.blocks = new BlockWriter(out, base, SUPERBLOCK, packing, 1 << BLOCK_LOG, threads);
  }

  /**
   * Writes the data of a file of {@code size} bytes; {@code content} are the bytes of the extents,
   * one after the other, and is read to its end.
   */
  public Data data(long size, List<Extent> extents, ReadableByteChannel content)
      throws IOException {
    return blocks.write(size, extents, content);
  }

  /** Writes the tree and its tables; answers the size, a multiple of 4 KiB. */
  public long finish(Node root) throws IOException {
    long inodesAt = blocks.finish();
    XattrWriter xattrs = new XattrWriter(packing);
    TreeWriter tree = new TreeWriter(packing, xattrs);
    long rootAt = tree.write(root);
    Position at = new Position(inodesAt);
    at.write(tree.inodes());
    long directoriesAt = at.now;
    at.write(tree.directories());
    long fragmentsAt = blocks.fragments().isEmpty() ? NONE : at.table(fragments());
    long exportAt = at.table(export(tree.references()));
    long idsAt = at.table(ids(tree.ids()));
    long xattrsAt = xattrs.isEmpty() ? NONE : xattrs(at, xattrs);
    ByteBuffer superblock = ByteBuffer.allocate(SUPERBLOCK).order(ByteOrder.LITTLE_ENDIAN);
    superblock
        .put("hsqs".getBytes(StandardCharsets.US_ASCII))
        .putInt(tree.references().size())
        .putInt((int) Math.max(0, Math.min(seconds, 0xffffffffL)))
        .putInt(1 << BLOCK_LOG)
        .putInt(blocks.fragments().size())
        .putShort((short) packing.number())
        .putShort((short) BLOCK_LOG)
        .putShort((short) (DUPLICATES | EXPORTABLE | (xattrs.isEmpty() ? NO_XATTRS : 0)))
        .putShort((short) tree.ids().size())
        .putShort((short) 4)
        .putShort((short) 0)
        .putLong(rootAt)
        .putLong(at.now)
        .putLong(idsAt)
        .putLong(xattrsAt)
        .putLong(inodesAt)
        .putLong(directoriesAt)
        .putLong(fragmentsAt)
        .putLong(exportAt);
    byte[] head = new byte[SUPERBLOCK];
    superblock.get(0, head);
    BlockWriter.write(out, base, head);
    int rest = (int) (at.now % PADDING);
    at.write(new byte[rest == 0 ? 0 : PADDING - rest]);
    out.truncate(Math.min(out.size(), base + at.now)); // a file that was taken back may be behind
    return at.now;
  }

  /** Where the next table goes. */
  private final class Position {
    private long now;

    Position(long now) {
      this.now = now;
    }

    void write(byte[] bytes) throws IOException {
      BlockWriter.write(out, base + now, bytes);
      now += bytes.length;
    }

    /** A table, and after it the positions of its blocks, where it is found by. */
    long table(MetadataWriter table) throws IOException {
      long from = now;
      write(table.finish());
      long index = now;
      write(positions(table, from));
      return index;
    }

    byte[] positions(MetadataWriter table, long from) {
      byte[] all = new byte[table.starts().size() * Long.BYTES];
      ByteBuffer to = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
      table.starts().forEach(start -> to.putLong(from + start));
      return all;
    }
  }

  private MetadataWriter fragments() {
    MetadataWriter table = new MetadataWriter(packing);
    blocks.fragments().forEach(entry -> table.u64(entry[0]).u32(entry[1]).u32(0));
    return table;
  }

  private MetadataWriter export(List<Long> references) {
    MetadataWriter table = new MetadataWriter(packing);
    references.forEach(table::u64);
    return table;
  }

  private MetadataWriter ids(List<Long> ids) {
    MetadataWriter table = new MetadataWriter(packing);
    ids.forEach(table::u32);
    return table;
  }

  private static long xattrs(Position at, XattrWriter xattrs) throws IOException {
    long values = at.now;
    at.write(xattrs.values());
    long sets = at.now;
    MetadataWriter table = xattrs.sets();
    at.write(table.finish());
    long header = at.now;
    byte[] head = new byte[16];
    ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).putLong(values).putInt(xattrs.count());
    at.write(head);
    at.write(at.positions(table, sets));
    return header;
  }

  /** Sets of attributes, each once. */
  static final class XattrWriter {
    private static final List<String> PREFIXES = List.of("user.", "trusted.", "security.");
    private static final long NO_XATTR = 0xffffffffL;

    private final Packing packing;
    private final MetadataWriter values;
    private final Map<String, Integer> known = new LinkedHashMap<>();
    private final List<long[]> sets = new ArrayList<>();

    XattrWriter(Packing packing) {
      this.packing = packing;
      this.values = new MetadataWriter(packing);
    }

    /** The number of a set; attributes of a kind that squashfs does not have are left out. */
    long add(Map<String, byte[]> attributes) {
      Map<String, byte[]> kept = new LinkedHashMap<>(attributes);
      kept.keySet().removeIf(name -> PREFIXES.stream().noneMatch(name::startsWith));
      if (kept.isEmpty()) {
        return NO_XATTR;
      }
      StringBuilder key = new StringBuilder();
      kept.forEach(
          (name, value) ->
              key.append(name)
                  .append('\0')
                  .append(new String(value, StandardCharsets.ISO_8859_1))
                  .append('\0')
                  .append(value.length));
      Integer there = known.putIfAbsent(key.toString(), sets.size());
      if (there != null) {
        return there;
      }
      long reference = values.reference();
      long size = 0;
      for (Map.Entry<String, byte[]> one : kept.entrySet()) {
        int prefix = 0;
        while (!one.getKey().startsWith(PREFIXES.get(prefix))) {
          prefix++;
        }
        byte[] name =
            one.getKey().substring(PREFIXES.get(prefix).length()).getBytes(StandardCharsets.UTF_8);
        values.u16(prefix).u16(name.length).bytes(name);
        values.u32(one.getValue().length).bytes(one.getValue());
        size += one.getKey().length() + 1 + one.getValue().length;
      }
      sets.add(new long[] {reference, kept.size(), size});
      return sets.size() - 1L;
    }

    boolean isEmpty() {
      return sets.isEmpty();
    }

    int count() {
      return sets.size();
    }

    byte[] values() {
      return values.finish();
    }

    MetadataWriter sets() {
      MetadataWriter table = new MetadataWriter(packing);
      sets.forEach(set -> table.u64(set[0]).u32(set[1]).u32(set[2]));
      return table;
    }
  }

  @Override
  public void close() {
    blocks.close();
  }
}
