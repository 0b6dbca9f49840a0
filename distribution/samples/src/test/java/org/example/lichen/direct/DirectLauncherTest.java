package org.example.lichen.direct;

import java.util.Map;
import org.lichen.api.host.Host;
import org.lichen.api.launch.Launcher;
import org.lichen.testkit.FakeHost;
import org.lichen.testkit.LauncherConformance;

/** A third party tests its launcher with the suite that every launcher passes. */
class DirectLauncherTest extends LauncherConformance {
  @Override
  protected Launcher launcher() {
    return new DirectLauncher();
  }

  @Override
  protected Host host() {
    return new FakeHost(Map.of());
  }
}
