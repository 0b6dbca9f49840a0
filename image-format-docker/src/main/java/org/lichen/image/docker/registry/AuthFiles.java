package org.lichen.image.docker.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.Json;
import org.lichen.image.docker.model.Origin;

/**
 * The credentials that {@code podman login} and {@code docker login} left. The most specific key
 * wins ({@code HOST/PATH} before {@code HOST}), then the file that is looked at first.
 */
final class AuthFiles {
  private final Settings settings;

  AuthFiles(Settings settings) {
    this.settings = settings;
  }

  Optional<Credentials> find(String host, String repository) throws ContainerException {
    for (Path file : files()) {
      Map<String, Json> entries = entries(file);
      for (String key : keys(host, repository)) {
        Json entry = entries.get(key);
        if (entry != null) {
          Optional<Credentials> found = credentials(entry);
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return Optional.empty();
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    settings.directory("REGISTRY_AUTH_FILE").ifPresent(files::add);
    settings
        .directory("XDG_RUNTIME_DIR")
        .ifPresent(d -> files.add(d.resolve("containers/auth.json")));
    settings.configHome().ifPresent(d -> files.add(d.resolve("containers/auth.json")));
    settings
        .directory("DOCKER_CONFIG")
        .or(() -> settings.home().map(home -> home.resolve(".docker")))
        .ifPresent(d -> files.add(d.resolve("config.json")));
    return files;
  }

  private static List<String> keys(String host, String repository) {
    List<String> keys = new ArrayList<>();
    for (String path = host + "/" + repository; ; path = path.substring(0, path.lastIndexOf('/'))) {
      keys.add(path);
      if (path.equals(host)) {
        return keys;
      }
    }
  }

  private static Map<String, Json> entries(Path file) throws ContainerException {
    Map<String, Json> entries = new LinkedHashMap<>();
    try {
      Json json = Json.parse(Files.readAllBytes(file), new Origin("credentials", file.toString()));
      for (Map.Entry<String, Json> each : json.get("auths").members().entrySet()) {
        entries.put(normal(each.getKey()), each.getValue());
      }
    } catch (NoSuchFileException none) {
      return entries;
    } catch (IOException failed) {
      throw new ContainerException(
          Kind.HOST, "cannot read credentials (" + file + "): " + failed.getMessage(), "", failed);
    }
    return entries;
  }

  /** Docker writes addresses: {@code https://index.docker.io/v1/} is {@code docker.io}. */
  private static String normal(String key) {
    String host = key.replaceFirst("^https?://", "").replaceFirst("/(v[12]/?)?$", "");
    return host.equals("index.docker.io") || host.equals("registry-1.docker.io")
        ? ImageReference.DEFAULT_HOST
        : host;
  }

  private static Optional<Credentials> credentials(Json entry) throws ContainerException {
    String token = entry.get("identitytoken").textOrEmpty();
    String auth = entry.get("auth").textOrEmpty();
    if (auth.isEmpty() && token.isEmpty()) {
      return Optional.empty();
    }
    try {
      String plain = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
      int colon = plain.indexOf(':');
      if (colon < 0 && token.isEmpty()) {
        throw entry.get("auth").corrupt("is not NAME:PASSWORD in base64");
      }
      return Optional.of(
          new Credentials(
              plain.substring(0, Math.max(0, colon)), plain.substring(colon + 1), token));
    } catch (IllegalArgumentException bad) {
      throw entry.get("auth").corrupt("is not NAME:PASSWORD in base64");
    }
  }
}
