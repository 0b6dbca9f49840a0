package org.lichen.api.launch;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A setting that adds to what is launched: mounts, variables, rules. It holds from the next start
 * on, and in a running container as soon as its launcher can make it so ({@link
 * org.lichen.api.launch.Launcher#effect}): then what the spec has now and did not have before is
 * added, and the reverse taken away.
 */
@ConsumerType
public interface LaunchSetting extends Setting {
  /** What was typed, in its one form. */
  record Entry(String name, List<String> values) {
    public Entry {
      values = List.copyOf(values);
    }
  }

  /**
   * Checks what the user has typed. Without values it is only about the name: what was set for it
   * shall be undone.
   */
  Entry entry(String name, List<String> values, Request request) throws ContainerException;

  /** Whether a name has one value at most, taken as it was typed; a new one takes its place. */
  default boolean single() {
    return false;
  }

  /** Whether its values have names; else what is typed as the name is the value. */
  default boolean named() {
    return true;
  }

  /** Adds what the settings have of this type; reads nothing else. */
  void contribute(Settings settings, LaunchSpec.Builder launch);
}
