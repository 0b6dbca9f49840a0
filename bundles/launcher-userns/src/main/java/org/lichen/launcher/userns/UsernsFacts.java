package org.lichen.launcher.userns;

import java.util.Map;
import java.util.Objects;
import org.lichen.api.ContainerException;
import org.lichen.api.host.Facts;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * What the kernel grants, and whether the file system of Lichen's home can hold the upper of a
 * union and files of other ids: the launcher's own program tries it ({@code lichen-userns probe}).
 */
@Component
public final class UsernsFacts implements Facts {
  private final String home;

  @Activate
  public UsernsFacts(BundleContext framework) {
    home = Objects.requireNonNullElse(framework.getProperty("lichen.home"), "");
  }

  @Override
  public Map<String, String> probe(Placement placement) throws ContainerException {
    String program = placement.place(UsernsLauncher.PROGRAM).toString();
    return Facts.printed("user-namespaces", program, "probe", home);
  }
}
