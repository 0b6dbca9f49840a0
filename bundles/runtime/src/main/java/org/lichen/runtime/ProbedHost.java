package org.lichen.runtime;

import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.lichen.api.ContainerException;
import org.lichen.api.host.Facts;
import org.lichen.api.host.Host;
import org.lichen.api.plan.LaunchPlan.Placement;

/** A snapshot of what every {@link Facts} service found. */
final class ProbedHost implements Host {
  private final Supplier<? extends Iterable<Facts>> sources;
  private final Placement placement;
  private final Clock clock;
  private final Map<String, String> all = new TreeMap<>();
  private final Instant probedAt;

  ProbedHost(Supplier<? extends Iterable<Facts>> sources, Placement placement, Clock clock) {
    this.sources = sources;
    this.placement = placement;
    this.clock = clock;
    this.probedAt = clock.instant();
    for (Facts source : sources.get()) {
      try {
        all.putAll(source.probe(placement));
      } catch (ContainerException e) {
        all.put("probe-" + source.getClass().getSimpleName(), "no: " + e.getMessage());
      }
    }
  }

  @Override
  public String fact(String name) {
    return all.getOrDefault(name, "no: unknown fact '" + name + "'");
  }

  @Override
  public Map<String, String> all() {
    return Collections.unmodifiableMap(all);
  }

  @Override
  public Instant probedAt() {
    return probedAt;
  }

  @Override
  public Host refreshed() {
    return new ProbedHost(sources, placement, clock);
  }
}
