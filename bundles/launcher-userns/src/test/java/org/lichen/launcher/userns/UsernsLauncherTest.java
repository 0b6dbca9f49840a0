package org.lichen.launcher.userns;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.host.Host;
import org.lichen.api.launch.Launcher;
import org.lichen.testkit.FakeHost;
import org.lichen.testkit.LauncherConformance;

class UsernsLauncherTest extends LauncherConformance {
  @Override
  protected Launcher launcher() {
    return new UsernsLauncher();
  }

  @Override
  protected Host host() {
    Map<String, String> facts = new HashMap<>();
    for (String fact :
        List.of(
            "user-namespaces",
            "seccomp",
            "id-supervisor",
            "private-pids",
            "private-network",
            "cgroup-namespaces")) {
      facts.put(fact, "yes");
    }
    return new FakeHost(facts);
  }
}
