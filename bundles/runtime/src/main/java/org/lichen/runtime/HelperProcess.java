package org.lichen.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.lichen.api.plan.Step;

/** Runs a step that is no guest: a tool of a plugin, without payload. */
final class HelperProcess {
  private HelperProcess() {}

  static void run(Step step, Placement placement) throws ContainerException {
    List<String> command = new ArrayList<>(step.argv());
    command.set(0, placement.place(step.program()).toString());
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new ContainerException(Kind.HOST, command.get(0) + " failed: " + said.trim(), "");
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot run " + command.get(0) + ": " + e.getMessage(), "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContainerException(Kind.HOST, "interrupted", "", e);
    }
  }
}
