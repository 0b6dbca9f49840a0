package org.lichen.launcher.userns;

import java.nio.file.Path;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * Whether a union can be mounted here: by the kernel's overlayfs where it can, else by
 * fuse-overlayfs. The program tries them in the same order when it starts a container.
 */
final class Unions {
  private Unions() {}

  static Support support(Host host, RootfsPlan rootfs) {
    if (byKernel(host, rootfs) || host.has("fuse-overlayfs")) {
      return Support.yes();
    }
    String fuse = "fuse-overlayfs: " + UsernsLauncher.reason(host.fact("fuse-overlayfs"));
    if (hidesByNames(rootfs)) {
      return Support.no(
          "the kernel does not understand how the layers of this store hide files; " + fuse,
          "keep Lichen's data on a file system with user attributes (--home DIR), or install"
              + " fuse-overlayfs and allow /dev/fuse");
    }
    if (!host.has("kernel-overlay")) {
      return Support.no(
          "no overlay file system: "
              + UsernsLauncher.reason(host.fact("kernel-overlay"))
              + "; "
              + fuse,
          "a kernel from 5.11 on, or fuse-overlayfs with /dev/fuse");
    }
    return Support.no(
        "what containers write cannot be kept in Lichen's home: "
            + UsernsLauncher.reason(host.fact("overlay-home"))
            + "; "
            + fuse,
        "keep it on a local disk: --upper DIR, or 'upper: DIR' in the configuration");
  }

  /** An upper outside of the container's directory was somebody's choice: it is tried. */
  static boolean byKernel(Host host, RootfsPlan rootfs) {
    boolean elsewhere = rootfs.upper().map(Unions::elsewhere).orElse(false);
    return host.has("kernel-overlay")
        && (host.has("overlay-home") || elsewhere)
        && !hidesByNames(rootfs);
  }

  private static boolean elsewhere(Path upper) {
    return upper.isAbsolute() || upper.getNameCount() > 1;
  }

  private static boolean hidesByNames(RootfsPlan rootfs) {
    return rootfs.lowers().stream().anyMatch(lower -> !lower.whiteouts().equals("overlay"));
  }
}
