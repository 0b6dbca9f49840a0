package org.lichen.api.rootfs;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.Request;
import org.lichen.api.Support;
import org.lichen.api.host.Host;
import org.lichen.api.image.LayerPath;
import org.lichen.api.plan.Step;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A way to make one root filesystem of an image's layers. Chosen when a container is created and
 * recorded in it. Stateless, thread-safe. {@link #plan} is pure; what is to be done on disk is done
 * by {@link #preparation}, a program that the shim runs before the first start, or, for a strategy
 * without a program of its own, by {@link #prepare}, which runs when the container is created.
 */
@ConsumerType
public interface FilesystemStrategy {
  /** Unique short name, recorded in containers: {@code extract}. */
  String name();

  /** {@code auto} prefers the lower rank. */
  int rank();

  Support support(Host host, RootfsOptions options);

  /** Whether its plans can take a layer that is not unpacked ({@link LayerPath#packed}). */
  default boolean takesPacked() {
    return false;
  }

  /**
   * Plans the root filesystem of {@code layers}, lowest first. Relative paths in the plan mean
   * files in the container's directory, so that one plan serves any number of containers.
   */
  RootfsPlan plan(List<LayerPath> layers, RootfsOptions options);

  /** The program that makes the root filesystem; it may be run again after a kill. */
  Optional<Step> preparation(List<LayerPath> layers, RootfsPlan plan, RootfsOptions options);

  /** Makes the root filesystem from within Java, where there is no {@link #preparation}. */
  default void prepare(
      List<LayerPath> layers,
      RootfsPlan plan,
      RootfsOptions options,
      Path container,
      Request request)
      throws ContainerException {}
}
