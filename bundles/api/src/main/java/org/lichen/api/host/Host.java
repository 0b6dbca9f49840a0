package org.lichen.api.host;

import java.time.Instant;
import java.util.Map;
import org.osgi.annotation.versioning.ProviderType;

/** The machine, as probed facts. A snapshot: immutable, thread-safe. */
@ProviderType
public interface Host {
  /** The answer of a fact; {@code no: unknown fact} if no bundle knows it. */
  String fact(String name);

  /** Whether the answer of a fact begins with {@code yes}. */
  default boolean has(String name) {
    return fact(name).startsWith("yes");
  }

  /** Why a fact does not hold: its answer, without the {@code no} in front. */
  default String reason(String name) {
    String fact = fact(name);
    return fact.startsWith("no: ") ? fact.substring(4) : fact;
  }

  /** Every fact by name, in a stable order. */
  Map<String, String> all();

  Instant probedAt();

  /** Probes everything anew. */
  Host refreshed();
}
