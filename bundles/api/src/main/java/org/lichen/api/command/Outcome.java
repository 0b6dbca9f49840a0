package org.lichen.api.command;

import java.util.List;
import org.lichen.api.plan.LaunchPlan;

/** How a command ends: in an exit status, or in plans that the client executes. */
public sealed interface Outcome {
  Outcome OK = new Exit(0);

  record Exit(int status) implements Outcome {}

  /** {@code again}: the client repeats the command when the plans have been executed. */
  record Execute(List<LaunchPlan> plans, boolean again) implements Outcome {
    public Execute {
      plans = List.copyOf(plans);
    }
  }

  static Outcome exit(int status) {
    return new Exit(status);
  }

  static Outcome execute(LaunchPlan... plans) {
    return new Execute(List.of(plans), false);
  }
}
