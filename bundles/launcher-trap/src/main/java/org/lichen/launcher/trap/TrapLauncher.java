package org.lichen.launcher.trap;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lichen.api.Mount;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Component;

/**
 * Launcher {@code trap}: a seccomp filter sends the system calls of the guest to an engine in its
 * own process, which answers them on the container's files. It works where neither namespaces nor
 * ptrace are granted, and isolates nothing.
 */
@Component(service = Launcher.class)
public final class TrapLauncher implements Launcher {
  static final NativePart PROGRAM = NativePart.of(TrapLauncher.class, "lichen-trap");
  static final NativePart STAGE = NativePart.of(TrapLauncher.class, "lichen-stage");
  static final String FACT = "system-call-traps";

  /** What programs are told (EROFS), not what an enemy could not get around. */
  private static final Set<String> GUARANTEES = Set.of("read-only", "read-only-mount");

  private static final List<String> IDENTITIES = List.of("full", "single");

  @Override
  public String name() {
    return "trap";
  }

  @Override
  public int rank() {
    return 20;
  }

  @Override
  public Set<String> guarantees() {
    return GUARANTEES;
  }

  @Override
  public List<String> identities(Host host) {
    return IDENTITIES;
  }

  @Override
  public Support support(Host host, RootfsPlan rootfs, LaunchSpec spec) {
    if (traps(host) instanceof Support.Unsupported no) {
      return no;
    }
    Optional<Support.Unsupported> newer = rootfs.refusal(RootfsPlan.VERSION);
    if (newer.isPresent()) {
      return newer.get();
    }
    Optional<Support.Unsupported> refusal = spec.refusal(GUARANTEES).or(() -> refused(spec));
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (!rootfs.merged()) {
      return Support.no("it has no unions yet", "--strategy extract");
    }
    if (!IDENTITIES.contains(spec.identity())) {
      return Support.no(
          "it gives the identities full and single, not '" + spec.identity() + "'",
          "--identity full");
    }
    return Support.yes(limits(spec));
  }

  static Support traps(Host host) {
    return host.has(FACT)
        ? Support.yes()
        : Support.no(
            "system calls cannot be trapped here: " + host.reason(FACT),
            "it needs seccomp filters (SECCOMP_RET_TRAP), on x86_64");
  }

  /** What was asked for without the name of a guarantee, and cannot be given. */
  private static Optional<Support.Unsupported> refused(LaunchSpec spec) {
    if (!spec.init()) {
      return Optional.of(
          new Support.Unsupported("it cannot make the guest process 1 (--init=false)", ""));
    }
    for (Mount mount : spec.mounts()) {
      for (String option : new TreeSet<>(mount.options())) {
        boolean size = option.startsWith("size=") || option.startsWith("nr_");
        if (option.equals("noexec") || size) {
          return Optional.of(
              new Support.Unsupported(
                  "it cannot keep the option '" + option + "' of the mount on " + mount.target(),
                  ""));
        }
      }
    }
    return Optional.empty();
  }

  private static String[] limits(LaunchSpec spec) {
    List<String> limits = new ArrayList<>();
    limits.add(
        "nothing is isolated: the guest has the host's processes, network and devices, and its"
            + " programs can do what you can");
    if (spec.identity().equals("single")) {
      limits.add("the guest's user is yours, and ids and owners cannot be changed");
    }
    return limits.toArray(String[]::new);
  }

  @Override
  public List<Requirement> requirements(LaunchSpec spec, RootfsPlan rootfs) {
    return List.of(
        new Requirement("machine", "x86_64", "its programs are built for it"),
        new Requirement("system-call-traps", "yes", "to answer its system calls"));
  }

  @Override
  public Step start(LaunchSpec spec, RootfsPlan rootfs) {
    return Step.of(PROGRAM)
        .arguments("start")
        .argument(STAGE)
        .payload(Payload.start(spec, rootfs))
        .build();
  }

  @Override
  public Step enter(LaunchSpec spec) {
    return Step.of(PROGRAM).arguments("enter", "${init.pid}").payload(Payload.enter(spec)).build();
  }
}
