package org.lichen.front.boot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;

/**
 * The runtime's process. System properties, set by the client: {@code lichen.home}, {@code
 * lichen.distribution}, {@code lichen.run}, {@code lichen.socket}, {@code lichen.build}. Bundles of
 * the distribution are read in place; the framework's cache lies in the run directory, belongs to
 * this process alone and goes with it.
 */
public final class Main {
  private static final int STOP_MILLIS = 5_000;

  /** Started by the interactive shell when it is asked for; nothing else needs them. */
  private static final Set<String> INTERACTIVE =
      Set.of("org.apache.felix.gogo.jline", "org.apache.felix.gogo.command");

  private Main() {}

  public static void main(String[] arguments) {
    try {
      serve();
      System.exit(0);
    } catch (Exception | LinkageError e) {
      // Threads of a half started framework would keep the process, and the client that waits for
      // it.
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static void serve() throws Exception {
    Path distribution = Path.of(System.getProperty("lichen.distribution"));
    Path caches = Path.of(System.getProperty("lichen.run")).resolve("felix");
    Path cache = Cache.make(caches);
    Framework framework =
        ServiceLoader.load(FrameworkFactory.class)
            .iterator()
            .next()
            .newFramework(properties(cache));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(framework, cache), "stop"));
    framework.init();
    start(framework.getBundleContext(), distribution.resolve("lib/bundles"));
    framework.start();
    framework.waitForStop(0);
  }

  private static Map<String, String> properties(Path cache) {
    Map<String, String> properties = new HashMap<>();
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("lichen."))
        .forEach(name -> properties.put(name, System.getProperty(name)));
    properties.put(Constants.FRAMEWORK_STORAGE, cache.toString());
    properties.put(
        Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    properties.put("felix.log.level", "1");
    properties.put("felix.cache.locking", "false");
    properties.put("gosh.args", "--nointeractive --noshutdown");
    properties.put("gosh.home", System.getProperty("lichen.distribution") + "/share/gosh");
    return properties;
  }

  private static void start(BundleContext context, Path bundles) throws IOException {
    List<Bundle> installed = new ArrayList<>();
    for (Path jar : jars(bundles)) {
      try {
        installed.add(context.installBundle("reference:" + jar.toUri()));
      } catch (BundleException e) {
        System.err.println("lichen: cannot install " + jar + ": " + e.getMessage());
      }
    }
    for (Bundle bundle : installed) {
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null
          || INTERACTIVE.contains(String.valueOf(bundle.getSymbolicName()))) {
        continue;
      }
      try {
        bundle.start(Bundle.START_ACTIVATION_POLICY);
      } catch (BundleException e) {
        System.err.println("lichen: cannot start " + bundle + ": " + e.getMessage());
      }
    }
  }

  private static List<Path> jars(Path directory) throws IOException {
    List<Path> jars = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.jar")) {
      all.forEach(jars::add);
    }
    jars.sort(null);
    return jars;
  }

  private static void stop(Framework framework, Path cache) {
    try {
      framework.stop();
      framework.waitForStop(STOP_MILLIS);
    } catch (BundleException e) {
      System.err.println("lichen: the framework does not stop: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Cache.remove(cache);
  }
}
