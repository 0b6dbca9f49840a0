package org.lichen.runtime.setting;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Request;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.AccessRule;
import org.lichen.api.launch.LaunchSpec;

/** Rules of a program: NAME is its path, VALUES are paths that it may or may not have. */
abstract class PathRules extends Described {
  private final boolean allowed;

  PathRules(String type, String what, boolean allowed) {
    super(
        type,
        "NAME is a program, a directory for all in it, or / for every one; VALUE " + what,
        "at once under trap and preload; another launcher is not used from the next start on");
    this.allowed = allowed;
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    List<String> checked = new ArrayList<>();
    for (String value : values) {
      checked.add(Checks.guest(type(), value));
    }
    return new Entry(Checks.guest(type(), name), checked);
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    settings
        .of(type())
        .forEach(
            (program, paths) ->
                paths.forEach(
                    path ->
                        launch.rule(
                            new AccessRule(new GuestPath(program), new GuestPath(path), allowed))));
  }
}
