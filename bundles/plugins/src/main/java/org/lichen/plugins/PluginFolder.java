package org.lichen.plugins;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.runtime.Plugins;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * {@code $LICHEN_HOME/plugins} is the truth about plugins; {@code /etc/lichen/plugins} is the
 * site's. A jar is named after its bundle. One that has the name of a bundle of the distribution
 * takes its place, until it is removed. Whoever else changes the folder is noticed at the next
 * question.
 */
@Component(immediate = true)
public final class PluginFolder implements Plugins, FrameworkListener {
  private static final Path SITE = Path.of("/etc/lichen/plugins");

  private final BundleContext framework;
  private final Path folder;
  private final Path distribution;
  private final Swap swap;

  @Activate
  public PluginFolder(BundleContext context) {
    // The system bundle's context: what this one installs must not go when it is updated itself.
    this.framework = context.getBundle(0).getBundleContext();
    this.folder = Path.of(context.getProperty("lichen.home"), "plugins");
    this.distribution = Path.of(context.getProperty("lichen.distribution"), "lib", "bundles");
    this.swap = new Swap(framework);
    framework.addFrameworkListener(this);
    if (framework.getBundle().getState() == Bundle.ACTIVE) {
      synchronise();
    }
  }

  @Override
  public void frameworkEvent(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.STARTED) {
      synchronise();
    }
  }

  /** Starts what lies in the folders and does not run yet. One that fails is told and left out. */
  private synchronized void synchronise() {
    for (Path place : List.of(SITE, folder)) {
      for (Path jar : jars(place)) {
        try {
          PluginJar plugin = PluginJar.read(jar);
          Bundle present = bundle(plugin.name());
          if (present == null || !swap.isFrom(present, jar)) {
            swap.in(plugin);
          }
        } catch (ContainerException e) {
          System.err.println("lichen: plugin " + jar + " is left out: " + e.getMessage());
        }
      }
    }
  }

  private static List<Path> jars(Path directory) {
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.jar")) {
      all.forEach(jars::add);
    } catch (NoSuchFileException none) {
      return jars;
    } catch (IOException e) {
      System.err.println("lichen: cannot read plugins (" + directory + "): " + e.getMessage());
    }
    jars.sort(null);
    return jars;
  }

  private @Nullable Bundle bundle(String name) {
    for (Bundle bundle : framework.getBundles()) {
      if (name.equals(bundle.getSymbolicName())) {
        return bundle;
      }
    }
    return null;
  }

  @Override
  public synchronized List<Plugin> list() {
    synchronise();
    List<Plugin> plugins = new ArrayList<>();
    for (Bundle bundle : framework.getBundles()) {
      PluginView.of(bundle, swap.jar(bundle), folder, distribution).ifPresent(plugins::add);
    }
    plugins.sort(Comparator.comparing(Plugin::name));
    return plugins;
  }

  @Override
  public Optional<Plugin> find(String name) {
    return list().stream()
        .filter(plugin -> plugin.name().equals(name) || plugin.name().endsWith("." + name))
        .findFirst();
  }

  @Override
  public synchronized Plugin install(Path jar, Optional<Digest> expected)
      throws ContainerException {
    PluginJar plugin = PluginJar.read(jar);
    if (expected.isPresent() && !expected.get().equals(plugin.digest())) {
      throw new ContainerException(
          Kind.CORRUPT,
          "plugin " + jar + " has digest " + plugin.digest() + ", not " + expected.get(),
          "");
    }
    Path target = folder.resolve(plugin.name() + ".jar");
    try {
      Files.createDirectories(folder);
      Path beside = Files.createTempFile(folder, ".new-", ".tmp");
      try {
        Files.copy(jar, beside, StandardCopyOption.REPLACE_EXISTING);
        swap.in(PluginJar.read(beside)); // refused here, it never reaches the folder
        Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE);
        swap.moved(plugin.name(), target);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot install plugin " + jar + ": " + e.getMessage(), "", e);
    }
    return find(plugin.name()).orElseThrow();
  }

  @Override
  public synchronized void remove(String name) throws ContainerException {
    Plugin plugin =
        find(name)
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.NOT_FOUND, "no plugin '" + name + "'", "lichen plugin list"));
    if (!plugin.origin().equals("user")) {
      throw new ContainerException(
          Kind.CONFLICT,
          "plugin " + plugin.name() + " belongs to the " + plugin.origin() + " and stays",
          "only what 'lichen plugin install' brought can be removed");
    }
    try {
      Files.deleteIfExists(plugin.jar());
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot remove " + plugin.jar() + ": " + e.getMessage(), "", e);
    }
    Optional<PluginJar> original = original(plugin.name());
    if (original.isPresent()) {
      swap.in(original.get());
    } else {
      swap.out(plugin.name());
    }
  }

  /** The jar of the site or of the distribution with this name. */
  private Optional<PluginJar> original(String name) throws ContainerException {
    for (Path place : List.of(SITE, distribution)) {
      for (Path jar : jars(place)) {
        PluginJar candidate = PluginJar.read(jar);
        if (candidate.name().equals(name)) {
          return Optional.of(candidate);
        }
      }
    }
    return Optional.empty();
  }

  static ContainerException refused(String name, BundleException e) {
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
}
