package org.lichen.api.rootfs;

import java.nio.file.Path;

/**
 * One read-only part of a root filesystem: a directory, or a file system at an offset of a file.
 */
public record Lower(Path location, String kind, long offset) {
  public static final String DIRECTORY = "directory";
  public static final String SQUASHFS = "squashfs";

  public static Lower directory(Path location) {
    return new Lower(location, DIRECTORY, 0);
  }
}
