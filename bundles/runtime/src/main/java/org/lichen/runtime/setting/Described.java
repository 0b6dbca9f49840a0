package org.lichen.runtime.setting;

import org.lichen.api.launch.LaunchSetting;

/** What {@code set --list} tells of a setting. */
abstract class Described implements LaunchSetting {
  private final String type;
  private final String summary;
  private final String effective;

  Described(String type, String summary, String effective) {
    this.type = type;
    this.summary = summary;
    this.effective = effective;
  }

  @Override
  public final String type() {
    return type;
  }

  @Override
  public final String summary() {
    return summary;
  }

  @Override
  public final String effective() {
    return effective;
  }
}
