package org.lichen.elf.command;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.lichen.elf.ElfInfo;

/** What files say, as lines or as JSON. */
final class InfoView {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** e_machine as `uname -m` calls it; others are shown by number. */
  private static final Map<Integer, String> MACHINES =
      Map.of(
          3,
          "i386",
          8,
          "mips",
          20,
          "ppc",
          21,
          "ppc64",
          22,
          "s390x",
          40,
          "arm",
          62,
          "x86_64",
          183,
          "aarch64",
          243,
          "riscv",
          258,
          "loongarch");

  private final boolean json;
  private final ArrayNode all = MAPPER.createArrayNode();
  private final StringBuilder lines = new StringBuilder();

  InfoView(boolean json) {
    this.json = json;
  }

  void add(Path file, ElfInfo info) {
    String kind = info.kind().toString().toLowerCase(Locale.ROOT).replace('_', '-');
    String order = info.order() == ByteOrder.LITTLE_ENDIAN ? "little" : "big";
    String machine = MACHINES.getOrDefault(info.machine(), String.valueOf(info.machine()));
    ObjectNode node = all.addObject();
    node.put("File", file.toString())
        .put("Kind", kind)
        .put("Machine", machine)
        .put("Bits", info.bits())
        .put("Endian", order);
    node.set("Needed", MAPPER.valueToTree(info.needed()));
    line(
        "file",
        file + " (" + kind + ", " + machine + ", " + info.bits() + " bits, " + order + " endian)");
    info.interpreter().ifPresent(value -> put(node, "Interpreter", value));
    info.soname().ifPresent(value -> put(node, "Soname", value));
    info.needed().forEach(value -> line("needed", value));
    info.rpath().ifPresent(value -> put(node, "Rpath", value));
    info.runpath().ifPresent(value -> put(node, "Runpath", value));
  }

  private void put(ObjectNode node, String name, String value) {
    node.put(name, value);
    line(name.toLowerCase(Locale.ROOT), value);
  }

  private void line(String name, String value) {
    lines.append(String.format(Locale.ROOT, "%-12s ", name + ":"));
    lines.append(value.replaceAll("\\p{Cntrl}", "?")).append('\n');
  }

  String text() {
    try {
      return json
          ? MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n"
          : lines.toString();
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // a tree of plain nodes
    }
  }
}
