package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the parts of an edited file lie. What does not fit into its place goes to the tail: the end
 * of the last segment if that is writable and ends with the file, as one that an earlier edit has
 * made, else a new segment, which begins with the program headers.
 */
final class Layout {
  private static final long PAGE = 4096;
  private static final long LARGEST_PAGE = 1 << 26;
  private static final long LARGEST_HOLE = 1 << 26;
  private static final int MOST_SEGMENTS = 0xfffe; // PN_XNUM would mean: look elsewhere

  private final Elf elf;
  private final Format format;
  private final List<Segment> segments;
  private final Sections sections;
  private final List<Write> writes = new ArrayList<>();

  /** Of the tail: its beginning and how much is used; the segment that it lengthens, if one. */
  private Place tail = new Place(0, 0, 0);

  private int lengthened = -1;

  Layout(Elf elf) throws IOException {
    this.elf = elf;
    this.format = elf.format();
    this.segments = new ArrayList<>(elf.segments());
    this.sections = new Sections(elf);
  }

  List<Write> writes() {
    return writes;
  }

  Sections sections() {
    return sections;
  }

  /** Replaces bytes of the file. */
  void write(long offset, ByteBuffer bytes) {
    writes.add(new Write(offset, bytes));
  }

  /** The place for a dynamic section of so many entries, DT_NULL included. */
  Place dynamic(int entries, int spare) throws IOException {
    Segment now = elf.dynamicSegment().orElseThrow();
    if (entries <= now.filesz() / format.dynamic()) {
      return new Place(now.offset(), now.vaddr(), now.filesz());
    }
    Place place = append((long) (entries + spare) * format.dynamic(), format.word());
    move(now, place);
    sections.dynamic(place);
    return place;
  }

  void interpreter(String path) throws IOException {
    Segment now = elf.interpreterSegment().orElseThrow();
    byte[] text = Strings.bytes(path);
    Place place = new Place(now.offset(), now.vaddr(), now.filesz());
    if (text.length > now.filesz()) {
      place = append(text.length, 1);
      move(now, place);
      sections.interpreter(now.vaddr(), place);
    }
    ByteBuffer bytes = format.buffer((int) Math.min(place.size(), Strings.LONGEST));
    write(place.offset(), bytes.put(0, text));
  }

  /** The place of the string table, written there as far as it is new. */
  Place strings(Strings strings) throws IOException {
    long address = elf.value(Dynamic.STRTAB).orElseThrow();
    long offset = elf.stringTable();
    int size = strings.table().length;
    if (!strings.grown()) {
      return new Place(offset, address, size);
    }
    boolean last = tail.size() == 0 && offset + strings.before() == elf.in().size();
    Place place;
    if (last && lengthens()) {
      Place more = append(size - strings.before(), 1);
      place = new Place(offset, address, size);
      write(
          more.offset(),
          ByteBuffer.wrap(strings.table(), strings.before(), size - strings.before()).slice());
    } else {
      place = append(size, 1);
      write(place.offset(), ByteBuffer.wrap(strings.table()));
    }
    sections.strings(address, place);
    return place;
  }

  /** Program and section headers, when all else has its place. */
  void finish() {
    Place headers = new Place(elf.phoff(), 0, (long) segments.size() * format.segment());
    if (lengthened >= 0) {
      Segment s = segments.get(lengthened);
      segments.set(lengthened, s.at(s.offset(), s.vaddr(), s.filesz() + tail.size()));
    } else if (tail.size() > 0) {
      headers = new Place(tail.offset(), tail.address(), headers.size() + format.segment());
      addSegment(headers);
    }
    ByteBuffer table = format.buffer((int) headers.size());
    for (int i = 0; i < segments.size(); i++) {
      segments.get(i).write(format, table, i * format.segment());
    }
    write(headers.offset(), table);
    sections.write().ifPresent(writes::add);
  }

  private void addSegment(Place headers) {
    int last = 0;
    for (int i = 0; i < segments.size(); i++) {
      if (segments.get(i).type() == Segment.LOAD) {
        last = i;
      }
      if (segments.get(i).type() == Segment.PHDR) {
        segments.set(i, segments.get(i).at(headers.offset(), headers.address(), headers.size()));
      }
    }
    segments.add(
        last + 1,
        new Segment(
            Segment.LOAD,
            Segment.READ | Segment.WRITE,
            tail.offset(),
            tail.address(),
            tail.address(),
            tail.size(),
            tail.size(),
            page()));
    ByteBuffer word = format.buffer(format.word());
    format.word(word, 0, headers.offset());
    write(format.phoff(), word);
    write(format.phnum(), format.buffer(2).putShort(0, (short) segments.size()));
  }

  private void move(Segment now, Place to) {
    segments.set(segments.indexOf(now), now.at(to.offset(), to.address(), to.size()));
  }

  private Place append(long size, int alignment) throws IOException {
    if (tail.size() == 0) {
      begin();
    }
    long at = up(tail.address() + tail.size(), alignment) - tail.address();
    tail = new Place(tail.offset(), tail.address(), at + size);
    long end = tail.address() + tail.size();
    if (end < 0 || (!format.wide() && end > 1L << 32)) {
      throw new UneditableElfException("no room is left at the end of its address space");
    }
    return new Place(tail.offset() + at, tail.address() + at, size);
  }

  private void begin() throws IOException {
    if (lengthens()) {
      lengthened = last();
      Segment s = segments.get(lengthened);
      tail = new Place(s.offset() + s.filesz(), s.vaddr() + s.filesz(), 0);
      return;
    }
    if (segments.size() >= MOST_SEGMENTS) {
      throw new UneditableElfException("it has as many segments as there can be");
    }
    long size = elf.in().size();
    Segment last = segments.get(last());
    Segment first = loads().get(0);
    long address = up(last.vaddr() + last.memsz(), page());
    long offset = up(size, page());
    // Kernels before 5.18 compute where the program headers are in memory from e_phoff and the
    // first segment alone. So the new one keeps the first one's distance, at the price of a hole.
    long distance = first.vaddr() - first.offset();
    long kept = up(Math.max(last.vaddr() + last.memsz(), size + distance), page());
    if (distance % page() == 0 && kept - distance - size <= LARGEST_HOLE) {
      address = kept;
      offset = kept - distance;
    }
    tail = new Place(offset, address, (long) (segments.size() + 1) * format.segment());
  }

  /** The segment that ends last in memory. */
  private int last() throws IOException {
    int last = -1;
    for (int i = 0; i < segments.size(); i++) {
      Segment s = segments.get(i);
      if (s.type() != Segment.LOAD) {
        continue;
      }
      elf.in().within(s.offset(), s.filesz(), "p_filesz");
      if (s.vaddr() < 0 || s.memsz() < s.filesz() || s.vaddr() + s.memsz() < 0) {
        throw new ElfException(elf.phoff() + (long) i * format.segment(), "p_memsz", "it is wrong");
      }
      if (last < 0
          || s.vaddr() + s.memsz() > segments.get(last).vaddr() + segments.get(last).memsz()) {
        last = i;
      }
    }
    return last;
  }

  private boolean lengthens() throws IOException {
    Segment s = segments.get(last());
    return (s.flags() & Segment.WRITE) != 0
        && s.filesz() == s.memsz()
        && s.offset() + s.filesz() == elf.in().size();
  }

  private List<Segment> loads() {
    return segments.stream().filter(s -> s.type() == Segment.LOAD).toList();
  }

  /** The largest page with which the file can be loaded anyway. */
  private long page() {
    long page =
        loads().stream().mapToLong(Segment::align).filter(a -> a >= PAGE).min().orElse(PAGE);
    return Long.bitCount(page) == 1 && page <= LARGEST_PAGE ? page : PAGE;
  }

  private static long up(long value, long alignment) {
    return (value + alignment - 1) & -alignment;
  }
}
