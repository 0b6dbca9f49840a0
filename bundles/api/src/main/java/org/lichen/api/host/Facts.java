package org.lichen.api.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Finds out things that are true of this machine. A bundle adds facts by registering a service of
 * this type; {@code lichen doctor} shows them all.
 */
@ConsumerType
public interface Facts {
  /**
   * Finds them out, by really doing (a mount, a filter) and not by asking, and leaves nothing
   * behind. Names are words joined by dashes ({@code user-namespaces}); an answer begins with
   * {@code yes}, {@code no} or a value, and after {@code no} come a colon and the reason.
   *
   * @param placement makes a native part of the bundle executable
   */
  Map<String, String> probe(Placement placement) throws ContainerException;

  /**
   * What a program prints as lines {@code FACT=ANSWER}; the fact {@code main} is a no with the
   * reason where it cannot be run.
   */
  static Map<String, String> printed(String main, String... command) {
    Map<String, String> facts = new LinkedHashMap<>();
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
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
      facts.put(main, "no: " + command[0] + " cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return facts;
  }
}
