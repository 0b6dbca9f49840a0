package org.lichen.launcher.userns;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.PayloadRecords;
import org.lichen.api.plan.Records;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;

/** The payload of {@code lichen-userns} (docs/FORMATS.md, 3 and 4). */
final class Payload {
  private static final List<String> PRIVATE_KINDS = List.of("mount", "pid", "ipc", "uts", "cgroup");

  /** What podman hides and what it makes read-only in an unprivileged container. */
  private static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/dev/block",
          "/sys/devices/virtual/powercap",
          "/sys/firmware",
          "/sys/fs/selinux");

  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private Payload() {}

  static byte[] start(LaunchSpec spec, RootfsPlan rootfs) {
    Records.Builder out = common(spec);
    if (!spec.hostname().isEmpty()) {
      out.text("hstn", spec.hostname());
    }
    PayloadRecords.root(rootfs, lower -> owned(spec, lower), out);
    system(spec, out);
    spec.mounts().forEach(mount -> PayloadRecords.mount(mount, out));
    PayloadRecords.files(spec, out);
    if (!privileged(spec)) {
      out.texts("mask", MASKED).texts("rdon", READ_ONLY);
    }
    return out.number("init", spec.init() ? 1 : 0).encoded();
  }

  /** The copy with real owners lies beside the index, one for each way of mapping ids. */
  private static Optional<Path> owned(LaunchSpec spec, Lower lower) {
    return spec.identity().equals("ranges")
        ? lower
            .index()
            .map(index -> index.resolveSibling("owned-" + SubordinateIds.ofThisUser().key()))
        : Optional.empty();
  }

  static byte[] enter(LaunchSpec spec) {
    return common(spec).encoded();
  }

  private static Records.Builder common(LaunchSpec spec) {
    Records.Builder out = Records.builder().text("iden", spec.identity());
    if (spec.identity().equals("ranges")) {
      SubordinateIds ids = SubordinateIds.ofThisUser();
      out.texts("uidm", ids.uidMap()).texts("gidm", ids.gidMap());
    }
    for (String kind : PRIVATE_KINDS) {
      if (!"host".equals(spec.namespaces().get(kind))) {
        out.text("nspc", kind);
      }
    }
    if (!Set.of("host", "").contains(spec.namespaces().getOrDefault("net", "host"))) {
      out.text("nspc", "net");
    }
    PayloadRecords.capabilities(spec, out);
    out.number("nnp.", 1).text("secc", spec.seccomp() ? "default" : "none");
    PayloadRecords.limits(spec, out);
    PayloadRecords.guest(spec, out);
    return out;
  }

  private static void system(LaunchSpec spec, Records.Builder out) {
    // A new proc shows the processes of a pid namespace of our own; without one the host's is
    // shown.
    PayloadRecords.mount(
        hostPids(spec)
            ? new Mount(
                "/proc", new GuestPath("/proc"), "bind", Set.of("nosuid", "nodev", "noexec"))
            : new Mount("", new GuestPath("/proc"), "proc", Set.of()),
        out);
    PayloadRecords.mount(new Mount("", new GuestPath("/dev"), "dev", Set.of()), out);
    PayloadRecords.mount(
        new Mount("", new GuestPath("/dev/mqueue"), "mqueue", Set.of("optional")), out);
    Set<String> sys =
        privileged(spec)
            ? Set.of("optional", "nosuid", "nodev", "noexec")
            : Set.of("optional", "ro", "nosuid", "nodev", "noexec");
    PayloadRecords.mount(new Mount("", new GuestPath("/sys"), "sysfs", sys), out);
    PayloadRecords.mount(new Mount("", new GuestPath("/sys/fs/cgroup"), "cgroup", sys), out);
  }

  private static boolean hostPids(LaunchSpec spec) {
    return "host".equals(spec.namespaces().get("pid"));
  }

  private static boolean privileged(LaunchSpec spec) {
    return spec.others().containsKey("privileged");
  }
}
