package org.lichen.api.container;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A type of setting that containers can have: {@code lichen set CONTAINER TYPE NAME VALUE}. The
 * values are kept in the container's metadata by whoever calls this. One of {@link FileSetting} and
 * {@link org.lichen.api.launch.LaunchSetting}. Stateless, thread-safe.
 */
@ConsumerType
public interface Setting {
  /** Unique: {@code add_needed}. */
  String type();

  /** One line: what NAME and VALUE are. */
  String summary();

  /** When a change takes effect, as the end of a sentence: {@code at the next start}. */
  String effective();
}
