package org.lichen.store;

import java.io.IOException;
import java.nio.file.Path;
import org.lichen.posix.Trees;

/** How the store removes the tree of a layer. */
@FunctionalInterface
public interface LayerRemoval {
  /** As the owner of all files. */
  LayerRemoval OWN = Trees::remove;

  void remove(Path tree) throws IOException;
}
