package org.lichen.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.lichen.api.ContainerException;
import org.lichen.api.image.TreeRemover;
import org.lichen.posix.Trees;
import org.osgi.service.component.ComponentServiceObjects;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;

/**
 * Removes layers, also those of which a launcher has made copies with their real owners. Services
 * are got only while they are asked, as in {@link PinServices}.
 */
@Component(service = LayerRemoval.class)
public final class Removers implements LayerRemoval {
  @Reference(
      service = TreeRemover.class,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  volatile List<ComponentServiceObjects<TreeRemover>> services = List.of();

  @Override
  public void remove(Path tree) throws IOException {
    try {
      Trees.remove(tree);
    } catch (IOException notOurs) {
      for (ComponentServiceObjects<TreeRemover> service : services) {
        TreeRemover remover = service.getService();
        try {
          remover.remove(tree);
        } catch (ContainerException e) {
          throw new IOException(e.getMessage(), e);
        } finally {
          service.ungetService(remover);
        }
      }
      Trees.remove(tree);
    }
  }
}
