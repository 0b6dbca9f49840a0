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
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;
import org.lichen.shell.base.Call;

/**
 * The plan of a {@code run --rm} for the client to keep, so that the same command needs no runtime
 * the next time. It has no name where the user gives none: one plan makes many containers.
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
   * image}: the file that the image was read from, if it was one.
   */
  PlanKeeping(ContainerSpec spec, boolean wanted, Optional<Path> image, Call call) {
    this.runtime = call.services().runtime();
    this.spec = spec;
    this.call = call;
    Optional<List<Path>> files = wanted ? runtime.premises(spec, call.request()) : Optional.empty();
    files.orElse(List.of()).forEach(file -> stamps.put(file, stamp(file)));
    image.ifPresent(file -> stamps.put(file, stamp(file)));
    this.possible = files.isPresent();
  }

  Optional<Outcome.Kept> plan(StartOptions options) throws ContainerException {
    return possible
        ? Optional.of(new Outcome.Kept(runtime.plan(spec, options, call.request()), stamps))
        : Optional.empty();
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
