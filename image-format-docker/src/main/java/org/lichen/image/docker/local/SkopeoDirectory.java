package org.lichen.image.docker.local;

import java.util.List;
import java.util.Set;
import org.lichen.api.ContainerException;
import org.lichen.api.image.ImageReference;
import org.lichen.image.docker.model.Document;
import org.lichen.image.docker.model.MediaTypes;
import org.lichen.image.docker.model.Origin;

/**
 * The image of a directory that {@code skopeo copy … dir:} wrote. It knows no name.
 *
 * <pre>
 *   version   manifest.json   HEX (configuration and layers)   HEX.manifest.json (of an index)
 * </pre>
 */
final class SkopeoDirectory {
  private SkopeoDirectory() {}

  static boolean is(Tree tree) {
    return tree.has("version") && tree.has("manifest.json");
  }

  static Candidate candidate(Tree tree, ImageReference source) throws ContainerException {
    Origin origin = new Origin("directory", source.toString());
    Document document = Document.parse(tree.document("manifest.json", origin), "", origin);
    return new Candidate(
        new TreeContent(
            tree,
            source.toString(),
            descriptor -> {
              boolean manifest =
                  MediaTypes.manifest(descriptor.mediaType())
                      || MediaTypes.index(descriptor.mediaType());
              return descriptor.digest().hex() + (manifest ? ".manifest.json" : "");
            }),
        document,
        List.of(),
        Set.of());
  }
}
