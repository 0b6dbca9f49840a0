package org.lichen.runtime.setting;

import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code change_user}: whom the container runs as. */
@Component(service = Setting.class)
public final class ChangeUser extends OneValue {
  private static final String NAME = "user";

  @Activate
  public ChangeUser() {
    super(
        "change_user",
        "NAME is a user of the container, also UID[:GID], or default: the image's",
        "at the next start");
  }

  @Override
  public boolean named() {
    return false;
  }

  @Override
  public Entry entry(String name, List<String> values, Request request) throws ContainerException {
    if (values.isEmpty()) {
      return new Entry(NAME, name.equals("default") ? List.of() : List.of(name));
    }
    if (!name.equals(NAME)) {
      throw Checks.usage("change_user: one user, not " + name + " and " + values.get(0), "");
    }
    return new Entry(NAME, Checks.one(type(), values));
  }

  @Override
  public void contribute(Settings settings, LaunchSpec.Builder launch) {
    List<String> user = settings.values(type(), NAME);
    if (!user.isEmpty()) {
      launch.user(user.get(0));
    }
  }
}
