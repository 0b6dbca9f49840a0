package org.lichen.launcher.trap;

import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.RootEmulation;
import org.lichen.api.plan.NativePart;
import org.osgi.service.component.annotations.Component;

/** The engine for ids and owners alone, in a container that another launcher isolates. */
@Component
public final class TrapEmulation implements RootEmulation {
  @Override
  public Support support(Host host) {
    return TrapLauncher.traps(host);
  }

  @Override
  public NativePart program() {
    return TrapLauncher.PROGRAM;
  }

  @Override
  public NativePart stage() {
    return TrapLauncher.STAGE;
  }
}
