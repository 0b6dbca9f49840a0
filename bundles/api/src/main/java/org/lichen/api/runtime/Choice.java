package org.lichen.api.runtime;

import org.lichen.api.Support;

/**
 * One way to run a container: strategy, launcher and identity; {@code packed}: its image as it lies
 * in a file, not unpacked; whether it can work, and whether it was chosen.
 */
public record Choice(
    String strategy,
    String launcher,
    String identity,
    boolean packed,
    Support support,
    boolean chosen) {
  /** In words: {@code userns on uufs}. */
  public String way() {
    return launcher + " on " + strategy + (packed ? " (the image's file mounted)" : "");
  }
}
