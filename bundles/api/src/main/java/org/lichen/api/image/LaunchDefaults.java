package org.lichen.api.image;

import java.util.List;
import java.util.Map;
import org.lichen.api.Mount;
import org.osgi.annotation.versioning.ConsumerType;

/** What a format means by running one of its images. */
@ConsumerType
public interface LaunchDefaults {
  /** The guest's argv for an action ({@code run}, {@code exec}, {@code shell}, {@code test}). */
  List<String> argv(String action);

  Map<String, String> environment();

  List<Mount> mounts();

  boolean readOnly();
}
