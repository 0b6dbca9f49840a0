package org.lichen.elf.setting;

import org.lichen.api.container.Setting;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** {@code remove_needed}. */
@Component(service = Setting.class)
public final class RemoveNeeded extends ElfSetting {
  @Activate
  public RemoveNeeded() {
    super("remove_needed", "a library that a program needs no more");
  }
}
