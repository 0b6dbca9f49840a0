package org.lichen.shell.system;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Mount;
import org.lichen.api.Support;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.Settings;
import org.lichen.api.image.Image;
import org.lichen.api.image.Layer;
import org.lichen.api.runtime.Choice;

/** Containers and images in podman's shape. */
final class InspectView {
  /** What a spec has of bundles and is shown under names of its own, or by {@code get}. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          "files",
          "hostCommands",
          "hostPaths",
          "hostVariables",
          "hosts",
          "privileged",
          "requires",
          "settings",
          "upper");

  private InspectView() {}

  static Map<String, Object> container(
      Container container, Optional<Image> image, Optional<Choice> way) {
    ContainerSpec spec = container.spec();
    List<String> argv = spec.command();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("Id", container.id().value());
    view.put("Created", container.created().toString());
    view.put("Path", argv.isEmpty() ? "" : argv.get(0));
    view.put("Args", argv.isEmpty() ? List.of() : argv.subList(1, argv.size()));
    view.put("State", state(container));
    view.put("Image", image.map(i -> i.id().hex()).orElse(""));
    view.put("ImageName", spec.imageName());
    view.put("ImageDigest", spec.image().toString());
    view.put("Name", spec.name());
    view.put("Mounts", spec.mounts().stream().map(InspectView::mount).toList());
    view.put("Config", config(spec));
    Map<String, Object> host = new LinkedHashMap<>();
    host.put("NetworkMode", spec.namespaces().getOrDefault("net", "host"));
    host.put("PidMode", spec.namespaces().getOrDefault("pid", "private"));
    host.put("IpcMode", spec.namespaces().getOrDefault("ipc", "private"));
    host.put("Privileged", spec.others().containsKey("privileged"));
    host.put("ReadonlyRootfs", spec.readOnly());
    host.put("AutoRemove", spec.ephemeral());
    host.put("CapAdd", List.copyOf(spec.capabilities()));
    host.put("Ulimits", spec.limits());
    view.put("HostConfig", host);
    Map<String, Object> own = new LinkedHashMap<>();
    own.put("Strategy", spec.strategy());
    own.put("Identity", spec.identity());
    own.put("Launcher", spec.launcher().orElse("auto"));
    own.put("Way", way.map(Choice::way).orElse(""));
    own.put("Limits", way.map(InspectView::limits).orElse(List.of()));
    own.put("Directory", container.directory().toString());
    own.put("HostCommands", spec.others().getOrDefault("hostCommands", Map.of()));
    own.put("Settings", Settings.of(spec).values());
    own.put("HostVariables", spec.others().getOrDefault("hostVariables", List.of()));
    own.put("Upper", spec.others().getOrDefault("upper", ""));
    Map<String, Object> rest = new LinkedHashMap<>(spec.others());
    rest.keySet().removeAll(ELSEWHERE);
    own.put("Options", rest);
    view.put("Lichen", own);
    return view;
  }

  private static List<String> limits(Choice way) {
    return way.support() instanceof Support.Supported yes ? yes.limits() : List.of();
  }

  private static Map<String, Object> state(Container container) {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("Status", container.state().name().toLowerCase(java.util.Locale.ROOT));
    state.put("Running", container.state() == State.RUNNING);
    state.put("Paused", container.state() == State.PAUSED);
    state.put("Pid", container.pid().orElse(0));
    state.put("ExitCode", container.ending().map(Container.Ending::status).orElse(0));
    state.put("Error", container.ending().map(Container.Ending::error).orElse(""));
    state.put("StartedAt", container.started().toString());
    state.put("FinishedAt", container.ending().map(e -> e.finished().toString()).orElse(""));
    return state;
  }

  private static Map<String, Object> mount(Mount mount) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("Type", mount.options().contains("copy") ? "volume" : mount.kind());
    view.put("Source", mount.source());
    view.put("Destination", mount.target().value());
    view.put("Options", List.copyOf(mount.options()));
    view.put("RW", !mount.options().contains("ro"));
    return view;
  }

  private static Map<String, Object> config(ContainerSpec spec) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("Hostname", spec.hostname());
    config.put("User", spec.user());
    config.put("Tty", spec.terminal());
    config.put("OpenStdin", spec.interactive());
    config.put("Env", spec.environment());
    config.put("Cmd", spec.command());
    config.put("WorkingDir", spec.directory());
    config.put("Labels", spec.labels());
    config.put("StopSignal", spec.stopSignal());
    config.put("StopTimeout", spec.stopTimeout().toSeconds());
    return config;
  }

  static Map<String, Object> image(Image image, List<String> names) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("Id", image.id().hex());
    view.put("Digest", image.manifest().toString());
    view.put("RepoTags", names);
    List<String> digests = new ArrayList<>();
    for (String name : names) {
      digests.add(name.replaceFirst(":[^:/]*$", "") + "@" + image.manifest());
    }
    view.put("RepoDigests", digests);
    view.put("Created", image.config().created().map(Object::toString).orElse(""));
    view.put("Config", image.config().oci().getOrDefault("config", Map.of()));
    view.put("Architecture", image.platform().architecture());
    view.put("Os", image.platform().os());
    view.put("Size", image.size());
    Map<String, Object> rootfs = new LinkedHashMap<>();
    rootfs.put("Type", "layers");
    rootfs.put("Layers", image.layers().stream().map(l -> l.diffId().toString()).toList());
    view.put("RootFS", rootfs);
    view.put("Blobs", image.layers().stream().map(Layer::digest).map(Object::toString).toList());
    view.put("Labels", image.config().labels());
    view.put("History", image.config().oci().getOrDefault("history", List.of()));
    return view;
  }
}
