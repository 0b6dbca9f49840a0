package org.lichen.plugins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.runtime.Plugins;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkEvent;
import org.osgi.framework.FrameworkListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * {@code $LICHEN_HOME/plugins} is the truth about plugins; {@code /etc/lichen/plugins} is the
 * site's, and the user's goes before it. A jar is named after its bundle. One that has the name of
 * a bundle of the distribution takes its place, until it is removed. Whoever else changes a folder,
 * another runtime or an administrator, is noticed with the next command.
 */
@Component(immediate = true)
public final class PluginFolder implements Plugins, FrameworkListener {
  private static final Path SITE = Path.of("/etc/lichen/plugins");

  private final BundleContext framework;
  private final JarFolder site;
  private final JarFolder user;
  private final JarFolder distribution;
  private final Swap swap;

  /** What was refused and need not be tried again, by name. */
  private final Map<String, Digest> refused = new HashMap<>();

  @Activate
  public PluginFolder(BundleContext context) {
    // The system bundle's context: what this one installs must not go when it is updated itself.
    this(
        context.getBundle(0).getBundleContext(),
        SITE,
        Path.of(context.getProperty("lichen.home"), "plugins"),
        Path.of(context.getProperty("lichen.distribution"), "lib", "bundles"));
  }

  PluginFolder(BundleContext framework, Path site, Path user, Path distribution) {
    this.framework = framework;
    this.site = new JarFolder(site);
    this.user = new JarFolder(user);
    this.distribution = new JarFolder(distribution);
    this.swap = new Swap(framework);
    framework.addFrameworkListener(this);
    if (framework.getBundle().getState() == Bundle.ACTIVE) {
      refresh();
    }
  }

  @Override
  public void frameworkEvent(FrameworkEvent event) {
    if (event.getType() == FrameworkEvent.STARTED) {
      refresh();
    }
  }

  @Override
  public synchronized void refresh() {
    Map<String, PluginJar> wanted = new HashMap<>(site.plugins());
    wanted.putAll(user.plugins());
    for (String name : new TreeSet<>(swap.names())) {
      if (!wanted.containsKey(name)) {
        left(name, "goes", () -> fallBack(name));
      }
    }
    wanted.values().stream()
        .sorted(Comparator.comparing(PluginJar::name))
        .filter(jar -> !jar.equals(swap.content(jar.name()).orElse(null)))
        .filter(jar -> !jar.digest().equals(refused.get(jar.name())))
        .forEach(
            jar -> {
              if (!left(jar.name(), "is left out (" + jar.file() + ")", () -> swap.in(jar))) {
                refused.put(jar.name(), jar.digest());
              }
            });
  }

  @FunctionalInterface
  private interface Change {
    void make() throws ContainerException;
  }

  private static boolean left(String name, String what, Change change) {
    try {
      change.make();
      return true;
    } catch (ContainerException e) {
      System.err.println("lichen: plugin " + name + " " + what + ": " + e.getMessage());
      return false;
    }
  }

  @Override
  public synchronized List<Plugin> list() {
    refresh();
    List<Plugin> plugins = new ArrayList<>();
    for (Bundle bundle : framework.getBundles()) {
      PluginView.of(bundle, swap.jar(bundle), user.path(), distribution.path())
          .ifPresent(plugins::add);
    }
    plugins.sort(Comparator.comparing(Plugin::name));
    return plugins;
  }

  @Override
  public Optional<Plugin> find(String name) {
    List<Plugin> all = list();
    return all.stream()
        .filter(plugin -> plugin.name().equals(name))
        .findFirst()
        .or(() -> all.stream().filter(p -> p.name().endsWith("." + name)).findFirst());
  }

  @Override
  public synchronized Plugin install(Path jar, Optional<Digest> expected)
      throws ContainerException {
    String name = PluginJar.read(jar).name();
    try {
      Path beside = user.copyOf(jar);
      try {
        PluginJar copy = PluginJar.read(beside); // from here on nobody can exchange it
        if (expected.isPresent() && !expected.get().equals(copy.digest())) {
          throw new ContainerException(
              Kind.CORRUPT,
              "plugin " + jar + " has digest " + copy.digest() + ", not " + expected.get(),
              "");
        }
        name = copy.name();
        swap.in(copy); // refused here, it never reaches the folder
        swap.moved(copy, user.put(copy));
        refused.remove(name);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot install plugin " + jar + ": " + e.getMessage(), "", e);
    }
    return find(name).orElseThrow();
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
    fallBack(plugin.name());
  }

  /** Puts what the site or the distribution has of this name into place, or nothing. */
  private void fallBack(String name) throws ContainerException {
    PluginJar original = site.plugins().get(name);
    if (original == null) {
      original = distribution.plugins().get(name);
    }
    if (original == null) {
      swap.out(name);
    } else {
      swap.in(original);
    }
    if (!site.plugins().containsKey(name)) {
      swap.forget(name);
    }
  }
}
