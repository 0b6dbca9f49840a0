package org.lichen.runtime.setting;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Request;
import org.lichen.api.container.LaunchSetting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.AccessRule;
import org.lichen.api.launch.LaunchSpec;

/** Rules of a program: NAME is its path, VALUES are paths that it may or may not have. */
abstract class PathRules implements LaunchSetting {
  private final String type;
  private final String what;
  private final boolean allowed;

  PathRules(String type, String what, boolean allowed) {
    this.type = type;
    this.what = what;
    this.allowed = allowed;
  }

  @Override
  public final String type() {
    return type;
  }

  @Override
  public final String summary() {
    return "NAME is a program, a directory for all in it, or / for every one; VALUE " + what;
  }

  @Override
  public final String effective() {
    return "at once under trap and preload; another launcher is not used from the next start on";
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    List<String> checked = new ArrayList<>();
    for (String value : values) {
      checked.add(Checks.guest(type, value));
    }
    return new Entry(Checks.guest(type, name), checked);
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    settings
        .of(type)
        .forEach(
            (program, paths) ->
                paths.forEach(
                    path ->
                        launch.rule(
                            new AccessRule(new GuestPath(program), new GuestPath(path), allowed))));
  }
}
