package org.lichen.image.singularity.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.Request;
import org.lichen.api.image.Image;
import org.lichen.api.image.LaunchDefaults;

/**
 * What Apptainer means by running an image: the scripts of its environment are read by the guest's
 * shell, what the caller sets ({@code APPTAINERENV_NAME}, {@code SINGULARITYENV_NAME}, {@code -e})
 * wins over them, and then comes the script of the action.
 */
public final class Meaning implements LaunchDefaults {
  /** Where the sections stand in the configuration of an image. */
  public static final String KEY = "singularity";

  private static final List<String> PREFIXES = List.of("SINGULARITYENV_", "APPTAINERENV_");
  private static final String NAME = "[A-Za-z_][A-Za-z0-9_]*";
  private static final Set<String> PATHS = Set.of("PREPEND_PATH", "APPEND_PATH");

  private final Map<String, Object> sections;
  private final Request request;

  private Meaning(Map<String, Object> sections, Request request) {
    this.sections = sections;
    this.request = request;
  }

  /** Empty if the image was not made by Singularity or Apptainer. */
  public static Optional<LaunchDefaults> of(Image image, Request request) {
    if (!(image.config().oci().get(KEY) instanceof Map<?, ?> found)) {
      return Optional.empty();
    }
    Map<String, Object> sections = new LinkedHashMap<>();
    found.forEach((key, value) -> sections.put(String.valueOf(key), value));
    return Optional.of(new Meaning(sections, request));
  }

  @Override
  public List<String> argv(String action, Optional<String> app, Set<String> set)
      throws ContainerException {
    String own = app.isPresent() ? app(action, app.get()) : script(action);
    if (!Boolean.TRUE.equals(sections.get("shell"))) {
      return withoutShell(action);
    }
    Set<String> names = new TreeSet<>(injected().keySet());
    set.stream().filter(name -> name.matches(NAME)).forEach(names::add);
    names.removeAll(PATHS);
    StringBuilder script = new StringBuilder();
    for (String name : names) {
      script.append("_lichen_").append(name).append("=$").append(name).append('\n');
    }
    script.append("for _s in /.singularity.d/env/*.sh; do [ ! -f \"$_s\" ] || . \"$_s\"; done\n");
    for (String name : names) {
      script.append("export ").append(name).append("=\"$_lichen_").append(name).append("\"\n");
      script.append("unset _lichen_").append(name).append('\n');
    }
    injected()
        .forEach(
            (name, value) -> {
              if (name.equals("PREPEND_PATH")) {
                script.append("export PATH=").append(quoted(value)).append(":\"$PATH\"\n");
              } else if (name.equals("APPEND_PATH")) {
                script.append("export PATH=\"$PATH\":").append(quoted(value)).append('\n');
              }
            });
    script.append("unset _s\n").append(own);
    return List.of("/bin/sh", "-c", script.toString(), action);
  }

  /** The last lines: what is executed in place of the shell that has read the environment. */
  private static String script(String action) throws ContainerException {
    return switch (action) {
      case "run" ->
          """
          for _r in /.singularity.d/runscript /singularity; do [ ! -x $_r ] || exec $_r "$@"; done
          exec /bin/sh "$@"
          """;
      case "exec" -> "exec \"$@\"\n";
      case "shell" ->
          """
          [ ! -x /bin/bash ] || exec /bin/bash --norc "$@"
          exec /bin/sh "$@"
          """;
      case "test" -> only("test");
      case "start" -> only("startscript");
      default ->
          throw new ContainerException(
              Kind.USAGE, "'" + action + "' is not an action", "run, exec, shell, test, start");
    };
  }

  private static String only(String script) {
    return """
        [ ! -x /.singularity.d/%1$s ] || exec /.singularity.d/%1$s "$@"
        echo 'lichen: this image has no %1$s' >&2; exit 125
        """
        .formatted(script);
  }

  private String app(String action, String app) throws ContainerException {
    List<String> apps = new ArrayList<>();
    if (sections.get("apps") instanceof List<?> all) {
      all.forEach(each -> apps.add(String.valueOf(each)));
    }
    if (!apps.contains(app)) {
      throw new ContainerException(
          Kind.NOT_FOUND,
          "the image has no app '" + app + "'",
          apps.isEmpty() ? "it has none" : "it has " + String.join(", ", apps));
    }
    String at = "/scif/apps/" + app + "/scif/"; // a name of letters, digits and _ . -
    return switch (action) {
      case "run" -> "exec " + at + "runscript \"$@\"\n";
      case "test" -> "exec " + at + "test \"$@\"\n";
      case "start" -> "exec " + at + "startscript \"$@\"\n";
      default -> script(action);
    };
  }

  /**
   * A root without a shell: what can be executed directly is; what it was before Singularity made
   * an image of it goes before a script.
   */
  private List<String> withoutShell(String action) throws ContainerException {
    return switch (action) {
      case "exec" -> List.of();
      case "run" ->
          Boolean.TRUE.equals(sections.get("started"))
              ? List.of()
              : List.of("/.singularity.d/runscript");
      case "test" -> List.of("/.singularity.d/test");
      case "start" -> List.of("/.singularity.d/startscript");
      default ->
          throw new ContainerException(
              Kind.UNSUPPORTED, "the image has no /bin/sh", "lichen exec sif:FILE PROGRAM");
    };
  }

  /** What a word of any bytes is in a script. */
  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }

  /** Variables that the caller's environment has for the guest; APPTAINERENV_ wins. */
  private Map<String, String> injected() {
    Map<String, String> all = new LinkedHashMap<>();
    for (String prefix : PREFIXES) {
      request
          .environment()
          .forEach(
              (key, value) -> {
                String name = key.startsWith(prefix) ? key.substring(prefix.length()) : "";
                if (name.matches(NAME)) {
                  all.put(name, value);
                }
              });
    }
    return all;
  }

  @Override
  public Map<String, String> environment(Optional<String> app) {
    Map<String, String> injected = injected();
    Map<String, String> all = new LinkedHashMap<>();
    if (sections.get("exports") instanceof Map<?, ?> exports) {
      exports.forEach((name, value) -> all.put(String.valueOf(name), String.valueOf(value)));
      String path = all.getOrDefault("PATH", SingularityImages.PATH);
      List<String> parts = new ArrayList<>(List.of(path));
      Optional.ofNullable(injected.get("PREPEND_PATH")).ifPresent(part -> parts.add(0, part));
      Optional.ofNullable(injected.get("APPEND_PATH")).ifPresent(parts::add);
      if (parts.size() > 1) {
        all.put("PATH", String.join(":", parts));
      }
    }
    all.putAll(injected);
    all.keySet().removeAll(PATHS);
    all.put("APPTAINER_ENVIRONMENT", "/.singularity.d/env/91-environment.sh");
    all.put("SINGULARITY_ENVIRONMENT", "/.singularity.d/env/91-environment.sh");
    app.ifPresent(
        name -> {
          all.put("APPTAINER_APPNAME", name);
          all.put("SINGULARITY_APPNAME", name);
        });
    return all;
  }

  /** Apptainer's user guide, "Bind Paths and Mounts": home, temporary files, working directory. */
  @Override
  public List<Mount> mounts() {
    Set<String> paths = new LinkedHashSet<>();
    String home = request.environment().getOrDefault("HOME", "");
    if (home.startsWith("/") && !home.equals("/")) {
      paths.add(GuestPath.ROOT.resolve(home).value());
    }
    paths.add("/tmp");
    paths.add("/var/tmp");
    String directory = request.directory().toString();
    if (!directory.equals("/")
        && paths.stream().noneMatch(path -> (directory + "/").startsWith(path + "/"))) {
      paths.add(directory);
    }
    return paths.stream()
        .map(path -> new Mount(path, new GuestPath(path), "bind", Set.of()))
        .toList();
  }

  @Override
  public Map<GuestPath, String> files(Account caller) {
    Map<GuestPath, String> files = new LinkedHashMap<>();
    if (sections.get("passwd") instanceof String passwd) {
      String home = request.environment().getOrDefault("HOME", "/");
      String shell = request.environment().getOrDefault("SHELL", "/bin/sh");
      files.put(new GuestPath("/etc/passwd"), Accounts.passwd(passwd, caller, home, shell));
    }
    if (sections.get("group") instanceof String group) {
      files.put(new GuestPath("/etc/group"), Accounts.group(group, caller));
    }
    return files;
  }

  @Override
  public boolean readOnly() {
    return true;
  }

  /** Everything but what belongs to the host's programs or would be taken for the guest's. */
  @Override
  public Map<String, String> callers() {
    Map<String, String> all = new LinkedHashMap<>();
    request
        .environment()
        .forEach(
            (name, value) -> {
              if (name.matches(NAME)
                  && !name.equals("PATH")
                  && !name.startsWith("LD_")
                  && PREFIXES.stream().noneMatch(name::startsWith)
                  && !name.startsWith("APPTAINER_")
                  && !name.startsWith("SINGULARITY_")
                  && !name.startsWith("LICHEN_")) {
                all.put(name, value);
              }
            });
    return all;
  }
}
