package org.lichen.api.launch;

import java.util.List;

/**
 * Commands of the host that belong together, for a container to call: those of a batch system.
 * {@code variables}: names of the guest's variables that they get, {@code NAME*} for all that begin
 * so; {@code paths}: arguments that are paths in directories that container and host share become
 * those of the host.
 */
public record HostProfile(
    String name, List<String> commands, List<String> variables, boolean paths) {
  public HostProfile {
    commands = List.copyOf(commands);
    variables = List.copyOf(variables);
  }
}
