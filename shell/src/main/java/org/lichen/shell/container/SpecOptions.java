package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Request;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.image.Images.PullPolicy;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Platform;
import org.lichen.api.image.ReadOptions;
import org.lichen.shell.base.Call;
import org.lichen.shell.base.PlatformConverter;
import org.lichen.shell.base.QuietRequest;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code run} and {@code create}, with podman's names and meanings. */
final class SpecOptions {
  @Option(names = "--name", paramLabel = "NAME", defaultValue = "", description = "Its name.")
  String name;

  @Option(
      names = {"-i", "--interactive"},
      description = "Give it standard input.")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Give it a terminal.")
  boolean terminal;

  @Option(names = "--rm", description = "Remove it when it has ended.")
  boolean remove;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "NAME[=VALUE]",
      description = "Set a variable.")
  List<String> environment = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE", description = "Set the variables of a file.")
  List<String> environmentFiles = new ArrayList<>();

  @Option(
      names = "--entrypoint",
      paramLabel = "COMMAND",
      description = "Instead of the image's entrypoint; a JSON list is taken as it is.")
  @Nullable String entrypoint;

  @Option(
      names = {"-v", "--volume"},
      paramLabel = "HOST:GUEST[:ro]",
      description = "Show a host directory or file, or a named volume, inside.")
  List<String> volumes = new ArrayList<>();

  @Option(
      names = "--mount",
      paramLabel = "type=…,source=…,target=…",
      description = "bind, volume or tmpfs; for paths with ':'.")
  List<String> mounts = new ArrayList<>();

  @Option(names = "--tmpfs", paramLabel = "GUEST[:OPTIONS]", description = "An empty tmpfs.")
  List<String> tmpfs = new ArrayList<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      description = "Working directory.")
  @Nullable String directory;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER[:GROUP]",
      description = "Name or id, looked up in the container.")
  @Nullable String user;

  @Option(
      names = {"-h", "--hostname"},
      paramLabel = "NAME",
      description = "Its host name.")
  @Nullable String hostname;

  @Option(names = "--add-host", paramLabel = "NAME:IP", description = "A line for /etc/hosts.")
  List<String> hosts = new ArrayList<>();

  @Option(
      names = {"-l", "--label"},
      paramLabel = "KEY=VALUE",
      description = "A label.")
  List<String> labels = new ArrayList<>();

  @Option(names = "--label-file", paramLabel = "FILE", description = "Labels from a file.")
  List<String> labelFiles = new ArrayList<>();

  @Option(
      names = {"--network", "--net"},
      paramLabel = "host|none",
      description = "The host's network (default), or none.")
  @Nullable String network;

  @Option(names = "--pid", paramLabel = "private|host", description = "Process ids.")
  @Nullable String pid;

  @Option(names = "--ipc", paramLabel = "private|host", description = "System V IPC.")
  @Nullable String ipc;

  @Option(names = "--uts", paramLabel = "private|host", description = "Host name.")
  @Nullable String uts;

  @Option(names = "--cgroupns", paramLabel = "private|host", description = "Control groups.")
  @Nullable String cgroup;

  @Option(
      names = "--userns",
      paramLabel = "IDENTITY",
      description = "As --identity; 'keep-id' is your own user inside.")
  @Nullable String userns;

  @Option(
      names = "--identity",
      paramLabel = "single|basic|ranges|full",
      description = "Who the guest's users are on the host (default: the best that works).")
  @Nullable String identity;

  @Option(names = "--privileged", description = "Every capability, no seccomp, nothing hidden.")
  boolean privileged;

  @Option(names = "--cap-add", paramLabel = "NAME", split = ",", description = "A capability more.")
  List<String> added = new ArrayList<>();

  @Option(names = "--cap-drop", paramLabel = "NAME", split = ",", description = "One less.")
  List<String> dropped = new ArrayList<>();

  @Option(
      names = "--security-opt",
      paramLabel = "OPTION",
      description = "seccomp=unconfined, no-new-privileges (always so), label=…")
  List<String> security = new ArrayList<>();

  @Option(names = "--read-only", description = "The root filesystem cannot be written.")
  boolean readOnly;

  @Option(names = "--ulimit", paramLabel = "NAME=SOFT[:HARD]", description = "A resource limit.")
  List<String> limits = new ArrayList<>();

  @Option(names = "--stop-signal", paramLabel = "SIGNAL", description = "What stop sends.")
  @Nullable String stopSignal;

  @Option(names = "--stop-timeout", paramLabel = "SECONDS", description = "Until SIGKILL.")
  @Nullable Integer stopTimeout;

  @Option(
      names = "--init",
      arity = "0..1",
      defaultValue = "true",
      fallbackValue = "true",
      description = "A reaper is pid 1 (default); --init=false: the guest itself is.")
  boolean init;

  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      description = "Keys that leave a terminal (default: ctrl-p,ctrl-q).")
  @Nullable String detachKeys;

  @Option(
      names = "--pull",
      paramLabel = "always|missing|never|newer",
      defaultValue = "missing",
      description = "When to ask the registry.")
  String pull;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      converter = PlatformConverter.class,
      description = "The platform of the image.")
  @Nullable Platform platform;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress of a pull.")
  boolean quiet;

  @Option(
      names = "--launcher",
      paramLabel = "userns|trap|preload|NAME",
      description =
          "Instead of the best one. userns isolates; trap needs no namespaces, preload no filters"
              + " either, and each isolates nothing: processes, network and users are the host's.")
  @Nullable String launcher;

  @Option(
      names = "--preload-engine",
      paramLabel = "images|symbols",
      description =
          "How launcher preload gets into programs: by rewriting their code (default), or, where"
              + " that cannot be mapped, by a library; then static programs are refused.")
  @Nullable String preloadEngine;

  @Mixin HostOptions host = new HostOptions();

  @Option(
      names = "--strategy",
      paramLabel = "uufs|extract",
      description = "Shared layers, or a copy of its own (default: the best that works).")
  @Nullable String strategy;

  @Option(
      names = "--upper",
      paramLabel = "DIR",
      description = "Keep what it writes in a directory of a local disk (default: in --home).")
  @Nullable String upper;

  @Option(
      names = "--action",
      paramLabel = "run|exec|shell|test|start",
      description = "What to do with an image that has scripts for it, as sif: images have.")
  @Nullable String action;

  @Option(names = "--app", paramLabel = "NAME", description = "An app within such an image.")
  @Nullable String app;

  @Option(
      names = "--apptainer-compat",
      description =
          "Isolate such an image as Apptainer does: home, /tmp and the working directory are the"
              + " host's, the environment is passed, the image is read-only.")
  boolean compatible;

  @Option(
      names = "--writable-tmpfs",
      description =
          "With --apptainer-compat: the image can be written; it goes with the container.")
  boolean writable;

  @Option(names = "--cidfile", paramLabel = "FILE", description = "Write the id into a file.")
  @Nullable String cidFile;

  /** Those of launch contributors. */
  final PluggedOptions plugged = new PluggedOptions();

  private Optional<Path> file = Optional.empty();

  /** The container that these options ask for. */
  ContainerSpec spec(String image, List<String> arguments, Call call)
      throws ContainerException, IOException {
    Request request = quiet ? QuietRequest.of(call.request()) : call.request();
    NamedImage found =
        call.services()
            .images()
            .resolve(
                image,
                policy(),
                new ReadOptions(Optional.ofNullable(platform), false, Map.of()),
                request);
    ContainerSpec.Builder spec =
        call.services().runtime().defaults(found, Entrypoint.parse(entrypoint), arguments);
    Set<String> requires = new LinkedHashSet<>();
    file =
        found.names().stream()
            .filter(name -> !name.transport().equals("docker"))
            .map(name -> Path.of(name.name()))
            .filter(Files::isRegularFile)
            .findFirst();
    Meanings meaning =
        new Meanings(this, call.services().images().meaning(found.image(), request), image);
    identity(spec);
    meaning.compatible(spec, call, requires);
    List<String> pairs = Variables.of(environmentFiles, environment, request);
    meaning.apply(spec, arguments, pairs);
    variables(spec, pairs, request);
    new MountOptions(request, call.services().home(), requires).apply(this, spec);
    namespaces(spec, requires);
    rights(spec, requires);
    labels(spec, request);
    if (preloadEngine != null) {
      if (!preloadEngine.equals("images") && !preloadEngine.equals("symbols")) {
        throw usage("--preload-engine " + preloadEngine + ": not an engine", "images or symbols");
      }
      requires.add("preload-engine-" + preloadEngine);
    }
    host.apply(spec, call.services().hostProfiles().get(), request);
    plugged.apply(spec, request);
    if (upper != null) {
      spec.other("upper", request.path(upper).toString());
    }
    if (!requires.isEmpty()) {
      spec.other("requires", List.copyOf(requires));
    }
    return spec.build();
  }

  /** The file that the image was read from, if it was one; known after {@link #spec}. */
  Optional<Path> file() {
    return file;
  }

  /** Whether no file is named whose content makes another container of the same words. */
  boolean dependsOnCommandLineAlone() {
    return environmentFiles.isEmpty()
        && labelFiles.isEmpty()
        && host.profiles.isEmpty()
        && (pull.equals("missing") || pull.equals("never"));
  }

  private PullPolicy policy() throws ContainerException {
    try {
      return PullPolicy.valueOf(pull.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw usage("--pull " + pull + ": not a policy", "always, missing, never, newer");
    }
  }

  private void identity(ContainerSpec.Builder spec) throws ContainerException {
    spec.name(name)
        .interactive(interactive)
        .terminal(terminal)
        .ephemeral(remove)
        .init(init)
        .readOnly(readOnly)
        .launcher(Optional.ofNullable(launcher).filter(l -> !l.equals("auto")))
        .strategy(strategy == null || strategy.equals("auto") ? "" : strategy);
    String wanted = identity == null ? "" : identity;
    if (userns != null) {
      wanted =
          switch (userns) {
            case "", "host", "auto" -> wanted;
            case "keep-id", "nomap" -> "single";
            default -> userns;
          };
    }
    if (!Set.of("", "auto", "single", "basic", "ranges", "full").contains(wanted)) {
      throw usage("'" + wanted + "' is not an identity", "single, basic, ranges, full");
    }
    spec.identity(wanted.equals("auto") ? "" : wanted);
    if (directory != null) {
      spec.directory(directory);
    }
    if (user != null) {
      spec.user(user);
    }
    if (hostname != null) {
      spec.hostname(hostname);
    }
    if (stopSignal != null) {
      spec.stopSignal(stopSignal);
    }
    if (stopTimeout != null) {
      spec.stopTimeout(Duration.ofSeconds(stopTimeout));
    }
    if (detachKeys != null) {
      spec.detachKeys(detachKeys);
    }
  }

  private void variables(ContainerSpec.Builder spec, List<String> pairs, Request request) {
    if (terminal) {
      spec.environment("TERM=" + request.environment().getOrDefault("TERM", "xterm"));
    }
    pairs.forEach(spec::environment);
  }

  private void namespaces(ContainerSpec.Builder spec, Set<String> requires)
      throws ContainerException {
    namespace(spec, requires, "pid", pid);
    namespace(spec, requires, "ipc", ipc);
    namespace(spec, requires, "uts", uts);
    namespace(spec, requires, "cgroup", cgroup);
    if (hostname != null) {
      requires.add("host-name");
    }
    if (network != null) {
      if (!Set.of("host", "none").contains(network)) {
        throw usage("--network " + network + ": not supported yet", "host or none");
      }
      spec.namespace("net", network);
      if (network.equals("none")) {
        requires.add("no-network");
      }
    }
    if (!hosts.isEmpty()) {
      List<String> lines = new ArrayList<>();
      for (String host : hosts) {
        int colon = host.indexOf(':');
        if (colon <= 0) {
          throw usage("--add-host " + host + ": not NAME:IP", "an example: db:10.0.0.7");
        }
        lines.add(host.substring(colon + 1) + "\t" + host.substring(0, colon));
      }
      spec.other("hosts", lines);
    }
  }

  private static void namespace(
      ContainerSpec.Builder spec, Set<String> requires, String kind, @Nullable String value)
      throws ContainerException {
    if (value == null) {
      return;
    }
    if (!Set.of("private", "host").contains(value)) {
      throw usage("--" + kind + " " + value + ": not supported", "private or host");
    }
    spec.namespace(kind, value);
    if (value.equals("private")) {
      requires.add("private-" + kind);
    }
  }

  private void rights(ContainerSpec.Builder spec, Set<String> requires) throws ContainerException {
    Set<String> kept = new LinkedHashSet<>(spec.build().capabilities());
    if (privileged) {
      kept = new LinkedHashSet<>(Set.of("ALL"));
      spec.seccomp(false).other("privileged", true);
    }
    for (String dropping : capabilities(dropped)) {
      requires.add("capabilities");
      if (dropping.equals("ALL")) {
        kept.clear();
      }
      kept.remove(dropping);
    }
    kept.addAll(capabilities(added));
    spec.capabilities(kept);
    for (String option : security) {
      if (option.equals("seccomp=unconfined")) {
        spec.seccomp(false);
      } else if (!option.startsWith("no-new-privileges") && !option.startsWith("label=")) {
        throw usage("--security-opt " + option + ": not supported", "seccomp=unconfined");
      }
    }
    if (readOnly) {
      requires.add("read-only");
    }
    for (String limit : limits) {
      int equals = limit.indexOf('=');
      if (!limit.matches("[a-z]+=(-1|unlimited|[0-9]+)(:(-1|unlimited|[0-9]+))?")) {
        throw usage("--ulimit " + limit + ": not NAME=SOFT[:HARD]", "an example: nofile=1024");
      }
      spec.limit(limit.substring(0, equals), limit.substring(equals + 1));
    }
  }

  private static List<String> capabilities(List<String> names) {
    return names.stream().map(n -> n.toUpperCase(Locale.ROOT).replaceFirst("^CAP_", "")).toList();
  }

  private void labels(ContainerSpec.Builder spec, Request request)
      throws ContainerException, IOException {
    List<String> all = new ArrayList<>();
    for (String file : labelFiles) {
      Path path = request.path(file);
      Files.readAllLines(path).stream().filter(l -> !l.isBlank()).forEach(all::add);
    }
    all.addAll(labels);
    for (String label : all) {
      int equals = label.indexOf('=');
      spec.label(
          equals < 0 ? label : label.substring(0, equals),
          equals < 0 ? "" : label.substring(equals + 1));
    }
  }

  static ContainerException usage(String message, String hint) {
    return new ContainerException(Kind.USAGE, message, hint);
  }
}
