package org.lichen.elf.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code remove_rpath}. */
@Component(service = Setting.class)
public final class RemoveRpath extends ElfSetting {
  @Activate
  public RemoveRpath() {
    super("remove_rpath", "a directory where a program searches no libraries");
  }
}
