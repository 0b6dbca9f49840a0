package org.lichen.api.launch;

import org.lichen.api.GuestPath;

/**
 * Whether a program, or all that lie in a directory, may have a path and what is below it. Of the
 * rules that fit, the one with the longest path decides, then the one with the longest program,
 * then the one that forbids. What is forbidden is EACCES.
 */
public record AccessRule(GuestPath program, GuestPath path, boolean allowed) {
  /** The guarantee that a launcher gives which keeps such rules. */
  public static final String GUARANTEE = "access-rules";
}
