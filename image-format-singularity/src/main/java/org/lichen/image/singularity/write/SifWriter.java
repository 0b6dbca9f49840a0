package org.lichen.image.singularity.write;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.lichen.image.singularity.sif.Architecture;
import org.lichen.image.singularity.sif.DataType;
import org.lichen.image.singularity.sif.Sif;
import org.lichen.image.singularity.sif.SifObject;

/**
 * Writes a SIF object by object: {@link #add} what is small, {@link #begin} and {@link #end} around
 * what somebody else writes at the place named, {@link #finish}. All are of group 1. The layout is
 * drawn in the package {@code sif}. For one thread.
 */
final class SifWriter {
  private static final int DESCRIPTORS = 48;
  private static final int TABLE = 4096;
  private static final int DATA = 32_768;
  private static final int PAGE = 4096;
  private static final int GROUP = 0xf0000001;

  private final FileChannel out;
  private final Architecture architecture;
  private final long seconds;
  private final byte[] tableBytes = new byte[DESCRIPTORS * SifObject.LENGTH];
  private final ByteBuffer table = ByteBuffer.wrap(tableBytes).order(ByteOrder.LITTLE_ENDIAN);
  private int count;
  private long end = DATA;
  private long begun;

  SifWriter(FileChannel out, Architecture architecture, long seconds) {
    this.out = out;
    this.architecture = architecture;
    this.seconds = seconds;
  }

  void add(DataType type, String name, byte[] content) throws IOException {
    begun = end;
    ByteBuffer from = ByteBuffer.wrap(content);
    while (from.hasRemaining()) {
      out.write(from, begun + from.position());
    }
    end(type, name, content.length);
  }

  /** Where a partition is to be written: the beginning of a page. */
  long begin() {
    begun = (end + PAGE - 1) / PAGE * PAGE;
    return begun;
  }

  void end(DataType type, String name, long size) {
    int at = count * SifObject.LENGTH;
    count++;
    table.putInt(at, type.number()).put(at + 4, (byte) 1).putInt(at + 5, count);
    table.putInt(at + 9, GROUP).putInt(at + 13, 0);
    table.putLong(at + 17, begun).putLong(at + 25, size).putLong(at + 33, begun + size - end);
    table.putLong(at + 41, seconds).putLong(at + 49, seconds).putLong(at + 57, 0);
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    table.put(at + 73, text, 0, Math.min(text.length, 127));
    if (type == DataType.PARTITION) {
      table.putInt(at + 201, SifObject.FileSystem.SQUASHFS.number());
      table.putInt(at + 205, SifObject.Use.PRIMARY.number());
      table.put(at + 209, architecture.code().getBytes(StandardCharsets.US_ASCII));
    }
    end = begun + size;
  }

  /** Writes header and descriptors. */
  void finish(UUID uuid) throws IOException {
    byte[] bytes = new byte[Sif.HEADER];
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    header.put("#!/usr/bin/env run-singularity\n".getBytes(StandardCharsets.US_ASCII));
    header.position(32).put("SIF_MAGIC\00001\0".getBytes(StandardCharsets.US_ASCII));
    header.put(architecture.code().getBytes(StandardCharsets.US_ASCII));
    header.position(48).order(ByteOrder.BIG_ENDIAN);
    header.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    header.order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(seconds).putLong(seconds).putLong(DESCRIPTORS - count).putLong(DESCRIPTORS);
    header.putLong(TABLE).putLong(tableBytes.length).putLong(DATA).putLong(end - DATA);
    write(bytes, 0);
    write(tableBytes, TABLE);
  }

  private void write(byte[] bytes, long at) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    while (from.hasRemaining()) {
      out.write(from, at + from.position());
    }
  }
}
