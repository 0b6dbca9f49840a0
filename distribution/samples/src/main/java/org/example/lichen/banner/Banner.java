package org.example.lichen.banner;

import java.nio.charset.StandardCharsets;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launching;
import org.osgi.service.component.annotations.Component;

/** Puts the site's banner and a variable into every container. */
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
  public void contribute(LaunchSpec.Builder launch, Launching launching) {
    launch
        .environment("SITE", "example")
        .file("/etc/banner", "welcome to example\n".getBytes(StandardCharsets.UTF_8));
  }
}
