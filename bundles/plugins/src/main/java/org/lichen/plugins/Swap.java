package org.lichen.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.wiring.FrameworkWiring;

/** Puts bundles into the framework and takes them out; a failure leaves the one before in place. */
final class Swap {
  private static final int REFRESH_SECONDS = 20;

  private final BundleContext framework;

  /** Where the content of a bundle came from, if it was swapped in here. */
  private final Map<String, PluginJar> origins = new ConcurrentHashMap<>();

  Swap(BundleContext framework) {
    this.framework = framework;
  }

  /** What was swapped in, by name. */
  Set<String> names() {
    return origins.keySet();
  }

  Optional<PluginJar> content(String name) {
    return Optional.ofNullable(origins.get(name));
  }

  /** What was swapped in lies elsewhere now. */
  void moved(PluginJar plugin, Path file) {
    origins.put(
        plugin.name(), new PluginJar(file, plugin.name(), plugin.version(), plugin.digest()));
  }

  /** What is in place is the distribution's again. */
  void forget(String name) {
    origins.remove(name);
  }

  /** The jar that a bundle's content comes from. */
  Path jar(Bundle bundle) {
    PluginJar swapped = origins.get(String.valueOf(bundle.getSymbolicName()));
    if (swapped != null) {
      return swapped.file();
    }
    String location = bundle.getLocation().replaceFirst("^reference:", "");
    return location.startsWith("file:")
        ? Path.of(java.net.URI.create(location))
        : Path.of(location);
  }

  void in(PluginJar plugin) throws ContainerException {
    Bundle present = present(plugin.name());
    try {
      if (present == null) {
        install(plugin);
      } else {
        update(present, plugin);
      }
      origins.put(plugin.name(), plugin);
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot read plugin " + plugin.file() + ": " + e.getMessage(), "", e);
    }
  }

  private void install(PluginJar plugin) throws ContainerException, IOException {
    Bundle bundle = null;
    try (InputStream in = Files.newInputStream(plugin.file())) {
      bundle = framework.installBundle("plugin:" + plugin.name(), in);
      start(bundle);
    } catch (BundleException e) {
      if (bundle != null) {
        uninstall(bundle);
      }
      throw refused(plugin.name(), e);
    }
  }

  private void update(Bundle bundle, PluginJar plugin) throws ContainerException, IOException {
    Path before = jar(bundle);
    try {
      replace(bundle, plugin.file());
      start(bundle);
    } catch (BundleException e) {
      try {
        replace(bundle, before);
        start(bundle);
      } catch (BundleException worse) {
        e.addSuppressed(worse);
      }
      throw refused(plugin.name(), e);
    }
  }

  private void replace(Bundle bundle, Path jar) throws BundleException, IOException {
    bundle.stop(Bundle.STOP_TRANSIENT);
    try (InputStream in = Files.newInputStream(jar)) {
      bundle.update(in);
    }
    refresh(bundle);
  }

  private static void start(Bundle bundle) throws BundleException {
    if (bundle.getHeaders().get(org.osgi.framework.Constants.FRAGMENT_HOST) == null) {
      bundle.start();
    }
  }

  void out(String name) throws ContainerException {
    Bundle bundle = present(name);
    if (bundle != null) {
      uninstall(bundle);
    }
    origins.remove(name);
  }

  private void uninstall(Bundle bundle) throws ContainerException {
    try {
      bundle.uninstall();
      refresh(bundle);
    } catch (BundleException e) {
      throw new ContainerException(
          Kind.INTERNAL, "cannot uninstall " + bundle + ": " + e.getMessage(), "", e);
    }
  }

  private static ContainerException refused(String name, BundleException e) {
    Throwable root = e;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return new ContainerException(
        Kind.UNSUPPORTED,
        "plugin "
            + name
            + " does not start: "
            + (root.getMessage() == null ? root.toString() : root.getMessage()),
        "everything is as it was before",
        e);
  }

  private @Nullable Bundle present(String name) {
    for (Bundle bundle : framework.getBundles()) {
      if (name.equals(bundle.getSymbolicName())) {
        return bundle;
      }
    }
    return null;
  }

  /** Waits until everything that was wired to the old content is wired anew. */
  private void refresh(Bundle bundle) {
    CountDownLatch done = new CountDownLatch(1);
    framework
        .getBundle(0)
        .adapt(FrameworkWiring.class)
        .refreshBundles(
            List.of(bundle),
            event -> {
              if (event.getType() == FrameworkEvent.PACKAGES_REFRESHED) {
                done.countDown();
              }
            });
    try {
      if (!done.await(REFRESH_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("lichen: bundles are still being wired after an update of " + bundle);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
