package org.lichen.calls;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lichen.api.launch.HostProfile;
import org.lichen.api.launch.HostProfiles;
import org.osgi.service.component.annotations.Component;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The profiles that come with us: {@code profiles.yaml}. */
@Component
public final class BatchSystems implements HostProfiles {
  private final List<HostProfile> all;

  public BatchSystems() {
    List<HostProfile> read = new ArrayList<>();
    try (InputStream in =
        Objects.requireNonNull(BatchSystems.class.getResourceAsStream("profiles.yaml"))) {
      Map<String, Map<String, Object>> root =
          new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      root.forEach((name, profile) -> read.add(profile(name, profile)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.all = List.copyOf(read);
  }

  private static HostProfile profile(String name, Map<String, Object> profile) {
    return new HostProfile(
        name,
        texts(profile.getOrDefault("commands", List.of())),
        texts(profile.getOrDefault("variables", List.of())),
        Boolean.TRUE.equals(profile.get("paths")));
  }

  private static List<String> texts(Object list) {
    return ((List<?>) list).stream().map(String::valueOf).toList();
  }

  @Override
  public List<HostProfile> all() {
    return all;
  }
}
