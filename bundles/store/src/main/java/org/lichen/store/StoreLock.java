package org.lichen.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.lichen.api.ContainerException;
import org.lichen.posix.Bytes;
import org.lichen.posix.Directory;
import org.lichen.posix.FileLock;

/**
 * The lock of the whole store: shared by those who add to it, exclusive for removal. Whoever gets
 * it exclusively knows that nothing is being written, and that what is staged was left by a kill.
 */
final class StoreLock {
  private static final System.Logger LOG = System.getLogger(StoreLock.class.getName());

  private final Places places;
  private final LayerRemoval removal;

  StoreLock(Places places, LayerRemoval removal) {
    this.places = places;
    this.removal = removal;
  }

  /** For adding. The first one cleans up after those that were killed. */
  FileLock shared() throws ContainerException {
    try {
      Optional<FileLock> alone = FileLock.tryAcquire(places.lock(), FileLock.Mode.EXCLUSIVE);
      if (alone.isEmpty()) {
        return FileLock.acquire(places.lock(), FileLock.Mode.SHARED);
      }
      sweep();
      alone.get().share();
      return alone.get();
    } catch (IOException e) {
      throw Failures.told("cannot lock store (" + places.lock() + ")", e);
    }
  }

  /** For removing; empty while somebody writes. */
  Optional<FileLock> exclusive() throws ContainerException {
    try {
      Optional<FileLock> alone = FileLock.tryAcquire(places.lock(), FileLock.Mode.EXCLUSIVE);
      if (alone.isPresent()) {
        sweep();
      }
      return alone;
    } catch (IOException e) {
      throw Failures.told("cannot lock store (" + places.lock() + ")", e);
    }
  }

  private void sweep() throws IOException {
    for (Path staging : new Path[] {places.blobStaging(), places.layerStaging(), places.locks()}) {
      try (Directory directory = Directory.open(staging)) {
        for (byte[] name : directory.list()) {
          sweep(staging.resolve(Bytes.shown(name)));
        }
      }
    }
  }

  /** What cannot be removed stays garbage: nobody must be kept from adding for it. */
  private void sweep(Path garbage) {
    try {
      removal.remove(garbage);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot remove garbage (" + garbage + ")", e);
    }
  }
}
