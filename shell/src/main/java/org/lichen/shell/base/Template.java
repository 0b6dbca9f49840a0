package org.lichen.shell.base;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;

/**
 * A template in the form of Go's: text with {@code {{.Field}}}, {@code {{.Field.Inner}}} and {@code
 * {{json .Field}}}. Field names are matched without regard to case, as podman's users expect.
 */
public final class Template {
  private static final Pattern ACTION = Pattern.compile("\\{\\{\\s*(json\\s+)?([^}]*?)\\s*}}");
  private static final Pattern PATH = Pattern.compile("\\.|(\\.[A-Za-z0-9_]+)+");

  private record Part(String text, boolean field, boolean json) {}

  private final List<Part> parts = new ArrayList<>();

  public Template(String text) throws ContainerException {
    Matcher action = ACTION.matcher(text);
    int at = 0;
    while (action.find()) {
      parts.add(new Part(unescape(text.substring(at, action.start())), false, false));
      String path = action.group(2);
      if (!PATH.matcher(path).matches()) {
        throw new ContainerException(
            Kind.USAGE,
            "the template has '{{" + path + "}}', which is no field",
            "an example: --format '{{.ID}} {{.Names}}'");
      }
      parts.add(new Part(path, true, action.group(1) != null));
      at = action.end();
    }
    parts.add(new Part(unescape(text.substring(at)), false, false));
  }

  private static String unescape(String text) {
    return text.replace("\\t", "\t").replace("\\n", "\n");
  }

  public String fill(Map<String, ?> fields) {
    StringBuilder out = new StringBuilder();
    for (Part part : parts) {
      if (!part.field) {
        out.append(part.text);
      } else {
        Object value = lookup(fields, part.text);
        out.append(part.json ? Rows.json(value) : text(value));
      }
    }
    return out.toString();
  }

  private static Object lookup(Map<String, ?> fields, String path) {
    Object at = fields;
    for (String name : path.substring(1).split("\\.", -1)) {
      if (name.isEmpty()) {
        continue;
      }
      Object found = "<no value>";
      if (at instanceof Map<?, ?> map) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          if (String.valueOf(entry.getKey()).equalsIgnoreCase(name)) {
            found = entry.getValue() == null ? "" : entry.getValue();
          }
        }
      }
      at = found;
    }
    return at;
  }

  static String text(Object value) {
    if (value instanceof List<?> list) {
      return String.join(",", list.stream().map(String::valueOf).toList());
    }
    return String.valueOf(value);
  }
}
