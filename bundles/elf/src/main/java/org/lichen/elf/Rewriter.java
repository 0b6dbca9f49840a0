package org.lichen.elf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns an edit into writes over a copy of the file. */
final class Rewriter {
  /** Entries to spare in a dynamic section that moves, so that the next edit need not move it. */
  private static final int SPARE = 8;

  private final Elf elf;
  private final Format format;
  private final Layout layout;
  private final List<Dynamic> entries;

  Rewriter(Elf elf) throws IOException {
    this.elf = elf;
    this.format = elf.format();
    this.layout = new Layout(elf);
    this.entries = new ArrayList<>(elf.dynamic());
  }

  /** Decides all writes; false if there are none. */
  boolean prepare(ElfEdit edit) throws IOException {
    check(edit);
    boolean changed = false;
    Optional<Strings> strings = Optional.empty();
    if (edit.ofDynamic()) {
      strings = Optional.of(new Strings(elf));
      needed(edit, strings.get());
      paths(edit, strings.get());
      text(Dynamic.SONAME, edit.soname().orElse(""), strings.get());
      changed = !entries.equals(elf.dynamic());
    }
    if (edit.interpreter().isPresent() && !edit.interpreter().equals(elf.interpreter())) {
      layout.interpreter(edit.interpreter().get());
      changed = true;
    }
    if (strings.isPresent() && !entries.equals(elf.dynamic())) {
      place(strings.get());
    }
    if (changed) {
      layout.finish();
    }
    return changed;
  }

  /** Writes the copy; what lies between the file and its new end stays a hole. */
  void write(FileChannel to) throws IOException {
    long size = elf.in().size();
    for (long at = 0; at < size; ) {
      long count = elf.in().transferTo(at, size - at, to.position(at));
      if (count <= 0) {
        throw new IOException("the file became shorter while it was read");
      }
      at += count;
    }
    for (Write each : layout.writes()) {
      ByteBuffer bytes = each.bytes().duplicate();
      while (bytes.hasRemaining()) {
        to.write(bytes, each.offset() + bytes.position());
      }
    }
  }

  private void check(ElfEdit edit) throws UneditableElfException {
    ElfInfo.Kind kind = ElfInfo.kind(elf);
    String refusal =
        switch (kind) {
          case OTHER -> "it is not loaded by anybody: an object, a core dump or the like";
          case STATIC -> "it is linked statically: the kernel alone loads it, and no library";
          case STATIC_PIE -> "it is a static PIE: it loads itself, and no library";
          case PROGRAM, LIBRARY -> "";
        };
    if (!refusal.isEmpty() && !edit.empty()) {
      throw new UneditableElfException(refusal);
    }
    if (edit.interpreter().isPresent() && kind != ElfInfo.Kind.PROGRAM) {
      throw new UneditableElfException("it has no interpreter that could be replaced: a library");
    }
  }

  private void needed(ElfEdit edit, Strings strings) throws IOException {
    List<String> now = elf.strings(Dynamic.NEEDED);
    List<String> wanted = edit.needed(now);
    if (wanted.equals(now)) {
      return;
    }
    Map<String, Long> indices = new HashMap<>();
    List<Dynamic> old = entries.stream().filter(e -> e.tag() == Dynamic.NEEDED).toList();
    for (int i = 0; i < old.size(); i++) {
      indices.put(now.get(i), old.get(i).value());
    }
    int first = old.isEmpty() ? 0 : entries.indexOf(old.get(0));
    entries.removeAll(old);
    for (String name : wanted) {
      long index = indices.getOrDefault(name, -1L);
      entries.add(first++, new Dynamic(Dynamic.NEEDED, index < 0 ? strings.index(name) : index));
    }
    versions(edit, Set.copyOf(now), Set.copyOf(wanted), strings);
  }

  /** Libraries that are needed no more leave the chain of versions; replaced ones are renamed. */
  private void versions(ElfEdit edit, Set<String> now, Set<String> wanted, Strings strings)
      throws IOException {
    List<Versions.Library> chain = Versions.read(elf);
    List<Versions.Library> kept = new ArrayList<>();
    List<Versions.Library> gone = new ArrayList<>();
    for (Versions.Library each : chain) {
      String name = edit.replaced().getOrDefault(each.name(), each.name());
      boolean removed = now.contains(each.name()) && !wanted.contains(name);
      (removed ? gone : kept).add(each);
      if (!removed && !name.equals(each.name())) {
        layout.write(each.offset() + 4, number(strings.index(name)));
      }
    }
    if (gone.isEmpty()) {
      return;
    }
    unversion(gone.stream().flatMap(each -> each.indices().stream()).collect(Collectors.toSet()));
    for (int i = 0; i < kept.size(); i++) {
      long next = i + 1 < kept.size() ? kept.get(i + 1).offset() - kept.get(i).offset() : 0;
      layout.write(kept.get(i).offset() + 12, number(next));
    }
    layout
        .sections()
        .versions(kept.size(), kept.isEmpty() ? 0 : kept.get(0).offset() - chain.get(0).offset());
    if (!kept.isEmpty()) {
      long distance = kept.get(0).offset() - chain.get(0).offset();
      set(Dynamic.VERNEED, elf.value(Dynamic.VERNEED).orElseThrow() + distance);
      set(Dynamic.VERNEEDNUM, kept.size());
      return;
    }
    Set<Long> tags =
        elf.value(Dynamic.VERDEF).isPresent()
            ? Set.of(Dynamic.VERNEED, Dynamic.VERNEEDNUM)
            : Set.of(Dynamic.VERNEED, Dynamic.VERNEEDNUM, Dynamic.VERSYM);
    entries.removeIf(e -> tags.contains(e.tag()));
  }

  /** An index without a version is out of the loader's table: such symbols become global (1). */
  private void unversion(Set<Integer> gone) throws IOException {
    if (elf.value(Dynamic.VERSYM).isEmpty()) {
      return;
    }
    long size = 2 * Versions.symbols(elf);
    long at = elf.offset(elf.value(Dynamic.VERSYM).get(), size, "DT_VERSYM");
    ByteBuffer table = elf.in().read(format, at, size, "DT_VERSYM");
    for (int i = 0; i < table.limit(); i += 2) {
      if (gone.contains(Format.half(table, i) & 0x7fff)) {
        table.putShort(i, (short) 1);
      }
    }
    layout.write(at, table);
  }

  private void paths(ElfEdit edit, Strings strings) throws IOException {
    boolean run = elf.value(Dynamic.RUNPATH).isPresent();
    boolean old = elf.value(Dynamic.RPATH).isPresent();
    long tag = run || !old ? Dynamic.RUNPATH : Dynamic.RPATH;
    String now = elf.strings(tag).stream().findFirst().orElse("");
    String wanted = edit.paths(now);
    if (wanted.equals(now)) {
      return;
    }
    if (run && old) { // beside the other no loader looks at it, and it must not come to life
      entries.removeIf(e -> e.tag() == Dynamic.RPATH);
    }
    if (wanted.isEmpty()) {
      entries.removeIf(e -> e.tag() == tag);
    }
    text(tag, wanted, strings);
  }

  private void text(long tag, String wanted, Strings strings) throws IOException {
    if (!wanted.isEmpty() && !elf.strings(tag).equals(List.of(wanted))) {
      set(tag, strings.index(wanted));
    }
  }

  private void set(long tag, long value) {
    Dynamic wanted = new Dynamic(tag, value);
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).tag() == tag) {
        entries.set(i, wanted);
        return;
      }
    }
    entries.add(wanted);
  }

  private void place(Strings strings) throws IOException {
    Segment now = elf.dynamicSegment().orElseThrow();
    Place place = layout.dynamic(entries.size() + 1, SPARE);
    Place table = layout.strings(strings);
    set(Dynamic.STRTAB, table.address());
    set(Dynamic.STRSZ, table.size());
    int left = Math.max(0, elf.dynamic().size() - entries.size());
    ByteBuffer bytes =
        format.buffer(
            place.offset() == now.offset()
                ? (entries.size() + left + 1) * format.dynamic()
                : (int) place.size());
    for (int i = 0; i < entries.size(); i++) {
      long value = entries.get(i).value();
      if (entries.get(i).tag() == Dynamic.MIPS_RLD_MAP_REL && elf.machine() == Elf.MIPS) {
        long before = now.vaddr() + (long) elf.dynamic().indexOf(entries.get(i)) * format.dynamic();
        value += before - (place.address() + (long) i * format.dynamic());
      }
      format.word(bytes, i * format.dynamic(), entries.get(i).tag());
      format.word(bytes, i * format.dynamic() + format.word(), value);
    }
    layout.write(place.offset(), bytes);
  }

  private ByteBuffer number(long value) {
    return format.buffer(4).putInt(0, (int) value);
  }
}
