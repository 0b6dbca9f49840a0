package org.lichen.launcher.userns;

import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * Whether a union can be mounted here: by the kernel's overlayfs where it can, else by
 * fuse-overlayfs. The program tries them in the same order when it starts a container.
 */
final class Unions {
  private Unions() {}

  private static final String ELSEWHERE =
      "keep it on a local disk: --upper DIR, or 'upper: DIR' in the configuration";

  static Support support(Host host, RootfsPlan rootfs) {
    if (byKernel(host, rootfs) || byFuse(host, rootfs)) {
      return Support.yes();
    }
    boolean fuse = host.has("fuse-overlayfs");
    String fuseReason = "fuse-overlayfs: " + host.reason(fuse ? "fuse-home" : "fuse-overlayfs");
    if (hidesByNames(rootfs)) {
      return Support.no(
          "the kernel does not understand how the layers of this store hide files; " + fuseReason,
          "keep Lichen's data on a file system with user attributes (--home DIR)"
              + (fuse ? "" : ", or install fuse-overlayfs and allow /dev/fuse"));
    }
    if (!host.has("kernel-overlay")) {
      return Support.no(
          "no overlay file system: " + host.reason("kernel-overlay") + "; " + fuseReason,
          fuse ? ELSEWHERE : "a kernel from 5.11 on, or fuse-overlayfs with /dev/fuse");
    }
    return Support.no(
        "what containers write cannot be kept in Lichen's home: "
            + host.reason("overlay-home")
            + "; "
            + fuseReason,
        ELSEWHERE);
  }

  /** An upper outside of the container's directory was somebody's choice: it is tried. */
  static boolean byKernel(Host host, RootfsPlan rootfs) {
    return host.has("kernel-overlay")
        && (host.has("overlay-home") || isElsewhere(rootfs))
        && !hidesByNames(rootfs);
  }

  private static boolean byFuse(Host host, RootfsPlan rootfs) {
    return host.has("fuse-overlayfs") && (host.has("fuse-home") || isElsewhere(rootfs));
  }

  private static boolean isElsewhere(RootfsPlan rootfs) {
    return rootfs.upper().filter(path -> path.isAbsolute() || path.getNameCount() > 1).isPresent();
  }

  private static boolean hidesByNames(RootfsPlan rootfs) {
    return rootfs.lowers().stream().anyMatch(lower -> !lower.whiteouts().equals("overlay"));
  }
}
