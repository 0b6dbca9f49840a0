package org.lichen.runtime.setting;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_exec}: a command of the host that the container may call. */
@Component(service = Setting.class)
public final class AddExec extends OneValue {
  @Activate
  public AddExec() {
    super(
        "add_exec",
        "NAME is a path of the container; VALUE the command of the host that it calls",
        "at once");
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    String path = Checks.guest(type(), name);
    if (path.equals("/") || name.endsWith("/")) {
      throw Checks.usage("add_exec: '" + name + "' is no name of a program", "");
    }
    List<String> checked = new ArrayList<>();
    for (String value : Checks.one(type(), values)) {
      if (value.isEmpty()) {
        throw Checks.usage(
            "add_exec: which command of the host?",
            "lichen set web add_exec /usr/local/bin/squeue squeue");
      }
      // Never a path that the guest's working directory decides about.
      checked.add(value.contains("/") ? Checks.host(type(), value, request) : value);
    }
    return new Entry(path, checked);
  }

  /** Commands of the host are the runtime's affair. */
  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {}
}
