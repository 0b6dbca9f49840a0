package org.lichen.shell.base;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lichen.api.ContainerException;

/**
 * Things to be listed: as a table of some of their fields, as JSON of all, or by a template.
 * Headings are the field names of {@link #column}.
 */
public final class Rows {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private record Column(String heading, String field) {}

  private final List<Column> columns = new ArrayList<>();
  private final List<Map<String, Object>> rows = new ArrayList<>();

  /** Shows a field in the table under a heading. */
  public Rows column(String heading, String field) {
    columns.add(new Column(heading, field));
    return this;
  }

  /** Adds a row of fields; the map is kept. */
  public Rows add(Map<String, Object> fields) {
    rows.add(fields);
    return this;
  }

  /** Prints: {@code format} is empty (table), {@code json}, or a template. */
  public void print(PrintStream out, String format, boolean headings) throws ContainerException {
    if (format.equals("json")) {
      out.println(json(rows));
    } else if (!format.isEmpty() && !format.startsWith("table")) {
      Template template = new Template(format);
      rows.forEach(row -> out.println(template.fill(row)));
    } else {
      table(out, format, headings);
    }
  }

  private void table(PrintStream out, String format, boolean headings) throws ContainerException {
    List<List<String>> cells = new ArrayList<>();
    if (format.startsWith("table")) {
      String inner = format.substring("table".length()).trim().replace("\\t", "\t");
      Template template = new Template(inner);
      Map<String, Object> names = new LinkedHashMap<>();
      rows.stream()
          .findFirst()
          .ifPresent(row -> row.keySet().forEach(k -> names.put(k, k.toUpperCase(Locale.ROOT))));
      if (headings && !names.isEmpty()) {
        cells.add(List.of(template.fill(names).split("\t", -1)));
      }
      rows.forEach(row -> cells.add(List.of(template.fill(row).split("\t", -1))));
    } else {
      if (headings) {
        cells.add(columns.stream().map(Column::heading).toList());
      }
      for (Map<String, Object> row : rows) {
        cells.add(columns.stream().map(c -> Template.text(row.getOrDefault(c.field, ""))).toList());
      }
    }
    align(out, cells);
  }

  private static void align(PrintStream out, List<List<String>> cells) {
    List<Integer> widths = new ArrayList<>();
    for (List<String> row : cells) {
      for (int i = 0; i < row.size(); i++) {
        int width = row.get(i).length();
        if (i == widths.size()) {
          widths.add(width);
        } else {
          widths.set(i, Math.max(widths.get(i), width));
        }
      }
    }
    for (List<String> row : cells) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i));
        if (i < row.size() - 1) {
          line.append(" ".repeat(widths.get(i) - row.get(i).length() + 2));
        }
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /** JSON as people read it. */
  public static String json(Object value) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
