package org.lichen.image.singularity.sif;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The header and the descriptors of a SIF, checked: every object lies in the file, and none in
 * another one. {@code header} are the first 128 bytes; {@code created} and {@code modified} are
 * seconds, {@code free} counts unused descriptors of {@code total}. Immutable.
 */
@SuppressWarnings("ArrayRecordComponent")
public record Sif(
    byte[] header,
    String launch,
    String version,
    Optional<Architecture> architecture,
    UUID uuid,
    long created,
    long modified,
    long free,
    long total,
    long dataOffset,
    long dataLength,
    List<SifObject> objects) {
  /** Bytes of the header. */
  public static final int HEADER = 128;

  static final byte[] MAGIC = "SIF_MAGIC\0".getBytes(StandardCharsets.US_ASCII);
  static final int MAGIC_AT = 32;

  /** What is added to numbers of groups, to tell them from ids. */
  static final long GROUP = 0xf0000000L;

  /** Singularity makes 48; every descriptor is read into memory. */
  private static final long MOST_DESCRIPTORS = 65_536;

  public Sif {
    objects = List.copyOf(objects);
  }

  /** Whether these bytes, the first of a file, begin a SIF. */
  public static boolean begins(byte[] head) {
    return head.length >= MAGIC_AT + MAGIC.length
        && Arrays.equals(head, MAGIC_AT, MAGIC_AT + MAGIC.length, MAGIC, 0, MAGIC.length);
  }

  /**
   * Reads header and descriptors; the file stays the caller's.
   *
   * @throws SifException naming offset and field of what cannot be
   */
  public static Sif read(FileChannel file) throws IOException {
    long size = file.size();
    byte[] header = bytes(file, 0, HEADER, size, "header");
    ByteBuffer in = ByteBuffer.wrap(header);
    if (!begins(header)) {
      throw SifException.at(MAGIC_AT, "magic", "this is no SIF");
    }
    String version = SifObject.text(header, 42, 3);
    if (!version.equals("01")) {
      throw SifException.at(42, "version", "'" + printable(version) + "' is not read, only 01");
    }
    in.position(48);
    UUID uuid = new UUID(in.getLong(), in.getLong());
    in.order(ByteOrder.LITTLE_ENDIAN);
    long created = in.getLong();
    long modified = in.getLong();
    long free = in.getLong();
    long total = in.getLong();
    long at = in.getLong();
    long length = in.getLong();
    if (total < 0 || total > MOST_DESCRIPTORS) {
      throw SifException.at(88, "number of descriptors", total + " cannot be");
    }
    if (length < total * SifObject.LENGTH) {
      throw SifException.at(
          104,
          "length of descriptors",
          total + " descriptors do not fit into " + length + " bytes");
    }
    if (at < HEADER) {
      throw SifException.at(96, "offset of descriptors", at + " is within the header");
    }
    ByteBuffer table =
        ByteBuffer.wrap(
            bytes(file, at, (int) (total * SifObject.LENGTH), size, "table of descriptors"));
    return new Sif(
        header,
        SifObject.text(header, 0, 32),
        version,
        Architecture.ofCode(SifObject.text(header, 45, 3)),
        uuid,
        created,
        modified,
        free,
        total,
        in.getLong(),
        in.getLong(),
        objects(table, at, size));
  }

  private static byte[] bytes(FileChannel file, long at, int length, long size, String what)
      throws IOException {
    if (at < 0 || at > size - length) {
      throw SifException.at(
          Math.max(0, at), what, "it ends beyond the file, which has " + size + " bytes: cut off");
    }
    byte[] bytes = new byte[length];
    ByteBuffer to = ByteBuffer.wrap(bytes);
    while (to.hasRemaining()) {
      if (file.read(to, at + to.position()) < 0) {
        throw SifException.at(at, what, "the file is cut off");
      }
    }
    return bytes;
  }

  private static List<SifObject> objects(ByteBuffer table, long at, long size) throws SifException {
    List<SifObject> objects = new ArrayList<>();
    Set<Long> ids = new HashSet<>();
    int number = 0;
    while (table.hasRemaining()) {
      long here = at + (long) number * SifObject.LENGTH;
      byte[] descriptor = new byte[SifObject.LENGTH];
      table.get(descriptor);
      number++;
      if (descriptor[4] != 0) {
        SifObject object = object(descriptor, here, size);
        if (!ids.add(object.id())) {
          throw SifException.at(here + 5, "id", "two objects have the number " + object.id());
        }
        objects.add(object);
      }
    }
    apart(objects, at, at + table.limit());
    return objects;
  }

  private static SifObject object(byte[] descriptor, long at, long size) throws SifException {
    ByteBuffer in = ByteBuffer.wrap(descriptor).order(ByteOrder.LITTLE_ENDIAN);
    int number = in.getInt();
    DataType type =
        DataType.of(number)
            .orElseThrow(
                () ->
                    SifException.at(
                        at, "type", "0x" + Integer.toHexString(number) + " is unknown"));
    in.get();
    long id = in.getInt() & 0xffffffffL;
    long group = in.getInt() & 0xffffffffL;
    long link = in.getInt() & 0xffffffffL;
    long offset = in.getLong();
    long length = in.getLong();
    in.getLong(); // length with padding, which nothing depends on
    if (id == 0) {
      throw SifException.at(at + 5, "id", "0 is none");
    }
    if (offset < HEADER || length < 0) {
      throw SifException.at(
          at + 17, "offset of object " + id, length + " bytes at " + offset + " cannot be");
    }
    if (length > size - offset) {
      throw SifException.at(
          at + 17,
          "offset of object " + id,
          "it ends at byte " + (offset + length) + ", the file at " + size + ": it is cut off");
    }
    return new SifObject(
        type,
        id,
        group & ~GROUP,
        link & ~GROUP,
        (link & GROUP) == GROUP,
        offset,
        length,
        in.getLong(),
        in.getLong(),
        in.getLong(),
        in.getLong(),
        SifObject.text(descriptor, SifObject.NAME, SifObject.NAME_LENGTH),
        descriptor);
  }

  /** What lies in two objects could be signed as one and used as the other. */
  private static void apart(List<SifObject> objects, long from, long to) throws SifException {
    List<SifObject> sorted =
        objects.stream()
            .filter(each -> each.size() > 0)
            .sorted(Comparator.comparingLong(SifObject::offset))
            .toList();
    long end = 0;
    long last = 0;
    for (SifObject each : sorted) {
      if (each.offset() < end) {
        throw SifException.at(
            each.offset(), "object " + each.id(), "it lies in object " + last + " too");
      }
      if (each.offset() < to && each.offset() + each.size() > from) {
        throw SifException.at(
            each.offset(), "object " + each.id(), "it lies in the table of descriptors too");
      }
      end = each.offset() + each.size();
      last = each.id();
    }
  }

  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }

  /** The partition that is the root file system. */
  public Optional<SifObject> primary() {
    return objects.stream()
        .filter(each -> each.type() == DataType.PARTITION)
        .filter(each -> each.use().equals(Optional.of(SifObject.Use.PRIMARY)))
        .findFirst();
  }

  public Optional<SifObject> object(long id) {
    return objects.stream().filter(each -> each.id() == id).findFirst();
  }

  /** The first object of a kind. */
  public Optional<SifObject> first(DataType type) {
    return objects.stream().filter(each -> each.type() == type).findFirst();
  }

  /**
   * The content of an object of at most {@code most} bytes.
   *
   * @throws SifException if it is larger
   */
  public static byte[] content(FileChannel file, SifObject object, int most) throws IOException {
    if (object.size() > most) {
      throw SifException.at(
          object.offset(),
          "object " + object.id(),
          "it has " + object.size() + " bytes, and " + most + " are possible");
    }
    return bytes(file, object.offset(), (int) object.size(), file.size(), "object " + object.id());
  }
}
