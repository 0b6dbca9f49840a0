package org.lichen.archive;

import java.util.ArrayList;
import java.util.List;
import org.lichen.api.image.Entry.Extent;

/** Collects where the data of a sparse file lies, and refuses what cannot be. */
final class Sparse {
  private static final int MOST = 1 << 20;

  private final List<Extent> extents = new ArrayList<>();
  private long stored;
  private long end;

  void add(long offset, long length) throws ArchiveException {
    if (offset < end || length < 0 || offset + length < offset || extents.size() >= MOST) {
      throw new ArchiveException("its map of holes is damaged");
    }
    if (length > 0) {
      extents.add(new Extent(offset, length));
    }
    stored += length;
    end = offset + length;
  }

  /** The extents, if they fit a file of {@code size} of which {@code data} bytes are stored. */
  List<Extent> checked(long size, long data) throws ArchiveException {
    if (end > size || stored != data) {
      throw new ArchiveException(
          "its map of holes says "
              + stored
              + " bytes of "
              + end
              + ", the header "
              + data
              + " of "
              + size);
    }
    return List.copyOf(extents);
  }
}
