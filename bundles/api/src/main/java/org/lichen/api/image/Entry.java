package org.lichen.api.image;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/** One entry of an archive, as it claims to be. Paths are bytes, for so does Linux see them. */
@ConsumerType
public interface Entry {
  byte[] path();

  Type type();

  /** Permission bits with setuid, setgid and sticky. */
  int mode();

  long uid();

  long gid();

  Instant modified();

  /** Target of a symbolic or hard link; otherwise empty. */
  byte[] link();

  long deviceMajor();

  long deviceMinor();

  Map<String, byte[]> xattrs();

  /** Length of the content in bytes, holes included. */
  long size();

  /** Where data lies, in ascending order; what is outside of it, up to the size, is a hole. */
  default List<Extent> extents() {
    return size() == 0 ? List.of() : List.of(new Extent(0, size()));
  }

  /** The bytes of the extents, one after the other. Not closed by the reader. */
  ReadableByteChannel content() throws IOException;

  /** A stretch of a file that holds data, in bytes. */
  record Extent(long offset, long length) {}

  /** What an entry is. */
  enum Type {
    FILE,
    DIRECTORY,
    SYMLINK,
    HARDLINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    FIFO,
    SOCKET
  }
}
