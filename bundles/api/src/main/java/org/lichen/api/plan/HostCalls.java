package org.lichen.api.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a container may call of the host. {@code commands}: by their path in the container, the
 * program, a name or a path, with arguments before the guest's; {@code paths}: those of them whose
 * arguments that are paths in shared directories become the host's; {@code variables}: names of the
 * guest's variables that are passed, {@code NAME*} for all that begin so; {@code shared}:
 * directories of the host by where they are in the container, for the working directory.
 */
public record HostCalls(
    Map<String, List<String>> commands,
    Set<String> paths,
    List<String> variables,
    Map<String, String> shared) {
  /** Nothing. */
  public static final HostCalls NONE = new HostCalls(Map.of(), Set.of(), List.of(), Map.of());

  public HostCalls {
    commands = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(commands));
    paths = Set.copyOf(paths);
    variables = List.copyOf(variables);
    shared = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(shared));
  }

  /** Its records, which are also those of a frame {@code P}. */
  public void encode(Records.Builder out) {
    if (commands.isEmpty()) {
      return;
    }
    commands.forEach(
        (guest, argv) -> {
          Records.Builder one = Records.builder().text("gues", guest).texts("argv", argv);
          if (paths.contains(guest)) {
            one.number("path", 1);
          }
          out.records("host", one);
        });
    out.texts("henv", variables);
    shared.forEach(
        (guest, host) ->
            out.records("bind", Records.builder().text("host", host).text("gues", guest)));
  }
}
