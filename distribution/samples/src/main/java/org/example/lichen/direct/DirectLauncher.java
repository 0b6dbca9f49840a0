package org.example.lichen.direct;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Records;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.service.component.annotations.Component;

/**
 * Runs a program of the image on the host, in the directory of its root filesystem and with nothing
 * around it: for images of static programs. It guarantees nothing, so it is never chosen where
 * something is asked for. Its program is a script (docs/FORMATS.md, 3).
 */
@Component
public final class DirectLauncher implements Launcher {
  private static final NativePart PROGRAM = NativePart.of(DirectLauncher.class, "direct");

  @Override
  public String name() {
    return "direct";
  }

  @Override
  public int rank() {
    return 10_000; // the last resort
  }

  @Override
  public Set<String> guarantees() {
    return Set.of();
  }

  @Override
  public List<String> identities(Host host) {
    return List.of("single");
  }

  @Override
  public Support support(Host host, RootfsPlan rootfs, LaunchSpec spec) {
    if (rootfs.version() > RootfsPlan.VERSION || !rootfs.merged() || rootfs.owners().isPresent()) {
      return Support.no("it needs one plain directory", "choose --strategy extract");
    }
    if (!spec.identity().equals("single")) {
      return Support.no("it changes no ids, so it cannot be '" + spec.identity() + "'", "");
    }
    if (spec.terminal()) {
      return Support.no("it makes no terminals", "leave out -t");
    }
    Optional<Support.Unsupported> refusal = spec.refusal(guarantees());
    return refusal.isPresent()
        ? refusal.get()
        : Support.yes("nothing is isolated, and /tmp is the host's");
  }

  @Override
  public List<Requirement> requirements(LaunchSpec spec, RootfsPlan rootfs) {
    return List.of(
        new Requirement("path", "/usr/bin/od", "its script reads with it"),
        new Requirement("path", "/usr/bin/awk", "its script reads with it"));
  }

  @Override
  public Step start(LaunchSpec spec, RootfsPlan rootfs) {
    return step(spec, "start", rootfs.lowers().get(0).location().toString());
  }

  @Override
  public Step enter(LaunchSpec spec) {
    return step(spec, "enter", "${init.pid}");
  }

  private static Step step(LaunchSpec spec, String verb, String where) {
    byte[] guest =
        Records.builder().texts("argv", spec.argv()).texts("envi", spec.environment()).encoded();
    return Step.of(PROGRAM)
        .arguments(verb, where)
        .environment("PATH", "/usr/bin:/bin")
        .payload(guest)
        .build();
  }
}
