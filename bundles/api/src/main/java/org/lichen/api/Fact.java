package org.lichen.api;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Something that is true of this machine and can be found out by doing it. A bundle adds facts by
 * registering services of this type; {@code lichen doctor} shows them all.
 */
@ConsumerType
public interface Fact {
  /** Stable name, in words joined by dashes: {@code user-namespaces}. */
  String name();

  /**
   * Finds it out, by really doing (a mount, a filter), and leaves nothing behind. The answer begins
   * with {@code yes}, {@code no} or a value; after {@code no} come a colon and the reason.
   */
  String probe();
}
