package org.lichen.api.launch;

import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import org.lichen.api.Mount;
import org.lichen.api.plan.Records;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;

/** The records that the payloads of launchers have in common (docs/FORMATS.md, 3 and 4). */
public final class PayloadRecords {
  /** Of {@code others}: the launcher's name, for whoever changes the container later. */
  public static final String LAUNCHER = "launcher";

  private PayloadRecords() {}

  /** What is to be run; every payload has these, for the client adds to them. */
  public static void guest(LaunchSpec spec, Records.Builder out) {
    out.texts("argv", spec.argv())
        .texts("envi", spec.environment())
        .text("cwd.", spec.directory())
        .text("user", spec.user());
    String launcher = spec.others().getOrDefault(LAUNCHER, "");
    if (!launcher.isEmpty()) {
      out.text("xlau", launcher);
    }
    if (spec.terminal()) {
      out.text("flag", "terminal");
    }
    if (spec.argv().isEmpty()) {
      out.text("flag", "idle");
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

  /**
   * {@code root}: one tree, or a union.
   *
   * @param owned where the copy of a lower with its real owners lies, for launchers that make such
   */
  public static void root(
      RootfsPlan rootfs, Function<Lower, Optional<Path>> owned, Records.Builder out) {
    Records.Builder root = Records.builder();
    if (rootfs.merged()) {
      root.text("path", rootfs.lowers().get(0).location().toString());
    } else {
      rootfs.lowers().forEach(lower -> root.records("lowr", lower(lower, owned.apply(lower))));
    }
    rootfs.upper().ifPresent(upper -> root.text("uppr", upper.toString()));
    rootfs.work().ifPresent(work -> root.text("work", work.toString()));
    if (rootfs.readOnly()) {
      root.text("flag", "ro");
    }
    if (rootfs.ephemeral()) {
      root.text("flag", "once");
    }
    out.records("root", root);
    rootfs.owners().ifPresent(list -> out.text("ownr", list.toString()));
  }

  private static Records.Builder lower(Lower lower, Optional<Path> owned) {
    Records.Builder out = Records.builder().text("path", lower.location().toString());
    lower.index().ifPresent(index -> out.text("indx", index.toString()));
    owned.ifPresent(path -> out.text("ownd", path.toString()));
    if (lower.kind().equals(Lower.SQUASHFS)) {
      out.text("kind", lower.kind()).number("offs", lower.offset());
    }
    if (lower.whiteouts().equals("aufs")) {
      out.text("flag", "aufs");
    }
    return out;
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

  /** {@code rule} for each. */
  public static void rules(LaunchSpec spec, Records.Builder out) {
    spec.rules()
        .forEach(
            rule ->
                out.records(
                    "rule",
                    Records.builder()
                        .text("prog", rule.program().value())
                        .text("path", rule.path().value())
                        .number("may.", rule.allowed() ? 1 : 0)));
  }

  /** {@code file} for each private file and copy. */
  public static void files(LaunchSpec spec, Records.Builder out) {
    spec.files()
        .forEach(
            (path, content) ->
                out.records(
                    "file",
                    file(path, spec.secrets().contains(path) ? 0600 : 0644)
                        .bytes("data", content)));
    spec.copies().forEach((path, from) -> out.records("file", file(path, 0644).text("from", from)));
  }

  private static Records.Builder file(String path, int mode) {
    return Records.builder().text("targ", path).number("mode", mode);
  }
}
