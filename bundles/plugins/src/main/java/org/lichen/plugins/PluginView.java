package org.lichen.plugins;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.runtime.Plugins.Plugin;
import org.osgi.framework.Bundle;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** A bundle as a plugin, if it provides something of the plugin interfaces or was installed. */
final class PluginView {
  private static final Set<String> INTERFACES =
      Set.of(
          "org.lichen.api.image.ImageFormat",
          "org.lichen.api.rootfs.FilesystemStrategy",
          "org.lichen.api.launch.Launcher",
          "org.lichen.api.launch.LaunchContributor",
          "org.lichen.api.host.Facts",
          "org.lichen.api.command.Command");

  private PluginView() {}

  static Optional<Plugin> of(Bundle bundle, Path jar, Path folder, Path distribution) {
    List<String> provides = provides(bundle);
    boolean shipped = jar.startsWith(distribution);
    if (bundle.getBundleId() == 0 || (shipped && provides.isEmpty())) {
      return Optional.empty();
    }
    try {
      PluginJar file = PluginJar.read(jar);
      String description = bundle.getHeaders().get(Constants.BUNDLE_DESCRIPTION);
      return Optional.of(
          new Plugin(
              bundle.getSymbolicName(),
              bundle.getVersion().toString(),
              description == null ? "" : description,
              jar.startsWith(folder) ? "user" : shipped ? "distribution" : "site",
              state(bundle),
              file.digest(),
              jar,
              provides));
    } catch (ContainerException gone) {
      return Optional.empty(); // its jar was taken away by hand
    }
  }

  private static List<String> provides(Bundle bundle) {
    List<String> provides = new ArrayList<>();
    ServiceReference<?>[] services = bundle.getRegisteredServices();
    for (ServiceReference<?> service : services == null ? new ServiceReference<?>[0] : services) {
      for (String type : (String[]) service.getProperty(Constants.OBJECTCLASS)) {
        if (INTERFACES.contains(type)) {
          provides.add(type.substring(type.lastIndexOf('.') + 1));
        }
      }
    }
    return provides.stream().distinct().sorted().toList();
  }

  private static String state(Bundle bundle) {
    return switch (bundle.getState()) {
      case Bundle.ACTIVE -> "active";
      case Bundle.STARTING -> "starting";
      case Bundle.RESOLVED -> "stopped";
      case Bundle.INSTALLED -> "unresolved";
      default -> "changing";
    };
  }
}
