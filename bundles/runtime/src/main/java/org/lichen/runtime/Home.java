package org.lichen.runtime;

import java.nio.file.Path;
import org.lichen.api.container.ContainerId;
import org.osgi.framework.BundleContext;

/**
 * Where things lie in {@code $LICHEN_HOME}, as far as containers are concerned:
 *
 * <pre>
 *   containers/ID/container.json   spec          containers/ID/lock   held while it runs
 *   containers/ID/exit.json        last ending   containers/ID/run    link to the run directory
 *   names/NAME -&gt; ../containers/ID
 *   native/DIGEST/PROGRAM          executables of plugins
 *   plugins/                       bundles that the user has installed
 *   tmp/                           what is being made
 * </pre>
 */
record Home(Path root, Path distribution) {
  static Home of(BundleContext framework) {
    return new Home(
        Path.of(property(framework, "lichen.home")),
        Path.of(property(framework, "lichen.distribution")));
  }

  private static String property(BundleContext framework, String name) {
    String value = framework.getProperty(name);
    if (value == null) {
      throw new IllegalStateException("framework property '" + name + "' is not set");
    }
    return value;
  }

  Path containers() {
    return root.resolve("containers");
  }

  Path container(ContainerId id) {
    return containers().resolve(id.value());
  }

  Path names() {
    return root.resolve("names");
  }

  Path natives() {
    return root.resolve("native");
  }

  Path plugins() {
    return root.resolve("plugins");
  }

  Path temporary() {
    return root.resolve("tmp");
  }

  /** What a container finds in the place of a command of the host. */
  Path stub() {
    return distribution.resolve("libexec/lichen-host");
  }

  /** Images that come with the distribution: {@code NAME.tar}. */
  Path embeddedImages() {
    return distribution.resolve("share/images");
  }
}
