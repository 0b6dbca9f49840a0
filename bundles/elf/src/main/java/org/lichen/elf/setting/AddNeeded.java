package org.lichen.elf.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_needed}. */
@Component(service = Setting.class)
public final class AddNeeded extends ElfSetting {
  @Activate
  public AddNeeded() {
    super("add_needed", "a library that a program needs too");
  }
}
