package org.lichen.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.lichen.api.ContainerException;
import org.lichen.api.Mount;
import org.lichen.api.Support;
import org.lichen.api.host.Facts;
import org.lichen.api.host.Host;
import org.lichen.api.launch.AccessRule;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.Lower;
import org.lichen.api.rootfs.RootfsPlan;

/**
 * A launcher that brings the engine into the guest's processes, by a program that starts and enters
 * and by {@code lichen-stage}, as which each process of the guest begins. It isolates nothing. What
 * differs is how system calls come to the engine, and what the host has to grant for that.
 */
public abstract class EngineLauncher implements Launcher {
  /** What programs are told (EROFS), not what an enemy could not get around. */
  private static final Set<String> GUARANTEES =
      Set.of("read-only", "read-only-mount", AccessRule.GUARANTEE);

  private static final List<String> IDENTITIES = List.of("full", "single");

  private final NativePart program;
  private final NativePart stage;
  private final String fact;
  private final String condition;

  /**
   * @param plugin whose jar has the programs
   * @param program the name of the one that starts and enters
   * @param fact what {@code program probe} finds
   * @param condition what the host has to grant, for people
   */
  protected EngineLauncher(Class<?> plugin, String program, String fact, String condition) {
    this.program = NativePart.of(plugin, program);
    this.stage = NativePart.of(plugin, "lichen-stage");
    this.fact = fact;
    this.condition = condition;
  }

  public final NativePart program() {
    return program;
  }

  public final NativePart stage() {
    return stage;
  }

  /** Whether system calls of guests can be answered here. */
  public final Support answers(Host host) {
    return host.has(fact)
        ? Support.yes()
        : Support.no("system calls cannot be answered here: " + host.reason(fact), condition);
  }

  /** Whether what this spec asks for can be had here. */
  protected Support answers(Host host, LaunchSpec spec) {
    return answers(host);
  }

  /** The engine as a library for this spec's programs to load; empty: the stage maps them. */
  protected Optional<NativePart> library(LaunchSpec spec) {
    return Optional.empty();
  }

  /** The fact that this spec rests on. */
  protected String fact(LaunchSpec spec) {
    return fact;
  }

  /** What a guest will miss, for people. */
  protected List<String> limits(LaunchSpec spec) {
    List<String> limits = new ArrayList<>();
    limits.add(
        "nothing is isolated: the guest has the host's processes, network and devices, and its"
            + " programs can do what you can");
    if (spec.identity().equals("single")) {
      limits.add("the guest's user is yours, and ids and owners cannot be changed");
    }
    return limits;
  }

  /** Runs a program as a guest. */
  public final Map<String, String> probe(Placement placement) throws ContainerException {
    return Facts.printed(
        fact, placement.place(program).toString(), "probe", placement.place(stage).toString());
  }

  @Override
  public Set<String> guarantees() {
    return GUARANTEES;
  }

  @Override
  public List<String> identities(Host host) {
    return IDENTITIES;
  }

  @Override
  public Support support(Host host, RootfsPlan rootfs, LaunchSpec spec) {
    if (answers(host, spec) instanceof Support.Unsupported no) {
      return no;
    }
    Optional<Support.Unsupported> newer = rootfs.refusal(RootfsPlan.VERSION);
    if (newer.isPresent()) {
      return newer.get();
    }
    for (Lower lower : rootfs.lowers()) {
      if (!lower.kind().equals(Lower.DIRECTORY)) {
        return Support.no("it reads directories only, not " + lower.kind(), "--strategy extract");
      }
    }
    Optional<Support.Unsupported> refusal = spec.refusal(guarantees()).or(() -> refused(spec));
    if (refusal.isPresent()) {
      return refusal.get();
    }
    if (!IDENTITIES.contains(spec.identity())) {
      return Support.no(
          "it gives the identities full and single, not '" + spec.identity() + "'",
          "--identity full");
    }
    return Support.yes(limits(spec).toArray(String[]::new));
  }

  /** What was asked for without the name of a guarantee, and cannot be given. */
  private static Optional<Support.Unsupported> refused(LaunchSpec spec) {
    if (!spec.init()) {
      return Optional.of(
          new Support.Unsupported("it cannot make the guest process 1 (--init=false)", ""));
    }
    for (Mount mount : spec.mounts()) {
      for (String option : new TreeSet<>(mount.options())) {
        boolean size = option.startsWith("size=") || option.startsWith("nr_");
        if (option.equals("noexec") || size) {
          return Optional.of(
              new Support.Unsupported(
                  "it cannot keep the option '" + option + "' of the mount on " + mount.target(),
                  ""));
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public List<Requirement> requirements(LaunchSpec spec, RootfsPlan rootfs) {
    return List.of(
        new Requirement("machine", "x86_64", "its programs are built for it"),
        new Requirement(fact(spec), "yes", "to answer its system calls"));
  }

  @Override
  public Step start(LaunchSpec spec, RootfsPlan rootfs) {
    Step.Builder step = Step.of(program).arguments("start").argument(stage);
    library(spec).ifPresent(step::argument);
    return step.payload(Payload.start(spec, rootfs)).build();
  }

  @Override
  public Effect effect(String settingType) {
    return switch (settingType) {
      case "add_map", "add_exec", "add_allow_priv", "add_deny_priv", "add_privilege" -> Effect.NOW;
      case "add_env" -> Effect.NEXT_EXEC;
      default -> Effect.NEXT_START;
    };
  }

  @Override
  public Step enter(LaunchSpec spec) {
    return Step.of(program).arguments("enter", "${init.pid}").payload(Payload.enter(spec)).build();
  }
}
