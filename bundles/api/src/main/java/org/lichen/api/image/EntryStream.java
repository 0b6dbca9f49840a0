package org.lichen.api.image;

import java.io.IOException;
import java.util.Optional;
import org.lichen.api.Progress;
import org.lichen.api.Request;
import org.osgi.annotation.versioning.ConsumerType;

/** The entries of an archive, in its order. Read by one thread; nothing in it is trusted. */
@ConsumerType
public interface EntryStream extends AutoCloseable {
  /** The next entry; invalidates the content of the one before. Empty at the end. */
  Optional<Entry> next() throws IOException;

  @Override
  void close() throws IOException;

  /** The same entries, telling how far they are, and ending when the caller does not want them. */
  default EntryStream watched(Request request, Progress.Task task) {
    return new WatchedEntries(this, request, task);
  }
}
