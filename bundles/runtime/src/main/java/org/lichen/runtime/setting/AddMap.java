package org.lichen.runtime.setting;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_map}: something of the host at a path of the container. */
@Component(service = Setting.class)
public final class AddMap extends OneValue {
  private static final String READ_ONLY = ":ro";

  @Activate
  public AddMap() {
    super(
        "add_map",
        "NAME is a path of the container; VALUE what it shows of the host, HOSTPATH[:ro]",
        "at once");
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    String path = Checks.guest(type(), name);
    if (path.equals("/")) {
      throw Checks.usage("add_map: the root of the container cannot be mapped", "");
    }
    List<String> checked = new ArrayList<>();
    for (String value : Checks.one(type(), values)) {
      boolean only = value.endsWith(READ_ONLY);
      String host = only ? value.substring(0, value.length() - READ_ONLY.length()) : value;
      checked.add(Checks.host(type(), host, request) + (only ? READ_ONLY : ""));
    }
    return new Entry(path, checked);
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    mounts(settings).forEach(launch::mount);
  }

  /** What is mapped. */
  public static List<Mount> mounts(Settings settings) {
    List<Mount> mounts = new ArrayList<>();
    // What lies in another comes after it.
    new TreeMap<>(settings.of("add_map"))
        .forEach((path, values) -> mounts.add(mount(path, values.get(values.size() - 1))));
    return mounts;
  }

  private static Mount mount(String path, String value) {
    boolean only = value.endsWith(READ_ONLY);
    return new Mount(
        only ? value.substring(0, value.length() - READ_ONLY.length()) : value,
        new GuestPath(path),
        "bind",
        only ? Set.of("ro") : Set.of());
  }
}
