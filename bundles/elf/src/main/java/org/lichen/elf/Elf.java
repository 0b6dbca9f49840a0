package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An ELF file as its loader sees it: header, segments, dynamic section. */
final class Elf {
  static final int EXEC = 2;
  static final int DYN = 3;
  static final int MIPS = 8;
  static final int S390 = 22;
  static final int ALPHA = 0x9026;

  private static final int MAGIC = 0x7f454c46;

  private final Input in;
  private final Format format;
  private final ByteBuffer header;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Dynamic> dynamic = new ArrayList<>();

  private Elf(Input in) throws IOException {
    this.in = in;
    this.format = format(in);
    this.header = in.read(format, 0, format.header(), "ELF header");
    readSegments();
    readDynamic();
  }

  static Elf read(FileChannel file) throws IOException {
    return new Elf(new Input(file));
  }

  static Elf read(byte[] file) throws IOException {
    return new Elf(new Input(file));
  }

  private static Format format(Input in) throws IOException {
    Format any = new Format(true, ByteOrder.BIG_ENDIAN);
    if (in.size() < Format.IDENT || in.read(any, 0, 4, "e_ident").getInt() != MAGIC) {
      throw new ElfException(0, "e_ident", "this is no ELF file");
    }
    ByteBuffer ident = in.read(any, 0, Format.IDENT, "e_ident");
    int wide = ident.get(4);
    int order = ident.get(5);
    if (wide < 1 || wide > 2) {
      throw new ElfException(4, "EI_CLASS", "it is " + wide + ", neither 32 nor 64 bits");
    }
    if (order < 1 || order > 2) {
      throw new ElfException(5, "EI_DATA", "it is " + order + ", no byte order");
    }
    return new Format(wide == 2, order == 1 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
  }

  private void readSegments() throws IOException {
    int count = Format.half(header, format.phnum());
    if (count == 0) {
      return;
    }
    if (Format.half(header, format.phentsize()) != format.segment()) {
      throw new ElfException(format.phentsize(), "e_phentsize", "it must be " + format.segment());
    }
    ByteBuffer table = in.read(format, phoff(), (long) count * format.segment(), "e_phoff");
    for (int i = 0; i < count; i++) {
      segments.add(Segment.read(format, table, i * format.segment()));
    }
  }

  private void readDynamic() throws IOException {
    Optional<Segment> place = dynamicSegment();
    if (place.isEmpty()) {
      return;
    }
    ByteBuffer table = in.read(format, place.get().offset(), place.get().filesz(), "PT_DYNAMIC");
    for (int at = 0; at + format.dynamic() <= table.limit(); at += format.dynamic()) {
      long tag = format.wide() ? table.getLong(at) : table.getInt(at);
      if (tag == Dynamic.NULL) {
        return;
      }
      dynamic.add(new Dynamic(tag, format.word(table, at + format.word())));
    }
    throw new ElfException(place.get().offset(), "PT_DYNAMIC", "no DT_NULL ends it");
  }

  Input in() {
    return in;
  }

  Format format() {
    return format;
  }

  int type() {
    return Format.half(header, Format.TYPE);
  }

  int machine() {
    return Format.half(header, Format.MACHINE);
  }

  long phoff() {
    return format.word(header, format.phoff());
  }

  ByteBuffer header() {
    return header;
  }

  List<Segment> segments() {
    return segments;
  }

  /** Entries up to DT_NULL. */
  List<Dynamic> dynamic() {
    return dynamic;
  }

  /** Files of debugging information alone have segments without content. */
  private Optional<Segment> segment(int type) {
    return segments.stream().filter(s -> s.type() == type && s.filesz() != 0).findFirst();
  }

  Optional<Segment> dynamicSegment() {
    return segment(Segment.DYNAMIC);
  }

  Optional<Segment> interpreterSegment() {
    return segment(Segment.INTERP);
  }

  Optional<String> interpreter() throws IOException {
    Optional<Segment> place = interpreterSegment();
    return place.isEmpty()
        ? Optional.empty()
        : Optional.of(text(place.get().offset(), place.get().filesz(), "PT_INTERP"));
  }

  Optional<Long> value(long tag) {
    return dynamic.stream().filter(d -> d.tag() == tag).map(Dynamic::value).findFirst();
  }

  /** The strings that the entries with this tag name, in order. */
  List<String> strings(long tag) throws IOException {
    List<String> found = new ArrayList<>();
    for (Dynamic entry : dynamic) {
      if (entry.tag() == tag) {
        found.add(string(entry.value(), Dynamic.name(tag)));
      }
    }
    return found;
  }

  String string(long index, String field) throws IOException {
    long size = value(Dynamic.STRSZ).orElse(0L);
    long table = stringTable();
    if (Long.compareUnsigned(index, size) >= 0) {
      throw new ElfException(
          table, field, "it is " + Long.toUnsignedString(index) + ", outside of DT_STRTAB");
    }
    return text(table + index, size - index, field);
  }

  /** Where the string table lies in the file; all of it is there. */
  long stringTable() throws ElfException {
    long address =
        value(Dynamic.STRTAB).orElseThrow(() -> new ElfException(0, "DT_STRTAB", "it is missing"));
    return offset(address, value(Dynamic.STRSZ).orElse(0L), "DT_STRTAB");
  }

  /** Where in the file these bytes of memory come from. */
  long offset(long address, long size, String field) throws ElfException {
    for (Segment each : segments) {
      if (each.holds(address, size)) {
        long offset = each.offset() + (address - each.vaddr());
        in.within(offset, size, field);
        return offset;
      }
    }
    throw new ElfException(
        0, field, "no PT_LOAD has 0x" + Long.toHexString(address) + " from the file");
  }

  private String text(long offset, long room, String field) throws IOException {
    in.within(offset, room, field);
    int size = (int) Math.min(room, Strings.LONGEST);
    ByteBuffer bytes = in.read(format, offset, Math.min(size, 256), field);
    if (end(bytes) == bytes.limit()) {
      bytes = in.read(format, offset, size, field);
    }
    int end = end(bytes);
    if (end == bytes.limit()) {
      throw new ElfException(offset, field, "no NUL ends it within " + size + " bytes");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.limit(end)).toString();
    } catch (CharacterCodingException e) {
      throw new ElfException(offset, field, "it is not UTF-8");
    }
  }

  private static int end(ByteBuffer bytes) {
    int end = 0;
    while (end < bytes.limit() && bytes.get(end) != 0) {
      end++;
    }
    return end;
  }
}
