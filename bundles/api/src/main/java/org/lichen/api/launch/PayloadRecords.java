package org.lichen.api.launch;

import java.util.TreeSet;
import org.lichen.api.Mount;
import org.lichen.api.plan.Records;

/** The records that the payloads of launchers have in common (docs/FORMATS.md, 3 and 4). */
public final class PayloadRecords {
  private PayloadRecords() {}

  /** What is to be run; every payload has these, for the client adds to them. */
  public static void guest(LaunchSpec spec, Records.Builder out) {
    out.texts("argv", spec.argv())
        .texts("envi", spec.environment())
        .text("cwd.", spec.directory())
        .text("user", spec.user());
    if (spec.terminal()) {
      out.text("flag", "terminal");
    }
  }

  /** {@code capb}, the capabilities that are kept. */
  public static void capabilities(LaunchSpec spec, Records.Builder out) {
    out.number("capb", Capabilities.mask(spec.capabilities()));
  }

  /** {@code rlim} for each resource limit. */
  public static void limits(LaunchSpec spec, Records.Builder out) {
    spec.limits().forEach((kind, value) -> limit(kind, value, out));
  }

  private static void limit(String kind, String value, Records.Builder out) {
    String[] parts = value.split(":", 2);
    long soft = bound(parts[0]);
    out.records(
        "rlim",
        Records.builder()
            .text("name", kind)
            .number("soft", soft)
            .number("hard", parts.length == 2 ? bound(parts[1]) : soft));
  }

  private static long bound(String text) {
    return text.equals("unlimited") || text.equals("-1") ? -1 : Long.parseLong(text);
  }

  /** One {@code moun}. */
  public static void mount(Mount mount, Records.Builder out) {
    out.records(
        "moun",
        Records.builder()
            .text("kind", mount.kind())
            .text("sour", mount.source())
            .text("targ", mount.target().value())
            .texts("opts", new TreeSet<>(mount.options())));
  }

  /** {@code file} for each private file and copy. */
  public static void files(LaunchSpec spec, Records.Builder out) {
    spec.files().forEach((path, content) -> out.records("file", file(path).bytes("data", content)));
    spec.copies().forEach((path, from) -> out.records("file", file(path).text("from", from)));
  }

  private static Records.Builder file(String path) {
    return Records.builder().text("targ", path).number("mode", 0644);
  }
}
