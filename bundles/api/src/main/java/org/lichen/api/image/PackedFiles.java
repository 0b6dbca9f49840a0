package org.lichen.api.image;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The files of a layer as it lies in a file, found one by one. Paths are relative to its root and
 * have no links above their last name. Used by one thread; whoever asks for it closes it.
 */
@ConsumerType
public interface PackedFiles extends Closeable {
  /** What is at a path; empty if there is nothing. */
  Optional<Entry.Type> type(String path) throws IOException;

  /** Where a symbolic link leads to; empty if there is none. */
  Optional<String> link(String path) throws IOException;

  /** What a regular file has in it, at most so many bytes; empty if there is none. */
  Optional<byte[]> content(String path, int most) throws IOException;
}
