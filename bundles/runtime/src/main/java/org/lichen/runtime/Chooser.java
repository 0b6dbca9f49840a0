package org.lichen.runtime;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Support;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.host.Host;
import org.lichen.api.image.LayerPath;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsOptions;
import org.lichen.api.rootfs.RootfsOptions.Ownership;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.api.runtime.Choice;

/**
 * The one place that decides: launchers by rank, then strategies by rank; the first pair that is
 * supported and gives every guarantee asked for. A name that the spec fixes narrows the walk.
 */
final class Chooser {
  /** What was decided. */
  record Decision(
      FilesystemStrategy strategy,
      Launcher launcher,
      String identity,
      RootfsOptions options,
      List<LayerPath> layers,
      RootfsPlan rootfs,
      UpperPlace upper,
      LaunchSpec launch) {}

  /** Makes the launch spec once the identity is known. */
  @FunctionalInterface
  interface Launches {
    LaunchSpec with(String identity, String launcher, String strategy) throws ContainerException;
  }

  private final List<FilesystemStrategy> strategies;
  private final List<Launcher> launchers;
  private final Host host;

  Chooser(List<FilesystemStrategy> strategies, List<Launcher> launchers, Host host) {
    this.strategies =
        strategies.stream().sorted(Comparator.comparingInt(FilesystemStrategy::rank)).toList();
    this.launchers = launchers.stream().sorted(Comparator.comparingInt(Launcher::rank)).toList();
    this.host = host;
  }

  Decision decide(ContainerSpec spec, UpperPlace upper, List<LayerPath> layers, Launches launches)
      throws ContainerException {
    List<Choice> reasoning = new ArrayList<>();
    Optional<Decision> first = walk(spec, upper, layers, launches, reasoning, false);
    return first.orElseThrow(() -> impossible(spec, reasoning));
  }

  List<Choice> explain(
      ContainerSpec spec, UpperPlace upper, List<LayerPath> layers, Launches launches)
      throws ContainerException {
    List<Choice> reasoning = new ArrayList<>();
    walk(spec, upper, layers, launches, reasoning, true);
    return reasoning;
  }

  private Optional<Decision> walk(
      ContainerSpec spec,
      UpperPlace upper,
      List<LayerPath> layers,
      Launches launches,
      List<Choice> reasoning,
      boolean toTheEnd)
      throws ContainerException {
    Optional<Decision> first = Optional.empty();
    for (Launcher launcher : named(launchers, Launcher::name, spec.launcher().orElse(""))) {
      for (FilesystemStrategy strategy :
          named(strategies, FilesystemStrategy::name, spec.strategy())) {
        for (Form form : forms(spec, launcher, strategy, layers)) {
          RootfsOptions options =
              new RootfsOptions(
                  spec.ephemeral(), spec.readOnly(), ownership(form.identity()), upper.writable());
          Support support = strategy.support(host, options);
          RootfsPlan rootfs = strategy.plan(form.layers(), options);
          LaunchSpec launch = launches.with(form.identity(), launcher.name(), strategy.name());
          if (support.supported()) {
            support = upper.support(rootfs);
          }
          if (support.supported()) {
            support = launcher.support(host, rootfs, launch);
          }
          boolean chosen = support.supported() && first.isEmpty();
          reasoning.add(
              new Choice(
                  strategy.name(),
                  launcher.name(),
                  form.identity(),
                  form.packed(),
                  support,
                  chosen));
          if (chosen) {
            first =
                Optional.of(
                    new Decision(
                        strategy,
                        launcher,
                        form.identity(),
                        options,
                        form.layers(),
                        rootfs,
                        upper.usedBy(rootfs),
                        launch));
          }
          if (support.supported() && !toTheEnd) {
            return first;
          }
          if (support.supported()) {
            break; // one form for a pair: the best
          }
        }
      }
    }
    return first;
  }

  /** What is tried of a pair: the better identity first, with each the layers as they lie. */
  private record Form(String identity, List<LayerPath> layers) {
    boolean packed() {
      return layers.stream().anyMatch(layer -> layer.packed().isPresent());
    }
  }

  private List<Form> forms(
      ContainerSpec spec, Launcher launcher, FilesystemStrategy strategy, List<LayerPath> layers) {
    List<Form> forms = new ArrayList<>();
    List<LayerPath> unpacked = layers.stream().map(LayerPath::unpacked).toList();
    for (String identity : identities(spec, launcher)) {
      if (strategy.takesPacked() && !unpacked.equals(layers)) {
        forms.add(new Form(identity, layers));
      }
      forms.add(new Form(identity, unpacked));
    }
    return forms;
  }

  static Ownership ownership(String identity) {
    return switch (identity) {
      case "ranges" -> Ownership.RANGES;
      case "full" -> Ownership.RECORDED;
      default -> Ownership.SINGLE;
    };
  }

  private List<String> identities(ContainerSpec spec, Launcher launcher) {
    return spec.identity().isEmpty() ? launcher.identities(host) : List.of(spec.identity());
  }

  private static <T> List<T> named(
      List<T> all, java.util.function.Function<T, String> name, String wanted) {
    return wanted.isEmpty()
        ? all
        : all.stream().filter(one -> name.apply(one).equals(wanted)).toList();
  }

  private ContainerException impossible(ContainerSpec spec, List<Choice> reasoning) {
    StringBuilder why = new StringBuilder();
    String remedy = "";
    for (Choice choice : reasoning) {
      if (choice.support() instanceof Support.Unsupported no) {
        why.append("\n  ")
            .append(choice.way())
            .append(" as ")
            .append(choice.identity())
            .append(": ")
            .append(no.reason());
        remedy = remedy.isEmpty() ? no.remedy() : remedy;
      }
    }
    if (reasoning.isEmpty()) {
      why.append(" no launcher ")
          .append(spec.launcher().map(l -> "'" + l + "' ").orElse(""))
          .append("with a strategy ")
          .append(spec.strategy().isEmpty() ? "" : "'" + spec.strategy() + "' ")
          .append("is installed");
      remedy = "lichen plugin list";
    }
    return new ContainerException(
        Kind.UNSUPPORTED,
        "the container cannot be started on this machine:" + why,
        remedy.isEmpty() ? "lichen doctor tells what this machine allows" : remedy);
  }
}
