package org.lichen.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.Digest;
import org.lichen.api.image.Pins;
import org.osgi.service.component.ComponentServiceObjects;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * The services that pin images. Each is got only while it is asked: who pins images needs the store
 * himself, and neither may wait for the other.
 */
@Component(service = PinnedImages.class)
public final class PinServices implements PinnedImages {
  @Reference(
      service = Pins.class,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  volatile List<ComponentServiceObjects<Pins>> services = List.of();

  @Override
  public Map<Digest, Set<String>> all() throws ContainerException {
    List<Pins> pins = new ArrayList<>();
    List<ComponentServiceObjects<Pins>> asked = services;
    asked.forEach(service -> pins.add(service.getService()));
    try {
      return PinnedImages.union(pins);
    } finally {
      for (int i = 0; i < pins.size(); i++) {
        asked.get(i).ungetService(pins.get(i));
      }
    }
  }
}
