package org.lichen.api.runtime;

import java.time.Duration;
import java.util.OptionalInt;
import org.lichen.api.ContainerException;
import org.lichen.api.plan.HostCalls;
import org.osgi.annotation.versioning.ProviderType;

/** The live side of one running container: its shim. Every call opens a connection of its own. */
@ProviderType
public interface Control {
  /** Sends a signal to the container's first process. */
  void signal(int number) throws ContainerException;

  /** From now on the container may call these of the host, and no others. */
  void hostCalls(HostCalls calls) throws ContainerException;

  /** Waits for the end; empty if it still runs after {@code limit}. */
  OptionalInt await(Duration limit) throws ContainerException;
}
