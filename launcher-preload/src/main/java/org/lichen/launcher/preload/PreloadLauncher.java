package org.lichen.launcher.preload;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lichen.api.ContainerException;
import org.lichen.api.Support;
import org.lichen.api.host.Facts;
import org.lichen.api.host.Host;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.lichen.api.plan.NativePart;
import org.lichen.guest.EngineLauncher;
import org.osgi.service.component.annotations.Component;

/**
 * Launcher {@code preload}: the code of the guest's programs and libraries is rewritten as it is
 * loaded, so that its system calls become calls of an engine in its own process, which answers them
 * on the container's files. It asks nothing of the kernel, and isolates nothing.
 *
 * <p>Its other engine, {@value #SYMBOLS}, is a library that the guest's dynamic linker loads, which
 * takes the place of libc's functions: for places where rewritten code cannot be mapped.
 */
@Component(service = Launcher.class)
public final class PreloadLauncher extends EngineLauncher {
  /** What is asked for, as a guarantee, by {@code --preload-engine images}. */
  static final String IMAGES = "preload-engine-images";

  /** … and by {@code --preload-engine symbols}. */
  static final String SYMBOLS = "preload-engine-symbols";

  private static final String FACT = "preload-symbols";

  private final NativePart library = NativePart.of(PreloadLauncher.class, "liblichen-preload.so");

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

  private static boolean bySymbols(LaunchSpec spec) {
    return spec.requires().contains(SYMBOLS);
  }

  @Override
  public Set<String> guarantees() {
    Set<String> all = new TreeSet<>(super.guarantees());
    all.add(IMAGES);
    all.add(SYMBOLS);
    return all;
  }

  @Override
  protected Support answers(Host host, LaunchSpec spec) {
    if (!bySymbols(spec)) {
      return answers(host);
    }
    return host.has(FACT)
        ? Support.yes()
        : Support.no("its library cannot be loaded here: " + host.reason(FACT), "");
  }

  @Override
  protected String fact(LaunchSpec spec) {
    return bySymbols(spec) ? FACT : super.fact(spec);
  }

  @Override
  protected Optional<NativePart> library(LaunchSpec spec) {
    return bySymbols(spec) ? Optional.of(library) : Optional.empty();
  }

  @Override
  protected List<String> limits(LaunchSpec spec) {
    List<String> limits = super.limits(spec);
    if (bySymbols(spec)) {
      limits.add(
          "engine 'symbols': static programs are refused, and what a libc opens by itself is the"
              + " host's (names of machines, locales, time zones, character sets)");
    }
    return limits;
  }

  /** Whether the library can be mapped as a program, which is all that it needs. */
  Map<String, String> probeLibrary(Placement placement) throws ContainerException {
    return Facts.printed(
        FACT,
        placement.place(program()).toString(),
        "library",
        placement.place(library).toString());
  }
}
