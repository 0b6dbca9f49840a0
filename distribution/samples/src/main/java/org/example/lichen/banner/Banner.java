package org.example.lichen.banner;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.lichen.api.Request;
import org.lichen.api.command.Option;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.osgi.service.component.annotations.Component;

/** Puts the site's banner, or that of {@code --banner}, and a variable into every container. */
@Component
public final class Banner implements LaunchContributor {
  @Override
  public String name() {
    return "banner";
  }

  @Override
  public int order() {
    return 100;
  }

  @Override
  public List<Option> options() {
    return List.of(new Option("--banner", "TEXT", "Instead of the site's banner."));
  }

  @Override
  public void ask(Map<String, List<String>> values, ContainerSpec.Builder spec, Request request) {
    spec.other("banner", String.join(" ", values.getOrDefault("--banner", List.of())));
  }

  @Override
  public void contribute(LaunchSpec.Builder launch, Launching launching) {
    Object text = launching.container().others().getOrDefault("banner", "welcome to example");
    launch
        .environment("SITE", "example")
        .file("/etc/banner", (text + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
