package org.lichen.launcher.trap;

import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.launch.RootEmulation;
import org.lichen.api.plan.NativePart;
import org.osgi.service.component.annotations.Component;

/** The engine for ids and owners alone, in a container that another launcher isolates. */
@Component
public final class TrapEmulation implements RootEmulation {
  private final TrapLauncher launcher = new TrapLauncher();

  @Override
  public Support support(Host host) {
    return launcher.answers(host);
  }

  @Override
  public NativePart program() {
    return launcher.program();
  }

  @Override
  public NativePart stage() {
    return launcher.stage();
  }
}
