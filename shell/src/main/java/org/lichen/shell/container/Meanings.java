package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.image.LaunchDefaults;
import org.lichen.shell.base.Call;

/** Applies what the image's format means by running it, where it means something of its own. */
final class Meanings {
  private final SpecOptions options;
  private final Optional<LaunchDefaults> meaning;

  Meanings(SpecOptions options, Optional<LaunchDefaults> meaning, String image)
      throws ContainerException {
    this.options = options;
    this.meaning = meaning;
    if (meaning.isEmpty()) {
      refuse("--action", options.action != null, image);
      refuse("--app", options.app != null, image);
      refuse("--apptainer-compat", options.compatible, image);
    }
    if (options.writable && !options.compatible) {
      throw SpecOptions.usage(
          "--writable-tmpfs: only with --apptainer-compat", "without it the image can be written");
    }
    if (options.entrypoint != null && (options.action != null || options.app != null)) {
      throw SpecOptions.usage("--entrypoint and --action contradict each other", "leave one out");
    }
  }

  private static void refuse(String option, boolean given, String image) throws ContainerException {
    if (given) {
      throw SpecOptions.usage(
          option + ": image '" + image + "' was not made by Singularity or Apptainer",
          "lichen run sif:FILE");
    }
  }

  /** With --apptainer-compat; before mounts and variables of the user, which win. */
  void compatible(ContainerSpec.Builder spec, Call call, Set<String> requires)
      throws ContainerException, IOException {
    if (!options.compatible || meaning.isEmpty()) {
      return;
    }
    Request request = call.request();
    if (options.user == null && options.identity == null && options.userns == null) {
      LaunchDefaults.Account caller = caller(Path.of(call.services().home()));
      spec.identity("single").user(caller.uid() + ":" + caller.gid());
      Map<String, String> files = new LinkedHashMap<>();
      meaning.get().files(caller).forEach((path, text) -> files.put(path.value(), text));
      if (!files.isEmpty()) {
        spec.other("files", files);
      }
    }
    meaning.get().callers().forEach((name, value) -> spec.environment(name + "=" + value));
    meaning.get().mounts().forEach(spec::mount);
    if (options.directory == null) {
      spec.directory(request.directory().toString());
    }
    if (meaning.get().readOnly() && !options.writable) {
      spec.readOnly(true);
      requires.add("read-only");
    }
  }

  /** Whom a directory belongs to. */
  private static LaunchDefaults.Account caller(Path own) throws IOException {
    Map<String, Object> found = Files.readAttributes(own, "unix:uid,gid,owner,group");
    return new LaunchDefaults.Account(
        String.valueOf(found.get("owner")),
        ((Number) found.getOrDefault("uid", 0)).longValue(),
        String.valueOf(found.get("group")),
        ((Number) found.getOrDefault("gid", 0)).longValue());
  }

  /** Command and environment; {@code pairs} are what the user sets. */
  void apply(ContainerSpec.Builder spec, List<String> arguments, List<String> pairs)
      throws ContainerException {
    if (meaning.isEmpty() || options.entrypoint != null) {
      return;
    }
    Optional<String> app = Optional.ofNullable(options.app);
    Set<String> set = new LinkedHashSet<>();
    pairs.forEach(pair -> set.add(pair.substring(0, pair.indexOf('='))));
    meaning.get().environment(app).forEach((name, value) -> spec.environment(name + "=" + value));
    String action = options.action == null ? "run" : options.action;
    List<String> argv = new ArrayList<>(meaning.get().argv(action, app, set));
    if (argv.isEmpty() && action.equals("run")) {
      return;
    }
    argv.addAll(arguments);
    if (action.equals("exec") && arguments.isEmpty()) {
      throw SpecOptions.usage("--action exec: which program?", "lichen exec sif:FILE PROGRAM");
    }
    spec.command(argv);
  }
}
