package org.lichen.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lichen.api.plan.Records;

/**
 * Compares with text files in {@code src/test/golden}, one for each test; {@code -Dgolden=write}
 * writes them anew.
 */
public final class Golden {
  private Golden() {}

  public static void assertThatText(String name, String text) throws IOException {
    Path file = Path.of("src/test/golden", name + ".txt");
    if ("write".equals(System.getProperty("golden"))) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    assertThat(text)
        .as(file + " (-Dgolden=write writes it anew)")
        .isEqualTo(Files.readString(file));
  }

  /** Records as text, one a line: nested ones indented, numbers and texts as people read them. */
  public static String text(byte[] records) {
    StringBuilder out = new StringBuilder();
    append(out, Records.decode(records), "");
    return out.toString();
  }

  private static void append(StringBuilder out, Records records, String indent) {
    for (Records.Item item : records.all()) {
      out.append(indent).append(item.tag());
      byte[] payload = item.payload();
      if (printable(payload)) {
        out.append(' ').append(item.text().replace("\n", "\\n").replace("\t", "\\t")).append('\n');
      } else if (payload.length == Long.BYTES && payload[0] == 0 || allOnes(payload)) {
        out.append(" = ").append(item.number()).append('\n');
      } else {
        out.append('\n');
        append(out, item.records(), indent + "  ");
      }
    }
  }

  private static boolean allOnes(byte[] payload) {
    return payload.length == Long.BYTES && java.nio.ByteBuffer.wrap(payload).getLong() == -1;
  }

  private static boolean printable(byte[] payload) {
    return new String(payload, StandardCharsets.UTF_8)
        .chars()
        .allMatch(c -> c >= ' ' && c != 0xfffd || c == '\n' || c == '\t');
  }
}
