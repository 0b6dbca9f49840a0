package org.lichen.launcher.preload;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.host.Facts;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.service.component.annotations.Component;

/**
 * Whether rewritten code runs here: a program is run that way; and whether the other engine does.
 */
@Component
public final class PreloadFacts implements Facts {
  @Override
  public Map<String, String> probe(Placement placement) throws ContainerException {
    PreloadLauncher launcher = new PreloadLauncher();
    Map<String, String> facts = new LinkedHashMap<>(launcher.probe(placement));
    facts.putAll(launcher.probeLibrary(placement));
    return facts;
  }
}
