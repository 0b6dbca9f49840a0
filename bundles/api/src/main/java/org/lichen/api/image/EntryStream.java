package org.lichen.api.image;

import java.io.IOException;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** The entries of an archive, in its order. Read by one thread; nothing in it is trusted. */
@ConsumerType
public interface EntryStream extends AutoCloseable {
  /** The next entry; invalidates the content of the one before. Empty at the end. */
  Optional<Entry> next() throws IOException;

  @Override
  void close() throws IOException;
}
