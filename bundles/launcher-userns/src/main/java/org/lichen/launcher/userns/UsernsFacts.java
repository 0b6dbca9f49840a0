package org.lichen.launcher.userns;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
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
    Map<String, String> facts = new LinkedHashMap<>();
    try {
      Process process =
          new ProcessBuilder(program, "probe", home)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      for (String line : output.split("\n", -1)) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          facts.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
    } catch (IOException e) {
      facts.put("user-namespaces", "no: " + program + " cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return facts;
  }
}
