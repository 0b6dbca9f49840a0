package org.lichen.launcher.trap;

import org.lichen.api.launch.Launcher;
import org.lichen.guest.EngineLauncher;
import org.osgi.service.component.annotations.Component;

/**
 * Launcher {@code trap}: a seccomp filter sends the system calls of the guest to an engine in its
 * own process, which answers them on the container's files. It works where neither namespaces nor
 * ptrace are granted, and isolates nothing.
 */
@Component(service = Launcher.class)
public final class TrapLauncher extends EngineLauncher {
  public TrapLauncher() {
    super(
        TrapLauncher.class,
        "lichen-trap",
        "system-call-traps",
        "it needs seccomp filters (SECCOMP_RET_TRAP), on x86_64");
  }

  @Override
  public String name() {
    return "trap";
  }

  @Override
  public int rank() {
    return 20;
  }
}
