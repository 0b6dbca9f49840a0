package org.lichen.runtime.setting;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.AccessRule;
import org.lichen.api.launch.LaunchSpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * {@code add_privilege}: a directory of the host, at its own path, that one program may see and no
 * other.
 */
@Component(service = Setting.class)
public final class AddPrivilege extends PathRules {
  @Activate
  public AddPrivilege() {
    super("add_privilege", "a directory of the host that it alone sees, at the same path", true);
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    List<String> checked = new ArrayList<>();
    for (String value : values) {
      checked.add(Checks.host(type(), value, request));
    }
    return super.entry(name, checked, request);
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    super.contribute(settings, launch);
    settings.of(type()).values().stream()
        .flatMap(List::stream)
        .distinct()
        .forEach(
            path -> {
              GuestPath guest = new GuestPath(path);
              launch.mount(new Mount(path, guest, "bind", Set.of()));
              launch.rule(new AccessRule(GuestPath.ROOT, guest, false));
            });
  }
}
