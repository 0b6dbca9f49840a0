package org.lichen.api.launch;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Profiles for {@code --host-profile NAME}, beside those of the configuration. Thread-safe. */
@ConsumerType
public interface HostProfiles {
  List<HostProfile> all();
}
