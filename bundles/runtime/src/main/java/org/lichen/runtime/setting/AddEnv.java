package org.lichen.runtime.setting;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_env}: a variable of the environment. */
@Component(service = Setting.class)
public final class AddEnv extends OneValue {
  /** Nobody has longer ones. */
  private static final int LONGEST = 255;

  @Activate
  public AddEnv() {
    super(
        "add_env",
        "NAME is a variable, VALUE its value; a program that has set it otherwise keeps its own",
        "in programs that are executed from now on; under userns in what exec and calls start");
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    if (name.isEmpty() || name.indexOf('=') >= 0 || name.length() > LONGEST) {
      throw Checks.usage("add_env: '" + name + "' is no name of a variable", "");
    }
    return new Entry(name, Checks.one(type(), values));
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    settings
        .of(type())
        .forEach((name, values) -> launch.environment(name, values.get(values.size() - 1)));
  }
}
