package org.lichen.calls;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.container.ContainerId;
import org.lichen.api.plan.Records;

/**
 * A command of the host that runs in a container. {@code argv}: what it stands for, to which the
 * caller's arguments are added; {@code environment}: {@code K=V}, set besides; {@code only}: none
 * of the caller's variables are passed; {@code binds}: directories of the host by where they are in
 * the container, for the caller's working directory.
 */
public record Exposed(
    String name,
    ContainerId container,
    List<String> argv,
    List<String> environment,
    boolean only,
    Map<String, String> binds) {
  public Exposed {
    argv = List.copyOf(argv);
    environment = List.copyOf(environment);
    binds = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(binds));
  }

  /** The same with other directories. */
  Exposed sharing(Map<String, String> directories) {
    return new Exposed(name, container, argv, environment, only, directories);
  }

  byte[] encoded() {
    Records.Builder out =
        Records.builder()
            .text("id..", container.value())
            .texts("argv", argv)
            .texts("envi", environment);
    if (only) {
      out.number("only", 1);
    }
    binds.forEach(
        (guest, host) ->
            out.records("bind", Records.builder().text("host", host).text("gues", guest)));
    return out.encoded();
  }

  static Exposed decode(String name, byte[] bytes) {
    String id = "";
    List<String> argv = new java.util.ArrayList<>();
    List<String> environment = new java.util.ArrayList<>();
    Map<String, String> binds = new LinkedHashMap<>();
    boolean only = false;
    for (Records.Item item : Records.decode(bytes).all()) {
      switch (item.tag()) {
        case "id.." -> id = item.text();
        case "argv" -> argv.add(item.text());
        case "envi" -> environment.add(item.text());
        case "only" -> only = true;
        case "bind" -> bind(item.records(), binds);
        default -> throw new IllegalArgumentException("unknown record " + item.tag());
      }
    }
    return new Exposed(name, new ContainerId(id), argv, environment, only, binds);
  }

  private static void bind(Records records, Map<String, String> binds) {
    String host = "";
    String guest = "";
    for (Records.Item item : records.all()) {
      if (item.tag().equals("host")) {
        host = item.text();
      } else {
        guest = item.text();
      }
    }
    binds.put(guest, host);
  }
}
