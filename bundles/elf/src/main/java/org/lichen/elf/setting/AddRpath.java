package org.lichen.elf.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code add_rpath}. */
@Component(service = Setting.class)
public final class AddRpath extends ElfSetting {
  @Activate
  public AddRpath() {
    super("add_rpath", "a directory where a program searches libraries too");
  }
}
