package org.lichen.api.rootfs;

/**
 * What the container wants of its root filesystem: {@code ephemeral}: it is thrown away at the end;
 * {@code readOnly}: the guest may not write; {@code ids}: who owns files on disk.
 */
public record RootfsOptions(boolean ephemeral, boolean readOnly, Ownership ids) {
  /** Who owns files on disk. */
  public enum Ownership {
    /** The user that runs Lichen owns everything. */
    SINGLE,
    /** The real owners, through subordinate ids. */
    RANGES
  }
}
