package org.lichen.devices;

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
import java.util.TreeSet;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.container.GuestTree;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.lichen.devices.cdi.Edits;

/** Makes what devices need part of one launch. */
final class Additions {
  private static final Set<String> OPTIONS = Set.of("ro", "rw", "nosuid", "nodev", "noexec");
  private static final GuestPath COMPAT = new GuestPath("/usr/local/cuda/compat/libcuda.so.1");
  private static final int GROUP = 3;
  private static final int FOR_OTHERS = 06;

  private final LaunchSpec.Builder launch;
  private final Launching launching;
  private final boolean ignoreGlibc;
  private final Map<String, Path> binds = new LinkedHashMap<>();
  private final Map<String, Path> libraries = new LinkedHashMap<>();
  private final Set<String> leftOut = new TreeSet<>();

  Additions(LaunchSpec.Builder launch, Launching launching, boolean ignoreGlibc) {
    this.launch = launch;
    this.launching = launching;
    this.ignoreGlibc = ignoreGlibc;
  }

  void edits(Edits edits) throws ContainerException {
    for (String pair : edits.variables()) {
      int equals = pair.indexOf('=');
      launch.environment(pair.substring(0, equals), pair.substring(equals + 1));
    }
    for (Edits.Node node : edits.nodes()) {
      node(node);
    }
    for (Edits.Bind mount : edits.mounts()) {
      mount(mount);
    }
    List<Edits.Hook> links = new ArrayList<>();
    for (Edits.Hook hook : edits.hooks()) {
      switch (HookWords.task(hook)) {
        case "update-ldcache" -> folders(HookWords.values(hook, "--folder"));
        case "create-symlinks" -> links.add(hook);
        // Directories of nodes are the guest's own, no guest can make nodes, and what a GPU is
        // shown
        // by is its node.
        case "chmod", "disable-device-node-modification", "update-application-profile" -> {}
        case "enable-cuda-compat" -> compat();
        default -> leftOut.add("hook " + HookWords.label(hook));
      }
    }
    for (Edits.Hook hook : links) { // when all is there that they can lead to
      HookWords.values(hook, "--link").forEach(this::link);
    }
  }

  /**
   * A newer libcuda that an image brings for older drivers: whether it is one, only root's hook
   * knows.
   */
  private void compat() throws ContainerException {
    Optional<GuestTree> tree = launching.files();
    try {
      if (tree.isPresent() && tree.get().resolve(COMPAT).isPresent()) {
        leftOut.add(
            "the image's own libcuda in "
                + COMPAT.resolve("..")
                + " (-e LD_LIBRARY_PATH="
                + COMPAT.resolve("..")
                + " takes it)");
      }
    } catch (IOException unreadable) {
      // nothing is known of it
    }
  }

  /**
   * A node of the host, or a directory of nodes, under its name in the guest. Groups that a CDI
   * file wants for it are not given to the guest: whether they are needed is told here.
   */
  void node(Edits.Node node) throws ContainerException {
    Path host = existing(node.hostPath(), "device");
    rights(host);
    bind(host, new GuestPath(node.path()), Set.of());
  }

  /** What a guest would only learn of from a failure within a driver. */
  private void rights(Path node) {
    try {
      int mode = (Integer) Files.getAttribute(node, "unix:mode");
      boolean screen = String.valueOf(node.getFileName()).startsWith("card"); // never for computing
      if (screen || Files.isDirectory(node) || (mode & FOR_OTHERS) == FOR_OTHERS) {
        return;
      }
      String group = String.valueOf(Files.getAttribute(node, "posix:group"));
      if (!Files.isReadable(node) || !Files.isWritable(node)) {
        boolean grouped = (mode >> GROUP & FOR_OTHERS) == FOR_OTHERS;
        launching.warn(
            "you may not open "
                + node
                + ": "
                + (grouped ? "members of the group " + group + " may" : "its owner alone may"));
      } else if (launching.identity().equals("ranges")) {
        launching.warn(
            node
                + " is for the group "
                + group
                + ", which a container with subordinate ids does not have: --userns keep-id keeps"
                + " your groups");
      }
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException unknown) {
      // the guest will be told
    }
  }

  private void mount(Edits.Bind mount) throws ContainerException {
    GuestPath target = new GuestPath(mount.containerPath());
    if (mount.type().equals("tmpfs")) {
      Set<String> options = new LinkedHashSet<>(List.of("nosuid", "nodev"));
      mount.options().stream()
          .filter(option -> OPTIONS.contains(option) || option.matches("(size|mode)=.*"))
          .forEach(options::add);
      launch.mount(new Mount("", target, "tmpfs", options));
      return;
    }
    Set<String> options = new LinkedHashSet<>(mount.options());
    options.retainAll(OPTIONS);
    bind(existing(mount.hostPath(), "file"), target, options);
  }

  private void bind(Path host, GuestPath target, Set<String> options) {
    binds.put(target.value(), host);
    launch.mount(new Mount(host.toString(), target, "bind", options));
  }

  private static Path existing(String path, String what) throws ContainerException {
    Path host = Path.of(path);
    if (!Files.exists(host)) {
      throw new ContainerException(
          Kind.NOT_FOUND,
          "the host has no " + what + " " + path,
          "if a CDI file names it, have that made anew; a driver may not be loaded");
    }
    return host;
  }

  /** The libraries that were mounted into these directories are to be found by their sonames. */
  private void folders(List<String> folders) throws ContainerException {
    for (String folder : folders) {
      String path = new GuestPath(folder).value();
      for (Map.Entry<String, Path> bind : new LinkedHashMap<>(binds).entrySet()) {
        if (bind.getKey().equals(path) && Files.isDirectory(bind.getValue())) {
          Libraries.within(bind.getValue()).forEach(libraries::putIfAbsent);
        } else if (new GuestPath(bind.getKey()).resolve("..").value().equals(path)) {
          Libraries.soname(bind.getValue())
              .ifPresent(soname -> libraries.putIfAbsent(soname, bind.getValue()));
        }
      }
    }
  }

  /** {@code TARGET::LINK}: the file that the link would lead to is shown in its place. */
  private void link(String typed) {
    String[] parts = typed.split("::", -1);
    if (parts.length != 2 || !parts[1].startsWith("/")) {
      leftOut.add("link '" + typed + "'");
      return;
    }
    GuestPath link = new GuestPath(parts[1]);
    GuestPath target = link.resolve("..").resolve(parts[0]);
    Path host = binds.get(target.value());
    if (host == null) { // by a soname
      host = libraries.get(target.value().substring(target.value().lastIndexOf('/') + 1));
    }
    if (host == null) {
      leftOut.add("link " + link + " to " + target + ", which is not of the host");
    } else {
      bind(host, link, Set.of("ro", "nosuid", "nodev"));
      String name = link.value().substring(link.value().lastIndexOf('/') + 1);
      if (name.startsWith("lib") && name.contains(".so")) {
        libraries.putIfAbsent(name, host);
      }
    }
  }

  /** By the names that programs need them by. */
  void libraries(Map<String, Path> found) {
    found.forEach(libraries::putIfAbsent);
  }

  void end() throws ContainerException {
    if (!leftOut.isEmpty()) {
      launching.warn("left out of what the devices need: " + String.join(", ", leftOut));
    }
    if (libraries.isEmpty()) {
      return;
    }
    new Libraries(launch, launching, ignoreGlibc).add(libraries, binds);
  }
}
