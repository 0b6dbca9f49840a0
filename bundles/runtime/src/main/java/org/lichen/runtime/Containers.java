package org.lichen.runtime;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.Digest;
import org.lichen.api.Request;
import org.lichen.api.container.Container;
import org.lichen.api.container.Container.State;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.ContainerWatcher;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Setting;
import org.lichen.api.container.Settings;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageConfig;
import org.lichen.api.image.ImageSource;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.ImageStore.LayerContent;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerReader;
import org.lichen.api.image.NamedImage;
import org.lichen.api.image.Pins;
import org.lichen.api.image.TreeRemover;
import org.lichen.api.launch.LaunchContributor;
import org.lichen.api.launch.Launcher;
import org.lichen.api.launch.Launcher.Effect;
import org.lichen.api.plan.LaunchPlan;
import org.lichen.api.plan.NativePart;
import org.lichen.api.plan.Records;
import org.lichen.api.plan.Step;
import org.lichen.api.rootfs.FilesystemStrategy;
import org.lichen.api.rootfs.RootfsPlan;
import org.lichen.api.runtime.Choice;
import org.lichen.api.runtime.ContainerRuntime;
import org.lichen.api.runtime.Control;
import org.lichen.posix.FileLock;
import org.lichen.posix.Trees;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** The life cycle of containers: reads, decides, records, plans; never starts a guest. */
@Component(
    service = {ContainerRuntime.class, Pins.class, TreeRemover.class, LaunchPlan.Placement.class})
public final class Containers implements ContainerRuntime, Pins, TreeRemover, LaunchPlan.Placement {
  /** Whether the image's tree is still needed by the container. */
  private static final String READY = "rootfs.ready";

  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
  private static final Optional<Starting> NOBODY = Optional.empty();
  private static final int SIGKILL = 9;
  private static final int END_PAUSE_MILLIS = 5;
  private static final int END_TRIES = 2_000;

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<FilesystemStrategy> strategies = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<Launcher> launchers = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<LaunchContributor> contributors = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<ContainerWatcher> watchers = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<Setting> settings = List.of();

  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<LayerReader> readers = List.of();

  private final ImageStore store;
  private final Foundations base;
  private final ContainerReader reader;
  private final ContainerWriter writer;
  private final NativeStore natives;
  private final Planner planner;
  private final HostFacts host;
  private final String version;
  private final Path stub;

  @Activate
  public Containers(
      BundleContext framework, @Reference ImageStore store, @Reference HostFacts host) {
    Home home = Home.of(framework);
    this.store = store;
    this.base = new Foundations(store, () -> strategies, () -> readers);
    this.host = host;
    this.reader = new ContainerReader(home);
    this.writer = new ContainerWriter(home, new SecureRandom());
    this.natives = new NativeStore(home);
    this.planner = new Planner(home);
    this.stub = home.stub();
    this.version = framework.getBundle().getVersion().toString();
  }

  @Override
  public ContainerSpec.Builder defaults(
      NamedImage image, Optional<List<String>> entrypoint, List<String> arguments) {
    return ImageDefaults.of(image, entrypoint, arguments);
  }

  @Override
  public Container create(ContainerSpec spec, Request request) throws ContainerException {
    try (ImageStore.Writer held = store.writer()) { // nothing is collected meanwhile
      ContainerId id = writer.newId();
      Chooser.Decision decision =
          decide(spec, UpperPlace.wanted(spec, request.configuration()), Optional.empty(), request);
      ContainerSpec recorded =
          decision
              .upper()
              .record(spec.change())
              .strategy(decision.strategy().name())
              .identity(decision.identity())
              .hostname(spec.hostname().isEmpty() ? id.brief() : spec.hostname())
              .build();
      Path directory = writer.create(id, recorded);
      if (decision
          .strategy()
          .preparation(decision.layers(), decision.rootfs(), decision.options())
          .isEmpty()) {
        prepare(decision, directory, request);
      }
      return reader.read(id).orElseThrow();
    }
  }

  private void prepare(Chooser.Decision decision, Path directory, Request request)
      throws ContainerException {
    try {
      decision
          .strategy()
          .prepare(decision.layers(), decision.rootfs(), decision.options(), directory, request);
      Files.createFile(directory.resolve(READY));
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot prepare the container (" + directory + "): " + e.getMessage(), "", e);
    }
  }

  @Override
  public LaunchPlan start(ContainerId id, StartOptions options, Request request)
      throws ContainerException {
    Container container = existing(id);
    if (container.state() == State.RUNNING || container.state() == State.PAUSED) {
      throw new ContainerException(
          Kind.CONFLICT, "container " + label(container) + " is already running", "");
    }
    ContainerSpec spec = container.spec();
    if (options.calls()) {
      spec =
          spec.change()
              .command(List.of())
              .terminal(false)
              .interactive(false)
              .stopSignal("TERM")
              .build();
    }
    return planner.start(
        Optional.of(id),
        spec,
        decide(spec, UpperPlace.recorded(spec), Optional.of(container.directory()), request),
        options);
  }

  @Override
  public LaunchPlan plan(ContainerSpec spec, StartOptions options, Request request)
      throws ContainerException {
    if (!spec.name().isEmpty()) {
      ContainerWriter.checkName(spec.name());
    }
    UpperPlace upper = UpperPlace.wanted(spec, request.configuration());
    return planner.start(
        Optional.empty(), spec, decide(spec, upper, Optional.empty(), request), options);
  }

  @Override
  public Optional<List<Path>> premises(ContainerSpec spec, Request request) {
    if (contributors.stream().anyMatch(each -> each.concerns(spec))) {
      return Optional.empty();
    }
    List<Path> files = new ArrayList<>(request.configuration().files());
    files.add(store.index());
    files.addAll(planner.premises());
    return Optional.of(files);
  }

  @Override
  public LaunchPlan enter(ContainerId id, EnterOptions options, Request request)
      throws ContainerException {
    Container container = existing(id);
    Path published = container.directory().resolve("run/enter");
    try {
      if (container.state() != State.RUNNING) {
        throw new NoSuchFileException(published.toString());
      }
      Records enter = Records.decode(Files.readAllBytes(published));
      Step.Builder step = Step.of(NativePart.placed(Path.of(enter.text("prog"))));
      if (enter.number("seal", 0) == 1) {
        step.sealed();
      }
      List<String> argv = enter.texts("argv");
      step.arguments(argv.subList(1, argv.size()));
      for (String pair : enter.texts("envi")) {
        step.environment(
            pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1));
      }
      byte[] own = enter.first("load").map(Records.Item::payload).orElse(new byte[0]);
      step.payload(concatenated(own, EnterRecords.of(options)));
      return planner.enter(id, options, step.build());
    } catch (NoSuchFileException stopped) {
      throw new ContainerException(
          Kind.CONFLICT,
          "container " + label(container) + " is not running",
          "start it first: lichen start " + label(container));
    } catch (IOException | IllegalArgumentException e) {
      throw new ContainerException(
          Kind.CORRUPT, "cannot enter container (" + published + "): " + e.getMessage(), "", e);
    }
  }

  private static byte[] concatenated(byte[] first, byte[] second) {
    byte[] both = java.util.Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Decides, and unpacks what the way that was chosen needs unpacked. */
  private Chooser.Decision decide(
      ContainerSpec spec, UpperPlace upper, Optional<Path> directory, Request request)
      throws ContainerException {
    Image image = base.image(spec);
    Starting starting =
        new Starting(request, () -> base.look(spec, image, directory, request), request::warn);
    return decideFor(Optional.of(starting), spec, upper, request);
  }

  private Chooser.Decision decideFor(
      Optional<Starting> starting, ContainerSpec spec, UpperPlace upper, Request request)
      throws ContainerException {
    Image image = base.image(spec);
    Chooser.Decision decision =
        chooser(host.host())
            .decide(spec, upper, base.places(image), launches(spec, image, starting));
    for (int i = 0; i < image.layers().size(); i++) {
      if (decision.layers().get(i).packed().isEmpty()) {
        base.unpack(image.layers().get(i), spec, request);
      }
    }
    return decision;
  }

  @Override
  public List<Choice> choices(ContainerSpec spec, Request request) throws ContainerException {
    Image image = base.image(spec);
    UpperPlace upper = UpperPlace.wanted(spec, request.configuration());
    Starting looking =
        new Starting(
            request, () -> base.look(spec, image, Optional.empty(), request), unheard -> {});
    return chooser(host.host().refreshed())
        .explain(spec, upper, base.places(image), launches(spec, image, Optional.of(looking)));
  }

  private Chooser chooser(Host facts) {
    return new Chooser(strategies, launchers, facts);
  }

  private Chooser.Launches launches(ContainerSpec spec, Image image, Optional<Starting> starting) {
    LaunchSpecs specs = specs();
    return (identity, launcher, strategy) ->
        specs.of(spec, image, identity, launcher, strategy, starting);
  }

  private LaunchSpecs specs() {
    return new LaunchSpecs(contributors, settings, host.host(), version, stub);
  }

  @Override
  public Optional<Container> find(String nameOrId) throws ContainerException {
    return reader.find(nameOrId);
  }

  @Override
  public List<Container> list() throws ContainerException {
    return reader.list();
  }

  @Override
  public Effect change(ContainerId id, String type, UnaryOperator<Settings> change, Request request)
      throws ContainerException {
    try (FileLock alone = changing(id)) {
      Container container = existing(id);
      ContainerSpec wanted = change.apply(Settings.of(container.spec())).in(container.spec());
      Effect effect = Effect.NEXT_START;
      if (container.state() == State.RUNNING || container.state() == State.PAUSED) {
        LiveChange live = new LiveChange(container, specs(), stub, launchers, natives);
        effect = live.effect(type);
        if (effect != Effect.NEXT_START) {
          live.make(wanted, control(id));
        }
      }
      if (effect == Effect.NEXT_START) {
        checkStart(container.spec(), wanted, type);
      }
      writer.update(id, wanted);
      watchers.forEach(watcher -> watcher.changed(id, shared(wanted)));
      return effect;
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot change container " + id.brief() + ": " + e.getMessage(), "", e);
    }
  }

  /** Who holds it changes what is recorded of a container, whether that runs or not. */
  private FileLock changing(ContainerId id) throws ContainerException, IOException {
    return FileLock.acquire(existing(id).directory().resolve("changing"), FileLock.Mode.EXCLUSIVE);
  }

  /** A setting that nothing here can start with is refused, not kept. */
  private void checkStart(ContainerSpec now, ContainerSpec wanted, String type)
      throws ContainerException {
    Optional<ContainerException> refusal = refusal(wanted);
    if (refusal.isPresent() && refusal(now).isEmpty()) {
      ContainerException e = refusal.get();
      throw new ContainerException(e.kind(), "with " + type + " " + e.getMessage(), e.hint(), e);
    }
  }

  private Optional<ContainerException> refusal(ContainerSpec spec) {
    try {
      Image image = base.image(spec);
      chooser(host.host())
          .decide(
              spec,
              UpperPlace.recorded(spec),
              base.places(image),
              launches(spec, image, Optional.empty()));
      return Optional.empty();
    } catch (ContainerException e) {
      return Optional.of(e);
    }
  }

  @Override
  public void update(ContainerId id, UnaryOperator<ContainerSpec> change)
      throws ContainerException {
    try (FileLock alone = changing(id)) {
      Container container = existing(id);
      if (container.state() == State.RUNNING) {
        throw running(container);
      }
      writer.update(id, change.apply(container.spec()));
    } catch (IOException e) {
      throw new ContainerException(
          Kind.HOST, "cannot change container " + id.brief() + ": " + e.getMessage(), "", e);
    }
  }

  @Override
  public GuestFiles files(ContainerId id, Request request) throws ContainerException {
    Container container = existing(id);
    if (container.state() == State.RUNNING || container.state() == State.PAUSED) {
      throw running(container);
    }
    UpperPlace upper = UpperPlace.recorded(container.spec());
    RootfsPlan plan = decideFor(NOBODY, container.spec(), upper, request).rootfs();
    return UnionFiles.open(container.directory(), label(container), plan);
  }

  @Override
  public void remove(ContainerId id, boolean force) throws ContainerException {
    Optional<Container> found = reader.read(id);
    if (found.isEmpty()) {
      return;
    }
    Container container = found.get();
    if (container.state() == State.RUNNING) {
      if (!force) {
        throw new ContainerException(
            Kind.CONFLICT,
            "container " + label(container) + " is running",
            "stop it first, or use --force");
      }
      end(container);
    }
    writer.remove(container, this::removeTree);
    watchers.forEach(watcher -> watcher.removed(id));
    writer.collect(this::removeTree);
  }

  /** Kills a container and waits until its shim has let go of the lock. */
  private void end(Container container) throws ContainerException {
    try {
      control(container.id()).signal(SIGKILL);
    } catch (ContainerException e) {
      if (isRunning(container)) {
        throw e;
      } // else it ended by itself in this moment
    }
    for (int tries = 0; isRunning(container); tries++) {
      if (tries == END_TRIES) {
        throw new ContainerException(
            Kind.HOST, "container " + label(container) + " does not end after SIGKILL", "");
      }
      try {
        Thread.sleep(END_PAUSE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ContainerException(Kind.HOST, "interrupted", "", e);
      }
    }
  }

  private static ContainerException running(Container container) {
    return new ContainerException(
        Kind.CONFLICT,
        "container " + label(container) + " is running",
        "stop it first: lichen stop " + label(container));
  }

  private boolean isRunning(Container container) throws ContainerException {
    return reader.read(container.id()).map(c -> c.state() == State.RUNNING).orElse(false);
  }

  private void removeTree(Path tree) throws IOException, ContainerException {
    try {
      Trees.remove(tree);
    } catch (IOException notOurs) {
      remove(tree);
      Trees.remove(tree);
    }
  }

  @Override
  public void remove(Path tree) throws ContainerException {
    for (Launcher launcher : launchers) {
      Optional<Step> removal = launcher.removal(tree);
      if (removal.isPresent()) {
        HelperProcess.run(removal.get(), natives);
      }
    }
  }

  @Override
  public Image snapshot(ContainerId id, ImageStore.Writer into, Request request)
      throws ContainerException {
    Container container = existing(id);
    Image image = base.image(container.spec());
    RootfsPlan rootfs = base.rootfs(container.spec(), image);
    Path tree =
        container
            .directory()
            .resolve(rootfs.upper().orElseGet(() -> rootfs.lowers().get(0).location()));
    if (!Files.exists(tree)) {
      return image; // it was never started
    }
    Step step =
        launchers.stream()
            .flatMap(launcher -> launcher.packing(tree).stream())
            .findFirst()
            .orElseThrow(
                () ->
                    new ContainerException(
                        Kind.UNSUPPORTED,
                        "no launcher here can read what container "
                            + label(container)
                            + " has written",
                        "lichen plugin list"));
    Layer written =
        HelperProcess.read(
            step,
            natives,
            tar -> into.layer(new LayerContent.Packed(Optional.empty(), TAR, () -> tar)));
    List<Layer> layers = new ArrayList<>(rootfs.upper().isPresent() ? image.layers() : List.of());
    layers.add(written);
    Map<String, Object> config = new LinkedHashMap<>(image.config().oci());
    config.keySet().removeAll(List.of(ImageSource.STAMP, "history"));
    return into.compose(new ImageConfig(config), layers);
  }

  @Override
  public Control control(ContainerId id) throws ContainerException {
    Container container = existing(id);
    if (container.state() != State.RUNNING && container.state() != State.PAUSED) {
      throw new ContainerException(
          Kind.CONFLICT, "container " + label(container) + " is not running", "");
    }
    return new ShimControl(id, container.directory());
  }

  @Override
  public Map<String, String> shared(ContainerSpec spec) {
    return HostCommands.shared(spec);
  }

  @Override
  public Host host() {
    return host.host();
  }

  @Override
  public byte[] encode(LaunchPlan plan) throws ContainerException {
    return plan.encoded(natives);
  }

  @Override
  public Path place(NativePart part) throws ContainerException {
    return natives.place(part);
  }

  @Override
  public Map<Digest, Set<String>> pinned() throws ContainerException {
    Map<Digest, Set<String>> pinned = new LinkedHashMap<>();
    for (Container container : reader.list()) {
      pinned
          .computeIfAbsent(container.spec().image(), image -> new TreeSet<>())
          .add("container " + label(container));
    }
    return pinned;
  }

  private Container existing(ContainerId id) throws ContainerException {
    return reader
        .read(id)
        .orElseThrow(
            () ->
                new ContainerException(
                    Kind.NOT_FOUND, "no container with id " + id.brief(), "lichen ps -a"));
  }

  private static String label(Container container) {
    return container.spec().name().isEmpty() ? container.id().brief() : container.spec().name();
  }
}
