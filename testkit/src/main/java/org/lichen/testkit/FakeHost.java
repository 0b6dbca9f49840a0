package org.lichen.testkit;

import java.time.Instant;
import java.util.Map;
import org.lichen.api.host.Host;

/** A machine of which exactly this is known. */
public record FakeHost(Map<String, String> all) implements Host {
  @Override
  public String fact(String name) {
    return all.getOrDefault(name, "no: unknown fact");
  }

  @Override
  public Instant probedAt() {
    return Instant.EPOCH;
  }

  @Override
  public Host refreshed() {
    return this;
  }
}
