package org.lichen.launcher.trap;

import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.host.Facts;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.service.component.annotations.Component;

/** Whether system calls can be trapped here: a program is run that way. */
@Component
public final class TrapFacts implements Facts {
  @Override
  public Map<String, String> probe(Placement placement) throws ContainerException {
    return new TrapLauncher().probe(placement);
  }
}
