package org.lichen.api.runtime;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.lichen.api.ContainerException;
import org.lichen.api.Mount;
import org.lichen.api.Request;
import org.lichen.api.container.Container;
import org.lichen.api.container.ContainerId;
import org.lichen.api.container.ContainerSpec;
import org.lichen.api.container.GuestFiles;
import org.lichen.api.container.Settings;
import org.lichen.api.host.Host;
import org.lichen.api.image.Image;
import org.lichen.api.image.ImageStore;
import org.lichen.api.image.NamedImage;
import org.lichen.api.launch.Launcher;
import org.lichen.api.plan.LaunchPlan;
import org.osgi.annotation.versioning.ProviderType;

/** The life cycle of containers. Thread-safe; several processes may share one home. */
@ProviderType
public interface ContainerRuntime {
  /**
   * A spec with everything that the image says: command, environment, directory, user, stop signal,
   * labels. {@code entrypoint} replaces the image's if it is present (empty: none), {@code
   * arguments}, if there are any, its command.
   */
  ContainerSpec.Builder defaults(
      NamedImage image, Optional<List<String>> entrypoint, List<String> arguments);

  /** Creates a container; strategy and identity are chosen now and recorded. */
  Container create(ContainerSpec spec, Request request) throws ContainerException;

  /** The plan that starts an existing, stopped container. */
  LaunchPlan start(ContainerId id, StartOptions options, Request request) throws ContainerException;

  /** The plan that creates and starts a container that nobody has made yet; writes nothing. */
  LaunchPlan plan(ContainerSpec spec, StartOptions options, Request request)
      throws ContainerException;

  /**
   * The files whose state decides about {@link #plan} of this spec; empty if it rests on more than
   * files, as on what a {@link org.lichen.api.launch.LaunchContributor} finds.
   */
  Optional<List<Path>> premises(ContainerSpec spec, Request request);

  /** The plan that runs something in a running container. */
  LaunchPlan enter(ContainerId id, EnterOptions options, Request request) throws ContainerException;

  /** By name, id, or at least one leading digit of an id that is not ambiguous. */
  Optional<Container> find(String nameOrId) throws ContainerException;

  /** Every container, newest first. */
  List<Container> list() throws ContainerException;

  /**
   * Changes settings of a container of types that are {@link org.lichen.api.launch.LaunchSetting}s,
   * running or not; answers when the change of {@code type} takes effect. What no launcher here
   * could start, and what the running container cannot be made to, is refused and not kept.
   */
  Launcher.Effect change(
      ContainerId id, String type, UnaryOperator<Settings> change, Request request)
      throws ContainerException;

  /** Changes a stopped container. */
  void update(ContainerId id, UnaryOperator<ContainerSpec> change) throws ContainerException;

  /** The files of a stopped container, which stays stopped until they are closed. */
  GuestFiles files(ContainerId id, Request request) throws ContainerException;

  /** Removes a container; {@code force} kills a running one first. */
  void remove(ContainerId id, boolean force) throws ContainerException;

  /**
   * An image without a name of a container's root file system as it is now, with the configuration
   * of the image that it was made of. The caller removes it from the store.
   */
  Image snapshot(ContainerId id, ImageStore.Writer into, Request request) throws ContainerException;

  /** The live side of a running container. */
  Control control(ContainerId id) throws ContainerException;

  /** Every strategy with every launcher, and whether it can work for this spec, best first. */
  List<Choice> choices(ContainerSpec spec, Request request) throws ContainerException;

  /** Real paths of the host by where they are in the container ({@link Mount#shared}). */
  Map<String, String> shared(ContainerSpec spec);

  /** What is known of this machine. */
  Host host();

  /** Encodes a plan, putting the executables that it names into place. */
  byte[] encode(LaunchPlan plan) throws ContainerException;

  /**
   * How a container is started. {@code calls}: without its program, and until the last of the calls
   * has ended that go on at once (docs/FORMATS.md, 6).
   */
  record StartOptions(boolean detached, boolean attachInput, String announce, boolean calls) {
    public StartOptions(boolean detached, boolean attachInput, String announce) {
      this(detached, attachInput, announce, false);
    }

    /** For calls of exposed commands. */
    public static StartOptions forCalls() {
      return new StartOptions(true, false, "", true);
    }
  }

  /** What is to be run in a running container; empty strings mean the container's own. */
  record EnterOptions(
      List<String> argv,
      List<String> environment,
      String directory,
      String user,
      boolean terminal,
      boolean interactive,
      boolean detached,
      String detachKeys) {
    public EnterOptions {
      argv = List.copyOf(argv);
      environment = List.copyOf(environment);
    }
  }
}
