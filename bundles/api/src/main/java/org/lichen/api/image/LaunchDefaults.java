package org.lichen.api.image;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.GuestPath;
import org.lichen.api.Mount;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * What a format means by running one of its images, for one caller. {@link #argv} and {@link
 * #environment} always hold; the rest is how the format's own tool would isolate it, and holds only
 * where the caller asks for that instead of a container's defaults.
 */
@ConsumerType
public interface LaunchDefaults {
  /**
   * The guest's argv for an action ({@code run}, {@code exec}, {@code shell}, {@code test}, {@code
   * start}); what the caller types follows it. {@code app}: a part of the image that is meant
   * instead of all of it. {@code set}: names of variables that the caller has set and that must
   * reach the guest whatever the image's own scripts do. Nothing for {@code run}: what the image's
   * configuration says.
   *
   * @throws ContainerException USAGE for an unknown action, NOT_FOUND for an unknown app
   */
  List<String> argv(String action, Optional<String> app, Set<String> set) throws ContainerException;

  /** Variables that the guest gets. */
  Map<String, String> environment(Optional<String> app);

  /** What of the host is shown to the guest. */
  List<Mount> mounts();

  /** Whether the root file system cannot be written. */
  boolean readOnly();

  /** What the guest gets of the caller's environment. */
  Map<String, String> callers();

  /**
   * Files that lie over the guest's while it runs, where it has them, so that it knows the caller.
   */
  default Map<GuestPath, String> files(Account caller) {
    return Map.of();
  }

  /** The caller as the host knows him. */
  record Account(String name, long uid, String group, long gid) {}
}
