package org.lichen.api.launch;

import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.plan.NativePart;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Root emulation with state (identity {@code full}) as programs: for a launcher that isolates by
 * other means and starts its guest's program by them. Docs/FORMATS.md, 4, says how. Stateless,
 * thread-safe.
 */
@ConsumerType
public interface RootEmulation {
  /** Whether it works here. */
  Support support(Host host);

  /** What the launcher executes before it makes the container, and in it. */
  NativePart program();

  /** What every process of the guest begins as. */
  NativePart stage();
}
