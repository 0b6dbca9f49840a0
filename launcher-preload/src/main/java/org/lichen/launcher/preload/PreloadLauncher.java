package org.lichen.launcher.preload;

import org.lichen.api.launch.Launcher;
import org.lichen.guest.EngineLauncher;
import org.osgi.service.component.annotations.Component;

/**
 * Launcher {@code preload}: the code of the guest's programs and libraries is rewritten as it is
 * loaded, so that its system calls become calls of an engine in its own process, which answers them
 * on the container's files. It asks nothing of the kernel, and isolates nothing.
 */
@Component(service = Launcher.class)
public final class PreloadLauncher extends EngineLauncher {
  public PreloadLauncher() {
    super(
        PreloadLauncher.class,
        "lichen-preload",
        "rewritten-code",
        "it needs x86_64, and a home on a file system that programs may be executed from");
  }

  @Override
  public String name() {
    return "preload";
  }

  @Override
  public int rank() {
    return 30;
  }
}
