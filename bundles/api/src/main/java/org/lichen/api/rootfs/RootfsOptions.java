package org.lichen.api.rootfs;

import java.nio.file.Path;

/**
 * What the container wants of its root filesystem: {@code ephemeral}: it is thrown away at the end;
 * {@code readOnly}: the guest may not write; {@code ids}: who owns files on disk; {@code writable}:
 * where what the guest writes is kept, relative to the container's directory (empty: there).
 */
public record RootfsOptions(boolean ephemeral, boolean readOnly, Ownership ids, Path writable) {
  /** What the guest writes is kept in the container's directory. */
  public RootfsOptions(boolean ephemeral, boolean readOnly, Ownership ids) {
    this(ephemeral, readOnly, ids, Path.of(""));
  }

  /** Who owns files on disk. */
  public enum Ownership {
    /** The user that runs Lichen owns everything. */
    SINGLE,
    /** The real owners, through subordinate ids. */
    RANGES,
    /** As {@code SINGLE}; the real owners are kept as records (identity {@code full}). */
    RECORDED
  }
}
