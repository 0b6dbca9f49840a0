package org.lichen.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.plan.HostCalls;
import org.lichen.runtime.setting.AddMap;

/**
 * The host's commands that a container was given (container.json, {@code others}): {@code
 * hostCommands} by guest path, {@code hostPaths} and {@code hostVariables}. In the place of each
 * the guest finds the stub, which calls the shim by a socket that the shim makes (docs/FORMATS.md,
 * 5).
 */
record HostCommands(Map<String, String> commands, List<String> paths, List<String> variables) {
  private static final String SOCKET = "/run/lichen-host";

  /**
   * Made by the shim in the container's run directory; a path in a plan is below the container's.
   */
  private static final String SOCKET_OF_SHIM = "run/h";

  static HostCommands of(ContainerSpec spec) {
    Map<String, String> commands = new LinkedHashMap<>();
    if (spec.others().get("hostCommands") instanceof Map<?, ?> map) {
      map.forEach((guest, host) -> commands.put(String.valueOf(guest), String.valueOf(host)));
    }
    Settings.of(spec).of("add_exec").forEach((guest, host) -> commands.put(guest, host.get(0)));
    return new HostCommands(commands, spec.texts("hostPaths"), spec.texts("hostVariables"));
  }

  HostCalls calls(ContainerSpec spec) {
    Map<String, List<String>> argv = new LinkedHashMap<>();
    commands.forEach((guest, host) -> argv.put(guest, List.of(host)));
    return new HostCalls(argv, Set.copyOf(paths), variables, shared(spec));
  }

  /** What host and container share. */
  static Map<String, String> shared(ContainerSpec spec) {
    List<Mount> mounts = new ArrayList<>(spec.mounts());
    mounts.addAll(AddMap.mounts(Settings.of(spec)));
    return Mount.shared(mounts);
  }

  void show(Path stub, LaunchSpec.Builder launch) {
    if (commands.isEmpty()) {
      return;
    }
    launch.mount(new Mount(SOCKET_OF_SHIM, new GuestPath(SOCKET), "bind", Set.of()));
    commands
        .keySet()
        .forEach(
            guest ->
                launch.mount(
                    new Mount(stub.toString(), new GuestPath(guest), "bind", Set.of("ro"))));
  }
}
