package org.lichen.api.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.plan.LaunchPlan;

/** How a command ends: in an exit status, or in plans that the client executes. */
public sealed interface Outcome {
  Outcome OK = new Exit(0);

  record Exit(int status) implements Outcome {}

  /**
   * {@code again}: the client repeats the command when the plans have been executed. {@code kept}:
   * what it may execute instead of asking again.
   */
  record Execute(List<LaunchPlan> plans, boolean again, Optional<Kept> kept) implements Outcome {
    public Execute {
      plans = List.copyOf(plans);
    }

    public Execute(List<LaunchPlan> plans, boolean again) {
      this(plans, again, Optional.empty());
    }
  }

  /**
   * A plan that is good for the same command as long as the files are as they were: {@code stamps}
   * are by path, {@code INODE SIZE SECONDS.NANOSECONDS} or {@code -} for none there.
   */
  record Kept(LaunchPlan plan, Map<Path, String> stamps) {
    public Kept {
      stamps = Map.copyOf(stamps);
    }
  }

  static Outcome exit(int status) {
    return new Exit(status);
  }

  static Outcome execute(LaunchPlan... plans) {
    return new Execute(List.of(plans), false);
  }
}
