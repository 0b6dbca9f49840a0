package org.lichen.store;

import java.util.List;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.api.ContainerException.Kind;
import org.lichen.api.image.Layer;
import org.lichen.api.image.LayerReader;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/** The services that read layers which are no tars. */
@Component(service = LayerReaders.class)
public final class LayerReaders {
  @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
  volatile List<LayerReader> services;

  @Activate
  public LayerReaders() {
    this(List.of());
  }

  /** These, and no services. */
  public LayerReaders(List<LayerReader> readers) {
    services = List.copyOf(readers);
  }

  /**
   * Who reads a layer; empty for a tar.
   *
   * @throws ContainerException UNSUPPORTED if it is none, and nobody is there who reads it
   */
  Optional<LayerReader> of(Layer layer) throws ContainerException {
    String type = layer.mediaType();
    for (LayerReader reader : services) {
      if (reader.mediaTypes().contains(type)) {
        return Optional.of(reader);
      }
    }
    if (type.isEmpty() || type.contains(".tar")) {
      return Optional.empty();
    }
    throw new ContainerException(
        Kind.UNSUPPORTED,
        "layer (" + layer.digest() + ") is of type '" + type + "', which no plugin reads",
        "lichen plugin list");
  }
}
