package org.lichen.runtime.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_allow_priv}. */
@Component(service = Setting.class)
public final class AddAllowPriv extends PathRules {
  @Activate
  public AddAllowPriv() {
    super("add_allow_priv", "a path that it may have, inside of one that is denied", true);
  }
}
