package org.lichen.runtime.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_deny_priv}. */
@Component(service = Setting.class)
public final class AddDenyPriv extends PathRules {
  @Activate
  public AddDenyPriv() {
    super("add_deny_priv", "a path that it may not have, and nothing below it", false);
  }
}
