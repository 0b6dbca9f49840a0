package org.lichen.shell.container;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.launch.HostProfile;
import picocli.CommandLine.Option;

/** What a container may call of the host. */
final class HostOptions {
  private static final String PLACE = "/usr/local/bin/";

  @Option(
      names = "--host-command",
      split = ",",
      paramLabel = "NAME[=GUEST]",
      description =
          "A command of the host that the container may call; by default it finds it in"
              + " /usr/local/bin.")
  List<String> commands = new ArrayList<>();

  @Option(
      names = "--host-env",
      split = ",",
      paramLabel = "NAME",
      description = "Variables of the guest that such commands get; NAME* for all that begin so.")
  List<String> variables = new ArrayList<>();

  @Option(
      names = "--host-profile",
      split = ",",
      paramLabel = "slurm|sge|pbs|lsf|NAME",
      description =
          "The commands of a batch system, as far as the host has them, with their variables, and"
              + " paths translated. NAME: of host-profiles in the configuration.")
  List<String> profiles = new ArrayList<>();

  void apply(ContainerSpec.Builder spec, List<HostProfile> plugged, Request request)
      throws ContainerException {
    Map<String, String> all = new LinkedHashMap<>();
    List<String> paths = new ArrayList<>();
    List<String> passed = new ArrayList<>(variables);
    for (String name : profiles) {
      HostProfile profile = profile(name, plugged, request);
      List<String> there =
          profile.commands().stream().filter(command -> isThere(command, request)).toList();
      if (there.isEmpty()) {
        throw SpecOptions.usage(
            "--host-profile " + name + ": none of its commands is in your PATH",
            String.join(", ", profile.commands()));
      }
      for (String command : there) {
        String guest = PLACE + command.substring(command.lastIndexOf('/') + 1);
        all.put(guest, command);
        if (profile.paths()) {
          paths.add(guest);
        }
      }
      passed.addAll(profile.variables());
    }
    for (String one : commands) {
      put(one, request, all);
    }
    if (all.isEmpty() && !variables.isEmpty()) {
      throw SpecOptions.usage("--host-env: no command of the host gets it", "--host-command NAME");
    }
    if (!all.isEmpty()) {
      spec.other("hostCommands", all);
      spec.other("hostPaths", paths);
      spec.other("hostVariables", passed);
    }
  }

  private static void put(String typed, Request request, Map<String, String> all)
      throws ContainerException {
    int equals = typed.indexOf('=');
    String host = equals < 0 ? typed : typed.substring(0, equals);
    String guest =
        equals < 0
            ? PLACE + host.substring(host.lastIndexOf('/') + 1)
            : typed.substring(equals + 1);
    if (host.isEmpty() || !guest.startsWith("/") || guest.endsWith("/")) {
      throw SpecOptions.usage(
          "--host-command " + typed + ": not NAME or NAME=/PATH", "--host-command squeue");
    }
    // Never a path that the guest's working directory decides about.
    all.put(
        new GuestPath(guest).toString(), host.contains("/") ? request.path(host).toString() : host);
  }

  private static HostProfile profile(String name, List<HostProfile> plugged, Request request)
      throws ContainerException {
    String key = "host-profiles." + name;
    if (request.configuration().value(key).isPresent()) {
      return new HostProfile(
          name,
          request.configuration().list(key + ".commands"),
          request.configuration().list(key + ".variables"),
          request.configuration().text(key + ".paths").map(Boolean::parseBoolean).orElse(false));
    }
    for (HostProfile profile : plugged) {
      if (profile.name().equals(name)) {
        return profile;
      }
    }
    List<String> known = new ArrayList<>(request.configuration().section("host-profiles").keySet());
    plugged.forEach(profile -> known.add(profile.name()));
    throw SpecOptions.usage("no host profile " + name, "there are: " + String.join(", ", known));
  }

  private static boolean isThere(String command, Request request) {
    if (command.startsWith("/")) {
      return Files.isExecutable(Path.of(command));
    }
    for (String directory : request.environment().getOrDefault("PATH", "").split(":", -1)) {
      if (directory.startsWith("/") && Files.isExecutable(Path.of(directory, command))) {
        return true;
      }
    }
    return false;
  }
}
