package org.lichen.image.docker.model;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.image.Platform;

/**
 * There is no image for the wanted platform. Caught where one of several images of an archive is
 * for another platform than the rest.
 */
public final class PlatformMissing extends ContainerException {
  private static final long serialVersionUID = 1;

  private final ArrayList<String> offered;

  PlatformMissing(Platform wanted, String which, List<String> offered) {
    super(
        Kind.NOT_FOUND,
        "no image for "
            + wanted
            + " ("
            + which
            + "): it has "
            + (offered.isEmpty() ? "no image at all" : String.join(", ", offered)),
        offered.isEmpty() ? "" : "another platform is fetched with --platform " + offered.get(0));
    this.offered = new ArrayList<>(offered);
  }

  /** The failure of several searches in one source. */
  public static PlatformMissing joined(
      Platform wanted, String which, List<PlatformMissing> failures) {
    return new PlatformMissing(
        wanted,
        which,
        failures.stream().flatMap(each -> each.offered.stream()).distinct().sorted().toList());
  }
}
