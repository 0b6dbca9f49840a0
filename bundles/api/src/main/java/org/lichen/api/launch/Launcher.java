package org.lichen.api.launch;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.RootfsPlan;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way to run a guest on a root filesystem. Chosen at each start. Stateless, thread-safe; plans
 * only and starts nothing. It makes its own step; the runtime wraps it into the plan that the shim
 * executes. Its program finds the descriptors of docs/FORMATS.md, 3.
 */
@ConsumerType
public interface Launcher {
  /** Unique short name: {@code userns}. */
  String name();

  /** {@code auto} prefers the lower rank. */
  int rank();

  /**
   * What it can guarantee: {@code private-pid}, {@code private-mount}, {@code private-ipc}, {@code
   * private-uts}, {@code private-cgroup}, {@code host-name}, {@code no-network}, {@code read-only},
   * {@code read-only-mount}, {@code capabilities}, {@code seccomp}, {@code access-rules} ({@link
   * AccessRule}). An option that needs another guarantee is refused by name.
   */
  Set<String> guarantees();

  /** The identities it can give on this host, best first: {@code ranges}, {@code basic}, … */
  List<String> identities(Host host);

  /** Whether it can start exactly this here. */
  Support support(Host host, RootfsPlan rootfs, LaunchSpec spec);

  /** What the machine that executes the plan must have. */
  List<Requirement> requirements(LaunchSpec spec, RootfsPlan rootfs);

  /** The program that starts the container. */
  Step start(LaunchSpec spec, RootfsPlan rootfs);

  /** The program that enters it; {@code ${init.pid}} in its argv is filled in by the shim. */
  Step enter(LaunchSpec spec);

  /** The program that removes a tree whose files belong to mapped ids; empty if none can exist. */
  default Optional<Step> removal(Path tree) {
    return Optional.empty();
  }

  /**
   * The program that writes, as the tar of a layer on its standard output, what containers have
   * written into a tree: an upper, or a whole root file system. Empty if it has none.
   */
  default Optional<Step> packing(Path tree) {
    return Optional.empty();
  }

  /**
   * When a change of a {@link org.lichen.api.launch.LaunchSetting} of this type takes effect in a
   * container that it has started. Where that is before the next start, the program that {@link
   * #enter} names has the command {@code change} in the place of {@code enter} (docs/FORMATS.md,
   * 4).
   */
  default Effect effect(String settingType) {
    return Effect.NEXT_START;
  }

  /** When a changed setting takes effect. */
  enum Effect {
    NOW("at once"),
    NEXT_EXEC("in programs that are executed from now on"),
    NEXT_ENTER("in programs that are entered from now on, by exec and calls"),
    NEXT_START("at the next start");

    private final String words;

    Effect(String words) {
      this.words = words;
    }

    /** As the end of a sentence. */
    public String words() {
      return words;
    }
  }
}
