package org.lichen.api.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The plugins: jars in {@code $LICHEN_HOME/plugins}, in {@code /etc/lichen/plugins} and in the
 * distribution. A change takes effect at once in the running runtime and never touches a running
 * container. Thread-safe.
 */
@ProviderType
public interface Plugins {
  /**
   * Notices what others changed in the folders. Cheap where nothing changed; what cannot be started
   * is told on the runtime's log and left out.
   */
  void refresh();

  /** Every bundle that is a plugin, by name. */
  List<Plugin> list();

  Optional<Plugin> find(String name);

  /**
   * Installs a jar and starts it; one of the same name is replaced. A jar that does not resolve or
   * throws on start is refused with its reason, and everything is as before.
   *
   * @throws ContainerException CORRUPT if the jar does not have the expected digest
   */
  Plugin install(Path jar, Optional<Digest> expected) throws ContainerException;

  /** Removes a plugin that was installed; one of the distribution that it replaced comes back. */
  void remove(String name) throws ContainerException;

  /** One plugin. {@code origin}: {@code user}, {@code site} or {@code distribution}. */
  record Plugin(
      String name,
      String version,
      String description,
      String origin,
      String state,
      Digest digest,
      Path jar,
      List<String> services) {
    public Plugin {
      services = List.copyOf(services);
    }
  }
}
