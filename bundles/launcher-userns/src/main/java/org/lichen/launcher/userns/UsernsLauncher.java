package org.lichen.launcher.userns;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.launch.RootEmulation;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** Launcher {@code userns}: kernel namespaces, no privileges. */
@Component
public final class UsernsLauncher implements Launcher {
  static final NativePart PROGRAM = NativePart.of(UsernsLauncher.class, "lichen-userns");

  private static final Set<String> GUARANTEES =
      Set.of(
          "private-mount",
          "private-pid",
          "private-ipc",
          "private-uts",
          "private-cgroup",
          "host-name",
          "no-network",
          "read-only",
          "read-only-mount",
          "capabilities",
          "seccomp",
          "single-user");

  private static final Set<String> IDENTITIES = Set.of("ranges", "basic", "single", "full");

  /** Who can give identity {@code full}: nobody, or the first. */
  private final List<RootEmulation> emulations;

  @Activate
  public UsernsLauncher(
      @Reference(policyOption = ReferencePolicyOption.GREEDY) List<RootEmulation> emulations) {
    this.emulations = List.copyOf(emulations);
  }

  @Override
  public String name() {
    return "userns";
  }

  @Override
  public int rank() {
    return 10;
  }

  @Override
  public Set<String> guarantees() {
    return GUARANTEES;
  }

  @Override
  public List<String> identities(Host host) {
    List<String> identities = new ArrayList<>();
    if (host.has("subordinate-ids") && host.has("owners-home")) {
      identities.add("ranges");
    }
    identities.add("basic");
    identities.add("single");
    if (!emulations.isEmpty()) {
      identities.add("full");
    }
    return identities;
  }

  private static Support mounts(Host host, Lower lower) {
    return switch (lower.kind()) {
      case Lower.DIRECTORY -> Support.yes();
      case Lower.SQUASHFS ->
          host.has("squashfuse")
              ? Support.yes()
              : Support.no(
                  "squashfuse: " + host.reason("squashfuse"),
                  "install squashfuse and allow /dev/fuse; else the image is unpacked");
      default -> Support.no("it cannot mount a lower of kind '" + lower.kind() + "'", "");
    };
  }

  @Override
  public Support support(Host host, RootfsPlan rootfs, LaunchSpec spec) {
    if (!host.has("user-namespaces")) {
      return Support.no(
          "unprivileged user namespaces do not work here: " + host.reason("user-namespaces"),
          "ask the administrator for: sysctl user.max_user_namespaces=15000, and, where they exist,"
              + " kernel.unprivileged_userns_clone=1 and"
              + " kernel.apparmor_restrict_unprivileged_userns=0");
    }
    if (!host.has("private-pids") && !"host".equals(spec.namespaces().get("pid"))) {
      return Support.no(
          "private process ids do not work here: " + host.reason("private-pids"),
          "share those of the host: --pid host");
    }
    Optional<Support.Unsupported> newer = rootfs.refusal(RootfsPlan.VERSION);
    if (newer.isPresent()) {
      return newer.get();
    }
    for (Lower lower : rootfs.lowers()) {
      if (mounts(host, lower) instanceof Support.Unsupported no) {
        return no;
      }
    }
    if (!rootfs.merged() && Unions.support(host, rootfs) instanceof Support.Unsupported no) {
      return no;
    }
    if (!IDENTITIES.contains(spec.identity())) {
      return Support.no("it does not know the identity '" + spec.identity() + "'", "");
    }
    if (spec.identity().equals("ranges") && !host.has("subordinate-ids")) {
      return Support.no(
          "identity 'ranges' does not work here: " + host.reason("subordinate-ids"),
          "install uidmap (newuidmap) and add the user to /etc/subuid and /etc/subgid");
    }
    if (spec.identity().equals("full")
        && emulation(host, rootfs) instanceof Support.Unsupported no) {
      return no;
    }
    if (spec.identity().equals("ranges") && !host.has("owners-home")) {
      return Support.no(
          "identity 'ranges' does not work in Lichen's home: " + host.reason("owners-home"),
          "keep Lichen's data on a local disk (--home DIR), or use another --identity");
    }
    Optional<Support.Unsupported> refusal = spec.refusal(GUARANTEES);
    return refusal.isPresent() ? refusal.get() : Support.yes(limits(host, rootfs, spec));
  }

  /** On shared layers the kernel would copy files up without what the image says of owners. */
  private Support emulation(Host host, RootfsPlan rootfs) {
    if (emulations.isEmpty()) {
      return Support.no("no bundle here emulates root (identity 'full')", "install launcher-trap");
    }
    return rootfs.merged()
        ? emulations.get(0).support(host)
        : Support.no(
            "identity 'full' needs a tree of the container's own here", "--strategy extract");
  }

  private static String[] limits(Host host, RootfsPlan rootfs, LaunchSpec spec) {
    List<String> limits = new ArrayList<>();
    if (spec.identity().equals("basic")) {
      limits.add("root of the container is an emulation: ids change, owners of files do not");
    }
    if (!rootfs.merged() && !Unions.byKernel(host, rootfs)) {
      limits.add("the union is mounted by fuse-overlayfs, which is slower than the kernel's");
    }
    return limits.toArray(String[]::new);
  }

  @Override
  public List<Requirement> requirements(LaunchSpec spec, RootfsPlan rootfs) {
    List<Requirement> all = new ArrayList<>();
    all.add(new Requirement("machine", machine(), "its programs are built for it"));
    all.add(new Requirement("user-namespaces", "yes", "to run without privileges"));
    if (spec.identity().equals("full")) {
      all.add(new Requirement("seccomp", "yes", "to trap system calls"));
    }
    return all;
  }

  private static String machine() {
    String arch = System.getProperty("os.arch", "");
    return arch.equals("amd64") ? "x86_64" : arch;
  }

  @Override
  public Step start(LaunchSpec spec, RootfsPlan rootfs) {
    Step.Builder step = Step.of(PROGRAM).arguments("start");
    if (spec.identity().equals("full") && !emulations.isEmpty()) {
      step.argument(emulations.get(0).program()).argument(emulations.get(0).stage());
    }
    return step.payload(Payload.start(spec, rootfs)).sealed().build();
  }

  @Override
  public Effect effect(String settingType) {
    return switch (settingType) {
      case "add_map", "add_exec" -> Effect.NOW;
      case "add_env" -> Effect.NEXT_ENTER;
      default -> Effect.NEXT_START;
    };
  }

  @Override
  public Step enter(LaunchSpec spec) {
    return Step.of(PROGRAM).arguments("enter", "${init.pid}").payload(Payload.enter(spec)).build();
  }

  @Override
  public Optional<Step> removal(Path tree) {
    List<String> maps = SubordinateIds.ofThisUser().pairs();
    if (maps.size() <= 2) {
      return Optional.empty(); // only the own id: nothing can belong to another
    }
    return Optional.of(
        Step.of(PROGRAM).arguments("remove", tree.toString()).arguments(maps).build());
  }

  @Override
  public Optional<Step> packing(Path tree) {
    List<String> maps = SubordinateIds.ofThisUser().pairs();
    return Optional.of(
        Step.of(PROGRAM)
            .arguments("pack", tree.toString())
            .arguments(maps.size() <= 2 ? List.of() : maps)
            .build());
  }
}
