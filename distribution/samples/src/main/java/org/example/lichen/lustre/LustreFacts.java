package org.example.lichen.lustre;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.lichen.api.host.Facts;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.service.component.annotations.Component;

/** Whether this machine knows the file system Lustre. */
@Component
public final class LustreFacts implements Facts {
  @Override
  public Map<String, String> probe(Placement placement) {
    try {
      boolean known =
          Files.readAllLines(Path.of("/proc/filesystems")).stream()
              .anyMatch(line -> line.endsWith("lustre"));
      return Map.of("lustre", known ? "yes" : "no: the kernel does not know it");
    } catch (IOException e) {
      return Map.of("lustre", "no: " + e.getMessage());
    }
  }
}
