package org.lichen.guest;

import java.util.Optional;
import java.util.Set;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.PayloadRecords;
import org.lichen.api.plan.Records;
import org.lichen.api.rootfs.RootfsPlan;

/** The payload of a launcher with an engine (docs/FORMATS.md, 3 and 4). */
final class Payload {
  private Payload() {}

  static byte[] start(LaunchSpec spec, RootfsPlan rootfs) {
    Records.Builder out = common(spec);
    PayloadRecords.root(rootfs, lower -> Optional.empty(), out);
    PayloadRecords.mount(new Mount("", new GuestPath("/proc"), "proc", Set.of()), out);
    PayloadRecords.mount(new Mount("", new GuestPath("/dev"), "dev", Set.of()), out);
    PayloadRecords.mount(
        new Mount("", new GuestPath("/sys"), "sysfs", Set.of("optional", "ro")), out);
    spec.mounts().forEach(mount -> PayloadRecords.mount(mount, out));
    PayloadRecords.files(spec, out);
    PayloadRecords.rules(spec, out);
    return out.encoded();
  }

  static byte[] enter(LaunchSpec spec) {
    return common(spec).encoded();
  }

  private static Records.Builder common(LaunchSpec spec) {
    Records.Builder out = Records.builder().text("iden", spec.identity());
    PayloadRecords.capabilities(spec, out);
    PayloadRecords.limits(spec, out);
    PayloadRecords.guest(spec, out);
    return out;
  }
}
