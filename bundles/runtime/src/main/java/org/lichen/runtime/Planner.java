package org.lichen.runtime;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Signals;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.plan.HostCalls;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.plan.Requirement;
import org.lichen.api.plan.ShimOrders;
import org.lichen.api.plan.Step;
import org.lichen.api.runtime.ContainerRuntime.EnterOptions;
import org.lichen.api.runtime.ContainerRuntime.StartOptions;

/** Makes launch plans of decisions. Pure: the same input gives the same plan. */
final class Planner {
  private final Home home;

  Planner(Home home) {
    this.home = home;
  }

  /** What plans are made of beside image and configuration: plugins, names of hosts, ids. */
  List<Path> premises() {
    return List.of(
        home.plugins(),
        home.natives(),
        Path.of("/etc/hosts"),
        Path.of("/etc/subuid"),
        Path.of("/etc/subgid"));
  }

  /** {@code id} is empty where the shim shall make the container. */
  LaunchPlan start(
      Optional<ContainerId> id, ContainerSpec spec, Chooser.Decision decision, StartOptions options)
      throws ContainerException {
    if (spec.command().isEmpty() && !options.calls()) {
      throw new ContainerException(
          Kind.USAGE,
          "image " + spec.imageName() + " names no command to run",
          "give one: lichen run IMAGE COMMAND");
    }
    List<Requirement> needs =
        new ArrayList<>(decision.launcher().requirements(decision.launch(), decision.rootfs()));
    ContainerSpec recorded =
        decision
            .upper()
            .record(spec.change())
            .strategy(decision.strategy().name())
            .identity(decision.identity())
            .build();
    ShimOrders orders =
        new ShimOrders(
            id.map(ContainerId::value),
            id.isPresent() ? "" : spec.name(),
            spec.terminal(),
            spec.interactive() || options.attachInput(),
            options.detached(),
            spec.ephemeral(),
            !spec.ephemeral() || options.detached() || spec.terminal(),
            options.calls(),
            spec.detachKeys(),
            Signals.number(spec.stopSignal()),
            spec.stopTimeout(),
            options.announce(),
            decision.upper().directory(),
            HostCommands.of(spec).calls(spec));
    return new LaunchPlan(
        home.root(),
        needs,
        orders,
        id.isPresent() ? Optional.empty() : Optional.of(SpecJson.write(recorded)),
        decision.strategy().preparation(decision.layers(), decision.rootfs(), decision.options()),
        Optional.of(decision.launcher().start(decision.launch(), decision.rootfs())),
        decision.launcher().enter(decision.launch()),
        spec.ephemeral() && decision.identity().equals("ranges")
            ? decision.launcher().removal(Path.of("."))
            : Optional.empty());
  }

  /** A plan that only enters a running container. */
  LaunchPlan enter(ContainerId id, EnterOptions options, Step step) {
    ShimOrders orders =
        new ShimOrders(
            Optional.of(id.value()),
            "",
            options.terminal(),
            options.interactive(),
            options.detached(),
            false,
            false,
            false,
            options.detachKeys(),
            0,
            Duration.ZERO,
            "",
            Optional.empty(),
            HostCalls.NONE);
    return new LaunchPlan(
        home.root(),
        List.of(),
        orders,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        step,
        Optional.empty());
  }
}
