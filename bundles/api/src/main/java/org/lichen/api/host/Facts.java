package org.lichen.api.host;

import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Finds out things that are true of this machine. A bundle adds facts by registering a service of
 * this type; {@code lichen doctor} shows them all.
 */
@ConsumerType
public interface Facts {
  /**
   * Finds them out, by really doing (a mount, a filter) and not by asking, and leaves nothing
   * behind. Names are words joined by dashes ({@code user-namespaces}); an answer begins with
   * {@code yes}, {@code no} or a value, and after {@code no} come a colon and the reason.
   *
   * @param placement makes a native part of the bundle executable
   */
  Map<String, String> probe(Placement placement) throws ContainerException;
}
