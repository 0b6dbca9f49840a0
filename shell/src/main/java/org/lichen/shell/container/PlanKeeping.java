package org.lichen.shell.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.lichen.api.ContainerException;
import org.lichen.api.command.Outcome;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;
import org.lichen.shell.base.Call;

/**
 * The plan of a {@code run --rm}, or of a start for calls, for the client to keep, so that the same
 * command needs no runtime the next time. It has no name where the user gives none: one plan makes
 * many containers.
 */
final class PlanKeeping {
  private static final long NANOS = 1_000_000_000L;

  private final ContainerRuntime runtime;
  private final ContainerSpec spec;
  private final Call call;
  private final Map<Path, String> stamps = new LinkedHashMap<>();
  private final boolean possible;

  /**
   * Looks at the files before anything is planned: what changes meanwhile makes it void. {@code
   * file}: one more that the plan rests on, as that which the image was read from.
   */
  PlanKeeping(ContainerSpec spec, boolean wanted, Optional<Path> file, Call call) {
    this.runtime = call.services().runtime();
    this.spec = spec;
    this.call = call;
    Optional<List<Path>> files = wanted ? runtime.premises(spec, call.request()) : Optional.empty();
    files.orElse(List.of()).forEach(one -> stamps.put(one, stamp(one)));
    file.ifPresent(one -> stamps.put(one, stamp(one)));
    this.possible = files.isPresent();
  }

  Optional<Outcome.Kept> plan(StartOptions options) throws ContainerException {
    return possible ? of(runtime.plan(spec, options, call.request())) : Optional.empty();
  }

  /** For a plan that has been made since. */
  Optional<Outcome.Kept> of(LaunchPlan plan) {
    return possible ? Optional.of(new Outcome.Kept(plan, stamps)) : Optional.empty();
  }

  private static String stamp(Path file) {
    try {
      long time = Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS);
      return "%s %d %d.%09d"
          .formatted(
              Files.getAttribute(file, "unix:ino"),
              Files.size(file),
              Math.floorDiv(time, NANOS),
              Math.floorMod(time, NANOS));
    } catch (IOException none) {
      return "-";
    }
  }
}
