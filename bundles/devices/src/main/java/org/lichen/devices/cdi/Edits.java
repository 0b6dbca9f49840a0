package org.lichen.devices.cdi;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a device needs in a container (CDI, "containerEdits"). {@code variables} are {@code
 * NAME=VALUE}. Immutable.
 */
public record Edits(
    List<String> variables,
    List<Node> nodes,
    List<Bind> mounts,
    List<Hook> hooks,
    List<Long> groups) {
  public static final Edits NONE = new Edits(List.of(), List.of(), List.of(), List.of(), List.of());

  public Edits {
    variables = List.copyOf(variables);
    nodes = List.copyOf(nodes);
    mounts = List.copyOf(mounts);
    hooks = List.copyOf(hooks);
    groups = List.copyOf(groups);
  }

  /** A device node, or a directory of such: where the guest finds it, and where the host has it. */
  public record Node(String path, String hostPath) {}

  /** A file or directory; {@code type} is {@code bind} or {@code tmpfs}. */
  public record Bind(String hostPath, String containerPath, String type, List<String> options) {
    public Bind {
      options = List.copyOf(options);
    }
  }

  /** A program that a runtime with root's rights would start. */
  public record Hook(String name, String path, List<String> arguments) {
    public Hook {
      arguments = List.copyOf(arguments);
    }
  }

  /** Both; what is in both is once in it. */
  public Edits with(Edits more) {
    return new Edits(
        joined(variables, more.variables),
        joined(nodes, more.nodes),
        joined(mounts, more.mounts),
        joined(hooks, more.hooks),
        joined(groups, more.groups));
  }

  private static <T> List<T> joined(List<T> one, List<T> other) {
    return new ArrayList<>(Stream.concat(one.stream(), other.stream()).distinct().toList());
  }
}
