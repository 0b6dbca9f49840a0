package org.lichen.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lichen.api.Configuration;
import org.lichen.api.ConfigurationSource;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.osgi.service.component.annotations.Component;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Reads {@code /etc/lichen/config.yaml}, then {@code $XDG_CONFIG_HOME/lichen/config.yaml} (or
 * {@code ~/.config/…}). Maps are merged key by key, anything else of the later file wins. A missing
 * file is an empty one.
 */
@Component
public final class ConfigurationFiles implements ConfigurationSource {
  private static final Path SITE = Path.of("/etc/lichen/config.yaml");

  private final Path site;

  public ConfigurationFiles() {
    this(SITE);
  }

  ConfigurationFiles(Path site) {
    this.site = site;
  }

  @Override
  public Configuration read(Map<String, String> environment) throws ContainerException {
    Map<String, Object> merged = new LinkedHashMap<>();
    List<Path> files = List.of(site, user(environment));
    for (Path file : files) {
      merge(merged, parsed(file));
    }
    return new Configuration(merged, files);
  }

  private static Path user(Map<String, String> environment) {
    String base = environment.getOrDefault("XDG_CONFIG_HOME", "");
    return base.startsWith("/")
        ? Path.of(base, "lichen", "config.yaml")
        : Path.of(environment.getOrDefault("HOME", "/"), ".config", "lichen", "config.yaml");
  }

  private static Map<String, Object> parsed(Path file) throws ContainerException {
    try {
      Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
      Map<String, Object> map = new LinkedHashMap<>();
      if (root instanceof Map<?, ?> found) {
        found.forEach((key, value) -> map.put(String.valueOf(key), value));
      } else if (root != null) {
        throw wrong(file, "it is not a map of keys to values", "");
      }
      return map;
    } catch (NoSuchFileException none) {
      return Map.of();
    } catch (MarkedYAMLException e) {
      String where =
          e.getProblemMark() == null
              ? ""
              : " (line "
                  + (e.getProblemMark().getLine() + 1)
                  + ", column "
                  + (e.getProblemMark().getColumn() + 1)
                  + ")";
      throw wrong(file, e.getProblem() + where, "");
    } catch (YAMLException | IOException e) {
      throw wrong(file, String.valueOf(e.getMessage()), "");
    }
  }

  private static ContainerException wrong(Path file, String why, String hint) {
    return new ContainerException(
        Kind.USAGE, "cannot read the configuration (" + file + "): " + why, hint);
  }

  @SuppressWarnings("unchecked") // keys of YAML maps are made strings where they are used
  private static void merge(Map<String, Object> into, Map<String, Object> from) {
    from.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> inner && into.get(key) instanceof Map<?, ?> outer) {
            Map<String, Object> both = new LinkedHashMap<>((Map<String, Object>) outer);
            merge(both, (Map<String, Object>) inner);
            into.put(key, both);
          } else if (value != null) {
            into.put(key, value);
          }
        });
  }
}
