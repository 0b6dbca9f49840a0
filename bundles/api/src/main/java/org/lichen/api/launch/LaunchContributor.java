package org.lichen.api.launch;

import java.util.List;
import java.util.Map;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.command.Option;
import org.lichen.api.container.ContainerSpec;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Adds to what is launched: volumes, devices, sockets, settings. Stateless, thread-safe. It can
 * bring options for {@code run} and {@code create}; what they ask for is kept in {@code others} of
 * the container's spec. Where it {@link #concerns} a container it is called, in ascending order, at
 * every planning; it reads and adds, and changes nothing on disk.
 */
@ConsumerType
public interface LaunchContributor {
  String name();

  int order();

  /** Options of {@code run} and {@code create}. A name that is taken stays with who has it. */
  default List<Option> options() {
    return List.of();
  }

  /**
   * Notes in the spec what its options ask for; called where at least one of them was typed. {@code
   * values} are by the first name of the option, in the order typed; a switch has the value {@code
   * true}.
   */
  default void ask(Map<String, List<String>> values, ContainerSpec.Builder spec, Request request)
      throws ContainerException {}

  /**
   * Whether it may add to this container. Plans of those that none concerns rest on files alone,
   * and are kept by the client.
   */
  default boolean concerns(ContainerSpec container) {
    return true;
  }

  /** Adds; called once for each way to run the container that is thought of. */
  void contribute(LaunchSpec.Builder launch, Launching launching) throws ContainerException;
}
