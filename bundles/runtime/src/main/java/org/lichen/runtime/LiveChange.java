package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Mount;
import org.lichen.api.container.Container;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.Settings;
import org.lichen.api.launch.LaunchSpec;
import org.lichen.api.launch.Launcher;
import org.lichen.api.launch.Launcher.Effect;
import org.lichen.api.launch.PayloadRecords;
import org.lichen.api.plan.HostCalls;
import org.lichen.api.plan.LaunchPlan.Placement;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Records;
import org.lichen.api.runtime.Control;

/**
 * A change of a container while it runs. What its settings launched and will launch is compared;
 * the difference is told to its shim (commands of the host), to the program that enters it, with
 * the command {@code change} (docs/FORMATS.md, 4), and to whoever enters it later. Holds for
 * settings that this container's launcher can make so at once; the others wait for a start.
 */
final class LiveChange {
  private final Container container;
  private final LaunchSpecs specs;
  private final Path stub;
  private final Placement placement;
  private final Path published;
  private final Records step;
  private final Records payload;
  private final Launcher launcher;

  LiveChange(
      Container container,
      LaunchSpecs specs,
      Path stub,
      List<Launcher> launchers,
      Placement placement)
      throws ContainerException, IOException {
    this.container = container;
    this.specs = specs;
    this.stub = stub;
    this.placement = placement;
    try {
      this.published = container.directory().resolve("run/enter").toRealPath();
      this.step = Records.decode(Files.readAllBytes(published));
    } catch (NoSuchFileException unborn) {
      throw new ContainerException(
          Kind.CONFLICT, "the container is just being started or stopped", "try again", unborn);
    }
    this.payload =
        Records.decode(step.first("load").map(Records.Item::payload).orElse(new byte[0]));
    String name = payload.text("xlau");
    this.launcher =
        launchers.stream()
            .filter(each -> each.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.UNSUPPORTED,
                        "the launcher of the container is not installed any more (" + name + ")",
                        "stop the container first"));
  }

  Effect effect(String type) {
    return launcher.effect(type);
  }

  void make(ContainerSpec wanted, Control control) throws ContainerException, IOException {
    LaunchSpec before = launched(container.spec());
    LaunchSpec after = launched(wanted);
    HostCalls calls = HostCommands.of(wanted).calls(wanted);
    HostCalls callsBefore = HostCommands.of(container.spec()).calls(container.spec());
    Map<String, String> variables = variables(before, after, wanted);
    Records.Builder orders = Records.builder();
    payload.all().forEach(item -> orders.bytes(item.tag(), item.payload()));
    mounts(before, after, orders);
    PayloadRecords.rules(after, orders);
    variables.forEach(
        (name, value) -> orders.text("vari", value == null ? name : name + "=" + value));
    if (!calls.equals(callsBefore)) {
      control.hostCalls(calls); // it makes the socket that is mounted then
    }
    try {
      run(orders.encoded());
    } catch (ContainerException e) {
      if (!calls.equals(callsBefore)) {
        control.hostCalls(callsBefore);
      }
      throw e;
    }
    if (!variables.isEmpty()) {
      publish(variables);
    }
  }

  /** What settings launch, as far as they take effect before the next start. */
  private LaunchSpec launched(ContainerSpec spec) {
    LaunchSpec.Builder launch = LaunchSpec.builder(List.of());
    Settings all = Settings.of(spec);
    List<String> live =
        all.values().keySet().stream().filter(type -> effect(type) != Effect.NEXT_START).toList();
    HostCommands.of(spec).show(stub, launch);
    specs.settings(all.only(live), launch);
    return launch.build();
  }

  /** What stays and lies in one that changes is mounted again: the deepest path is what is seen. */
  private static void mounts(LaunchSpec before, LaunchSpec after, Records.Builder orders) {
    List<Mount> gone = new ArrayList<>(before.mounts());
    gone.removeAll(after.mounts());
    List<Mount> added = new ArrayList<>(after.mounts());
    added.removeAll(before.mounts());
    for (Mount stays : before.mounts()) {
      boolean below =
          Stream.concat(gone.stream(), added.stream())
              .anyMatch(m -> stays.target().value().startsWith(m.target().value() + "/"));
      if (below && after.mounts().contains(stays)) {
        gone.add(stays);
        added.add(stays);
      }
    }
    gone.sort(Comparator.comparing(mount -> mount.target().value()));
    added.sort(Comparator.comparing(mount -> mount.target().value()));
    for (int last = gone.size() - 1; last >= 0; last--) { // what lies in another goes first
      orders.text("gone", gone.get(last).target().value());
    }
    added.forEach(mount -> PayloadRecords.mount(mount, orders));
  }

  /** Those that change; null: there is none any more. */
  private static Map<String, String> variables(
      LaunchSpec before, LaunchSpec after, ContainerSpec spec) {
    Map<String, String> own = LaunchSpecs.environment(spec);
    Map<String, String> old = LaunchSpecs.named(before.environment());
    Map<String, String> wanted = LaunchSpecs.named(after.environment());
    Map<String, String> changed = new TreeMap<>();
    old.keySet().stream()
        .filter(name -> !wanted.containsKey(name))
        .forEach(name -> changed.put(name, own.get(name)));
    wanted.forEach(
        (name, value) -> {
          if (!value.equals(old.get(name))) {
            changed.put(name, value);
          }
        });
    return changed;
  }

  private void run(byte[] orders) throws ContainerException {
    List<String> command = new ArrayList<>(step.texts("argv"));
    command.set(0, placement.place(NativePart.placed(Path.of(step.text("prog")))).toString());
    command.set(1, "change");
    HelperProcess.Ended ended = HelperProcess.run(command, container.directory(), orders);
    if (ended.status() != 0) {
      String[] lines = ended.said().replaceFirst("^lichen: ", "").split("\nhint: ", 2);
      throw new ContainerException(Kind.HOST, lines[0], lines.length == 2 ? lines[1] : "");
    }
  }

  /** Who enters from now on has these. */
  private void publish(Map<String, String> variables) throws IOException {
    Records.Builder load = Records.builder();
    for (Records.Item item : payload.all()) {
      if (!item.tag().equals("envi")
          || !variables.containsKey(item.text().substring(0, item.text().indexOf('=')))) {
        load.bytes(item.tag(), item.payload());
      }
    }
    variables.forEach(
        (name, value) -> {
          if (value != null) {
            load.text("envi", name + "=" + value);
          }
        });
    Records.Builder all = Records.builder();
    for (Records.Item item : step.all()) {
      all.bytes(item.tag(), item.tag().equals("load") ? load.encoded() : item.payload());
    }
    Path beside = Files.createTempFile(published.getParent(), "enter", "");
    Files.write(beside, all.encoded());
    Files.move(beside, published, StandardCopyOption.ATOMIC_MOVE);
  }
}
